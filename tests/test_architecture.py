"""House rules that no linter knows."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from check_version import versions

from bids_app import __version__, cli, plugs

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "bids_app").rglob("*.py"))
HEAVY = {"nibabel", "numpy", "pandas", "scipy", "matplotlib", "nilearn", "bids", "numba", "pydantic", "jinja2"}


@pytest.mark.parametrize("words", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(words):
    code = (
        "import sys\nfrom bids_app.app import main\n"
        f"try:\n    main(['{words}'])\nexcept SystemExit:\n    pass\n"
        "print('loaded:', *{name.partition('.')[0] for name in sys.modules})"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.rpartition("loaded:")[2].split())
    assert not loaded & HEAVY


def test_a_participant_job_loads_no_pandas_and_no_compiler():
    code = "import sys, bids_app.levels.participant\nprint(*{n.partition('.')[0] for n in sys.modules})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(ended.stdout.split()) & {"pandas", "numba", "matplotlib", "nilearn", "bids", "sklearn"}


def test_understanding_settings_loads_no_compiler_and_no_large_part_of_scipy():
    """Each participant of a batch pays for it."""
    code = (
        "import sys\nfrom bids_app import plugs\n"
        "for kind in plugs.KINDS:\n    for name in plugs.names(kind):\n        plugs.load(kind, name)\n"
        "print(*sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    large = {"numba", "pandas", "sklearn", "mne", "matplotlib", "nilearn"}
    parts = {f"scipy.{name}" for name in ("stats", "signal", "ndimage", "interpolate", "optimize", "spatial")}
    assert not set(ended.stdout.split()) & (large | parts)


def test_the_cache_of_compiled_kernels_is_chosen_before_the_compiler_is_there(tmp_path):
    """The compiler looks for it once; without it every call of the group level compiles for a quarter of a minute."""
    (tmp_path / "dataset_description.json").write_text(json.dumps({"Name": "t", "BIDSVersion": "1.9.0"}))
    code = (
        "import sys\nfrom bids_app.execute import output_dataset\n"
        "output_dataset.choose_cache = lambda _: print('compiler there:', 'numba' in sys.modules)\n"
        "from bids_app.app import main\n"
        f"main([{str(tmp_path)!r}, {str(tmp_path / 'out')!r}, 'group'])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "compiler there: False" in ended.stdout


def test_files_are_short_and_say_what_they_are():
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in SOURCES}
    assert {path for path, text in texts.items() if len(text.splitlines()) > 300} == set()
    assert {path for path, text in texts.items() if not text.lstrip().startswith('"""')} == set()


def test_nobody_imports_a_plug_by_name():
    """One file a plug: it is found by its name, so that no other file has to know it."""
    direct = re.compile(rf"(?:from|import) bids_app\.(?:{'|'.join(plugs.KINDS)})[. ]")
    own = re.compile(r"from bids_app\.\w+ import _\w+(?:, _\w+)*\n")  # a part of the plug that it stands in
    users = [str(p.relative_to(ROOT)) for p in SOURCES if direct.search(own.sub("", p.read_text()))]
    assert users == []


def test_no_two_classes_have_one_name():
    """A name is one thing; what each plug has under one name (its options) apart."""
    places: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name != "Options":
                places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


OF_ONE_MODALITY = re.compile("bold|fmriprep|fmri", re.IGNORECASE)


@pytest.mark.parametrize("folder", ["plan", "levels", "report"])
def test_no_level_plan_or_page_knows_a_modality(folder):
    """What is of one modality is a verb or a field of its plug: EEG, PET and others go the same way."""
    files = [path for path in (ROOT / "bids_app" / folder).rglob("*") if path.suffix not in ("", ".pyc")]
    known = {str(path.relative_to(ROOT)): OF_ONE_MODALITY.findall(path.read_text()) for path in files}
    assert {path: words for path, words in known.items() if words} == {}


def boutiques() -> dict:
    return json.loads((ROOT / "boutiques.json").read_text())


def test_boutiques_has_every_option_of_the_parser_and_no_other():
    inputs = {entry.get("command-line-flag", entry["id"]): entry for entry in boutiques()["inputs"]}
    actions = [
        a for a in cli.parser()._actions if a.dest not in ("help", "version", "bids_exec_spec", "demo", "export_app")
    ]
    flags = {}
    for action in actions:
        long = [flag for flag in action.option_strings if flag.startswith("--")]
        flags[long[0] if long else action.dest] = action
    assert set(inputs) == set(flags)
    for name, action in flags.items():
        entry = inputs[name]
        assert entry.get("list", False) == (action.nargs == "+" or type(action).__name__ == "_AppendAction"), name
        assert set(entry.get("value-choices", [])) == set(action.choices or []), name
        assert (entry["type"] == "Flag") == (action.nargs == 0), name
        assert entry["description"] == action.help, name
        assert entry.get("optional", False) == bool(action.option_strings), name


