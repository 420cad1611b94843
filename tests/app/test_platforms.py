"""Other platforms' ways to call deqi: BABS and nipoppy configurations, and Boutiques launching it."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import FAST, ROOT, run_deqi
from synthetic import write_trial

from bids_app import __version__

BOSH = Path(sys.executable).with_name("bosh")
OPTIONS = {"measures": ["seed_correlation"], "seeds": ["near:4,4,4:9"]}

# What BABS 0.5.4 makes of our configuration, less the zipping: derivatives first, options after, one person last.
BABS_CALL = """\
set -e -u -x
subid="$1"
mkdir -p "${PWD}/.git/tmp/wkdir"
mkdir -p "outputs/deqi"
singularity run \\
    -B "${PWD}" \\
    @SINGULARITY@ \\
    "containers/.datalad/environments/deqi/image" \\
        "${PWD}/@INPUT@" \\
        "${PWD}/outputs/deqi" \\
        participant \\
        @ARGS@ \\
        @FLAG@ "${subid}"
"""


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def singularity(tmp_path):
    """A `singularity run` (and `exec`) that drops its own options and calls deqi."""
    text = (
        f"#!{sys.executable}\nimport subprocess, sys\nwords = sys.argv[1:]\n"
        "start = next(i for i, word in enumerate(words) if word.endswith('image'))\n"
        f"sys.exit(subprocess.call([{sys.executable!r}, '-m', 'bids_app', *words[start + 1:]]))\n"
    )
    _program(tmp_path / "bin" / "singularity", text)
    return {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def _babs_script(configuration: dict[str, object]) -> str:
    """Return the call that BABS writes for a configuration; values of '' stand for flags without one."""
    args = dict(configuration["bids_app_args"])
    flag = args.pop("$SUBJECT_SELECTION_FLAG")
    args = {key: value.replace("$BABS_TMPDIR", '"${PWD}/.git/tmp/wkdir"') for key, value in args.items()}
    (dataset,) = configuration["input_datasets"].values()
    script = BABS_CALL.replace("@SINGULARITY@", " ".join(configuration["singularity_args"]))
    script = script.replace("@INPUT@", dataset["unzipped_path_containing_subject_dirs"])
    return script.replace("@ARGS@", " ".join(f"{k} {v}" for k, v in args.items())).replace("@FLAG@", flag)


def test_babs_runs_each_person_among_dangling_others_and_the_merged_results_are_compared(tmp_path, singularity):
    trial = write_trial(tmp_path / "raw", per_arm=3)
    assert run_deqi("--export-app", "babs", tmp_path / "babs").code == 0
    configuration = yaml.safe_load((tmp_path / "babs" / "deqi.yaml").read_text())
    assert configuration["zip_foldernames"] == {"deqi": __version__.replace(".", "-")}
    configuration["bids_app_args"] |= {"--measures": "seed_correlation", "--seeds": "near:4,4,4:9 far:-28,-28,12:9"}
    for label in trial.people:
        job = tmp_path / f"job-{label}"
        inputs = job / "inputs" / "data" / "fMRIPrep"
        shutil.copytree(trial.fmriprep, inputs)
        for other in inputs.glob("sub-*/**/*.*"):
            if f"sub-{label}" not in other.parts:  # as in a clone of DataLad: a link to content that is elsewhere
                other.unlink()
                other.symlink_to(f"../../.git/annex/objects/{other.name}")
        (job / "code.sh").write_text(_babs_script(configuration))
        ended = subprocess.run(["bash", "code.sh", f"sub-{label}"], cwd=job, env=singularity, capture_output=True,
                               text=True, check=False)  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        assert [p.name for p in (job / "outputs" / "deqi").glob("sub-*") if p.is_dir()] == [f"sub-{label}"]
        shutil.copytree(job / "outputs" / "deqi", tmp_path / "merged", dirs_exist_ok=True)
        shutil.rmtree(job)
    ended = run_deqi(trial.root, tmp_path / "merged", "group", *FAST)
    assert ended.code == 0, ended.text
    assert (tmp_path / "merged" / "group.html").exists()


@pytest.fixture
def environment_of_boutiques(tmp_path, monkeypatch):
    """`deqi` on the path, as Boutiques calls it."""
    _program(tmp_path / "bin" / "deqi", f'#!/bin/bash\nexec {sys.executable} -m bids_app "$@"\n')
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def _launch(descriptor: Path, invocation: dict[str, object], place: Path) -> subprocess.CompletedProcess[str]:
    """Let Boutiques run deqi as an invocation says, without a container."""
    (place / "invocation.json").write_text(json.dumps(invocation))
    words = [BOSH, "exec", "launch", "--no-container", "--skip-data-collection", descriptor, "invocation.json"]
    return subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)


def _filled(text: str, values: dict[str, str]) -> dict[str, object]:
    for name, value in values.items():
        text = text.replace(f"[[{name}]]", value)
    assert "[[" not in text
    return json.loads(text)


def test_nipoppy_runs_both_steps_of_the_pipeline(tmp_path, environment_of_boutiques):
    """Invocations filled as nipoppy fills them, run by Boutiques as nipoppy does; the container is left out."""
    trial = write_trial(tmp_path / "bids", per_arm=3)
    there = tmp_path / "derivatives" / "fmriprep" / "25.2.7" / "output"
    shutil.move(trial.fmriprep, there)
    pipeline = tmp_path / "pipeline"
    assert run_deqi("--export-app", "nipoppy", pipeline).code == 0
    config = json.loads((pipeline / "config.json").read_text())
    assert config["VERSION"] == __version__ == json.loads((pipeline / "descriptor.json").read_text())["tool-version"]
    assert list(config["VARIABLES"]) == ["FMRIPREP_VERSION"]
    places = {"NIPOPPY_DPATH_BIDS": trial.root, "NIPOPPY_DPATH_PIPELINE_OUTPUT": tmp_path / "out",
              "NIPOPPY_DPATH_DERIVATIVES": tmp_path / "derivatives", "NIPOPPY_DPATH_PIPELINE_WORK": tmp_path / "work",
              "FMRIPREP_VERSION": "25.2.7"}  # fmt: skip
    others = run_deqi(trial.root, tmp_path / "out", "participant", *FAST[:3], "near:4,4,4:9", "-d", f"fmriprep={there}",
                      "--participant-label", *list(trial.people)[1:])  # fmt: skip
    assert others.code == 0, others.text
    calls = [("participant", "01"), ("group", "")]
    for level, label in calls:
        step = next(step for step in config["STEPS"] if step["ANALYSIS_LEVEL"] == level)
        values = {**{k: str(v) for k, v in places.items()}, "NIPOPPY_PARTICIPANT_ID": label}
        invocation = _filled((pipeline / step["INVOCATION_FILE"]).read_text(), values) | OPTIONS
        if level == "group":
            invocation["n_permutations"] = 100
        ended = _launch(pipeline / step["DESCRIPTOR_FILE"], invocation, tmp_path)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (tmp_path / "out" / "group.html").exists()
    tracker = (pipeline / "tracker.json").read_text()
    for label in trial.people:
        for session in ("pre", "post"):
            names = {"NIPOPPY_BIDS_PARTICIPANT_ID": f"sub-{label}", "NIPOPPY_BIDS_SESSION_ID": f"ses-{session}"}
            for pattern in _filled(tracker, names)["PATHS"]:
                assert list((tmp_path / "out").glob(pattern)), pattern


@pytest.mark.skipif(not shutil.which("nipoppy"), reason="nipoppy is not installed (it wants another pandas than ours)")
def test_nipoppy_itself_finds_the_pipeline_valid(tmp_path):
    assert run_deqi("--export-app", "nipoppy", tmp_path / "pipeline").code == 0
    subprocess.run(["nipoppy", "pipeline", "validate", tmp_path / "pipeline"], check=True, capture_output=True)


def test_boutiques_launches_the_demonstration_without_a_container(tmp_path, environment_of_boutiques):
    demo = ROOT / "demo"
    if not (demo / "participants.tsv").exists():
        pytest.skip("no demonstration here; `make demo` writes it")
    invocation = {"bids_dir": str(demo), "output_dir": str(tmp_path / "out"), "participant_label": ["01", "sub-02"],
                  "seeds": ["PCC"], "measures": ["seed_correlation"]}  # fmt: skip
    ended = _launch(ROOT / "boutiques.json", invocation | {"analysis_level": "participant"}, tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {p.name for p in (tmp_path / "out").glob("sub-*.html")} == {"sub-01.html", "sub-02.html"}
    ended = _launch(ROOT / "boutiques.json", invocation | {"analysis_level": "group"}, tmp_path)
    assert "at least 3 of each are needed" in ended.stdout + ended.stderr  # two people are too few; the level has run
