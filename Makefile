# Everything runs in .venv, made from requirements.lock; only Python 3.11 to 3.13 and make are needed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo
# Test processes: one more than the 2 cores that are assumed everywhere, for some tests wait for clusters and clocks.
JOBS ?= 3

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(VENV)/.done: requirements.lock pyproject.toml
	@echo "Making $(VENV) (once; some minutes on a slow line) ..."
	@$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13), "deqi needs Python 3.11 to 3.13, this is " + sys.version'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $$(grep '^uv==' requirements.lock)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

install: $(VENV)/.done ## make the environment

demo: $(VENV)/.done ## write a synthetic trial, analyse it, say where the report is
	@rm -rf $(DEMO)
	@$(BIN)/deqi --demo $(DEMO)
	@echo "--- participant level"
	@$(BIN)/deqi $(DEMO) $(DEMO)/derivatives/deqi participant --config $(DEMO)/code/analysis.toml
	@echo "--- group level"
	@$(BIN)/deqi $(DEMO) $(DEMO)/derivatives/deqi group --config $(DEMO)/code/analysis.toml --plan $(DEMO)/code/plan.json
	@$(BIN)/python tests/check_demo.py $(DEMO)/derivatives/deqi
	@echo "Open $(DEMO)/derivatives/deqi/group.html"

test: $(VENV)/.done ## run the tests
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

test-fast: $(VENV)/.done ## run the quick tests of single parts and of plugs (a minute and a half)
	@$(BIN)/python -m pytest -q -n $(JOBS) -m "not slow and not real and not container" tests/unit tests/contracts $(ARGS)

check: $(VENV)/.done ## style, types, import contracts, spelling, scripts, Dockerfile, workflow, Boutiques
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/hadolint Dockerfile
	$(BIN)/bosh validate boutiques.json
	$(BIN)/shellcheck --exclude SC2016 .ci/run tests/container/*.sh bids_app/launch/brainlife/main bids_app/launch/slurm/run.sh
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet .github/workflows

docs: $(VENV)/.done ## build the documentation into build/docs; any warning is an error
	$(BIN)/sphinx-build -q -n -W --keep-going -b html docs build/docs
	$(BIN)/sphinx-build -q -W --keep-going -b doctest docs build/doctest

containers: $(VENV)/.done ## build the image and run it in podman and Apptainer (root on Debian; some minutes)
	@$(BIN)/python -m pytest -n $(JOBS) -m container tests/container $(ARGS)

validate: $(VENV)/.done ## check the output of the demo with the BIDS validator
	$(BIN)/bids-validator-deno $(DEMO)/derivatives/deqi

bench: $(VENV)/.done ## every benchmark in turn, docs/performance.md anew (an hour; ARGS="--without-nilearn" half of it)
	@$(BIN)/python tests/benchmarks/everything.py $(ARGS)

bench-participant: $(VENV)/.done ## time and memory beside nilearn and a bare inflate; writes docs/performance.md (a quarter of an hour)
	@$(BIN)/python tests/benchmarks/participant.py $(ARGS)

bench-batch: $(VENV)/.done ## forty participants beside bare inflates; writes docs/performance.md (ten minutes)
	@$(BIN)/python tests/benchmarks/batch.py $(ARGS)

bench-group: $(VENV)/.done ## relabellings of the group level beside nilearn; writes docs/performance.md (some minutes)
	@$(BIN)/python tests/benchmarks/group.py $(ARGS)

validation: $(VENV)/.done ## false positives of every scheme and statistic; writes docs/validation.md (half an hour)
	@$(BIN)/python tests/validation/simulate.py $(ARGS)
	@$(BIN)/python tests/validation/robust.py $(ARGS)
	@$(BIN)/python tests/validation/sensors.py
	@$(BIN)/python tests/validation/limits.py
	@$(BIN)/python tests/validation/requested.py
	@$(BIN)/python tests/validation/studies.py
	@$(BIN)/python tests/validation/optics.py
	@$(BIN)/python tests/validation/pathways.py

bench-scale: $(VENV)/.done ## planning and group level of ten thousand people; writes docs/scaling.md (some minutes)
	@$(BIN)/python tests/benchmarks/scale.py $(ARGS)

bench-eeg: $(VENV)/.done ## EEG beside scripts with MNE and scipy; writes docs/performance.md (some minutes)
	@$(BIN)/python tests/benchmarks/eeg.py $(ARGS)

bench-pet: $(VENV)/.done ## models of PET beside scipy, voxel by voxel; writes docs/performance.md (a minute)
	@$(BIN)/python tests/benchmarks/pet.py $(ARGS)

bench-measures: $(VENV)/.done ## maps made on request beside plain scripts; writes docs/performance.md (some minutes)
	@$(BIN)/python tests/benchmarks/measures.py $(ARGS)

bench-studies: $(VENV)/.done ## redraws of peaks, pooled maps and sign flips of studies beside plain scripts; writes docs/performance.md
	@$(BIN)/python tests/benchmarks/studies.py $(ARGS)

bench-fnirs: $(VENV)/.done ## models of optical series and coherence beside plain scripts; writes docs/performance.md (a minute)
	@$(BIN)/python tests/benchmarks/optics.py $(ARGS)

bench-sizes: $(VENV)/.done ## megabytes that a trial leaves; writes docs/scaling.md (some minutes, gigabytes in /var/tmp)
	@$(BIN)/python tests/benchmarks/sizes.py $(ARGS)

bench-molecules: $(VENV)/.done ## surrogates and genes beside other programs; writes docs/performance.md (ARGS="--outside PYTHON")
	@$(BIN)/python tests/benchmarks/molecules.py $(ARGS)

reliability: $(VENV)/.done ## bring every fault about and write docs/reliability.md (some minutes)
	@$(BIN)/python tests/faults/write_page.py

pain: $(VENV)/.done ## predict pain of real people at unseen sites; writes docs/validation.md (needs the real data; minutes)
	@$(BIN)/python tests/validation/pain.py $(ARGS)

molecules: $(VENV)/.done ## shares of variance and numbers of genes in trials of nothing; writes docs/molecules.md (some minutes)
	@$(BIN)/python tests/validation/molecules.py $(ARGS)
	@$(BIN)/python tests/validation/effects.py $(ARGS)

claims: $(VENV)/.done ## check published numbers; writes docs/claims.md
	@$(BIN)/deqi --check-claims neck-pain > docs/claims.md

messages: $(VENV)/.done ## collect the texts of pages; writes bids_app/report/messages.pot
	@$(BIN)/python tests/message_catalogue.py

power: $(VENV)/.done ## planted effects found, beside nilearn; writes docs/validation.md (some minutes)
	@$(BIN)/python tests/validation/power.py $(ARGS)

lock: ## pin the dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-header --no-annotate -o requirements.lock
	uv pip compile pyproject.toml --extra dask --extra eeg --extra fnirs --universal --python-version 3.11 --no-header --no-annotate --generate-hashes --constraint requirements.lock -o container.lock

clean: ## remove the environment and the demo
	rm -rf $(VENV) $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help install demo test test-fast check containers docs validate bench bench-participant bench-batch bench-group bench-scale bench-eeg bench-pet bench-measures bench-studies bench-fnirs bench-sizes bench-molecules reliability validation power pain molecules claims messages lock clean