def test_one_version_everywhere():
    assert {place: found for place, found in versions().items() if found != {__version__}} == {}


def test_exec_spec_is_the_descriptor():
    ended = subprocess.run(
        [sys.executable, "-m", "bids_app", "--bids-exec-spec"], capture_output=True, text=True, check=True
    )
    assert json.loads(ended.stdout) == boutiques()


@pytest.mark.parametrize("level", ["participant", "group"])
def test_boutiques_renders_a_command_that_our_parser_takes(level, tmp_path):
    """`bosh exec simulate` prints a command line; it must come back as what was meant."""
    invocation = {"bids_dir": "data", "output_dir": "out", "analysis_level": level, "derivatives": ["fmriprep=there"],
                  "participant_label": ["01", "02"], "seeds": ["PAG", "PCC"], "n_permutations": 99}  # fmt: skip
    (tmp_path / "invocation.json").write_text(json.dumps(invocation))
    bosh = Path(sys.executable).with_name("bosh")
    command = [bosh, "exec", "simulate", "-i", str(tmp_path / "invocation.json"), str(ROOT / "boutiques.json")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    line = next(line for line in ended.stdout.splitlines() if line.strip().startswith("deqi "))
    args = cli.parse(line.split()[1:])
    assert (args.bids_dir, args.output_dir, args.analysis_level) == (Path("data"), Path("out"), level)
    assert (args.participant_label, args.seeds, args.n_permutations) == (["01", "02"], ["PAG", "PCC"], 99)
    assert args.derivatives == ["fmriprep=there"]


def test_readme_commands_are_those_that_ci_runs():
    readme, ci = (ROOT / "README.md").read_text(), (ROOT / ".ci" / "run").read_text()
    for command in ("make demo", "make test"):
        assert command in readme
        assert command in ci


def test_every_preset_has_a_citation():
    from bids_app.dataset import presets

    for kind in ("seeds", "confounds", "networks", "conditions", "profiles"):
        for name in presets.names(kind):
            preset = presets.load(kind, name)
            entries = preset["seeds"] if kind == "seeds" and "seeds" in preset else {name: preset}
            assert all(entry["citation"] for entry in entries.values()), name
            assert preset["description"]


def test_condition_presets_name_what_there_is_and_call_it_a_hypothesis():
    from bids_app import plugs
    from bids_app.dataset import presets
    from bids_app.dataset.atlases.requests import seeds_of
    from bids_app.vocabulary.region_request import RegionRequest

    known = {seed.name for seed in seeds_of(RegionRequest(name="regions", words=("regions",)))}
    assert len(presets.names("conditions")) == 8
    for name in presets.names("conditions"):
        preset = presets.load("conditions", name)
        assert preset["status"] == "hypothesis from the literature"
        assert set(preset["seeds"]) <= known, name
        assert {region for pair in preset["pairs"] for region in pair.split("-")} <= known, name
        assert seeds_of(RegionRequest(name="networks", networks=tuple(preset["networks"])))
        assert preset["measures"]
        assert set(preset["measures"]) <= set(plugs.names("measures")), name
        assert preset["scale"]["name"]
        assert preset["scale"]["citation"]


def test_every_output_of_every_measure_stands_in_the_documentation():
    from bids_app import plugs

    text = (ROOT / "docs" / "measures.md").read_text(encoding="utf-8")
    for name in plugs.names("measures"):
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        for output in plugs.measure(name).outputs:
            key, value = next((key, output.entities[key]) for key in ("stat", "desc") if key in output.entities)
            ending = f"_{output.suffix}."
            rows = [line for line in section.splitlines() if ending in line]
            assert any(f"{key}-{value}_" in row or value in row.partition("{")[2] for row in rows), (name, output.name)


def test_every_place_where_data_could_be_lost_is_there():
    section = (
        (ROOT / "docs" / "architecture.md").read_text().partition("## Where a person's data")[2].partition("\n## ")[0]
    )
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 19
    for row in rows:
        kind, places, tests = (cell.strip() for cell in row.strip("|").split("|"))
        for path in re.findall(r"`([a-z_/]+\.py)`", places):
            assert (ROOT / "bids_app" / path).is_file(), (kind, path)
        for path in re.findall(r"`(tests/[a-z_/]+\.py)`", tests):
            assert (ROOT / path).is_file(), (kind, path)


def test_any_stands_only_where_json_or_untyped_libraries_enter():
    """Each line with `Any`, but for imports and the element types of numpy, is a place that no checker looks into."""
    quiet = re.compile(r"import|NDArray\[[^]]*Any|np\.[a-z]+\[Any|csr_array\[Any")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / "bids_app").rglob("*.py"))
        for line in path.read_text().splitlines()
        if re.search(r"\bAny\b", line) and not quiet.search(line) and '"""' not in line
    ]
    assert len(found) < 60, "\n".join(found)
