"""Tables, settings and words that cannot be meant: refused before any work, or read as what they are."""

from __future__ import annotations

import shutil

import pytest
from conftest import run_deqi
from fault_matrix import Row, copy, refused, said, told
from synthetic import Trial

PEOPLE = "participants.tsv"


@pytest.fixture
def both(analysed, tmp_path):
    """A copy of ten people whom both levels have done."""
    shutil.copytree(analysed.output, tmp_path / "out")
    return copy(analysed.trial, tmp_path / "data"), tmp_path / "out"


def snapshot(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}


def table(change):
    def apply(trial: Trial):
        path = trial.root / PEOPLE
        path.write_bytes(change(path.read_bytes()))

    return apply


def nothing(trial):
    pass


REFUSED = [
    ("an id twice", table(lambda b: b + b.splitlines(keepends=True)[1]), (), 16, "twice"),
    ("not UTF-8", table(lambda b: b.replace(b"verum", b"v\xe9rum", 1)), (), 65, "is not in UTF-8"),
    ("not there", lambda t: (t.root / PEOPLE).unlink(), (), 66, "participants.tsv"),
    ("0 bytes", table(lambda b: b""), (), 66, "is empty (0 bytes)"),
    ("a row too short", table(lambda b: b + b"sub-99\tverum\n"), (), 65, "has 2 values for 4 columns"),
    ("no column of arms", table(lambda b: b.replace(b"group", b"arm?", 1)), (), 65, "group"),
    ("arms of other names", table(lambda b: b.replace(b"sham", b"placebo")), (), 65, "placebo"),
    ("40 NUL bytes", table(lambda b: bytes(40)), (), 16, "expected participant_id among them"),
]
"""Faults of participants.tsv: name, change, words, exit code, what is said."""

WORDS = [
    (
        "--participant-label ../../etc",
        "participant",
        ["--participant-label", "../../etc"],
        18,
        "not in the derivatives",
    ),
    ("--task-id ../x", "participant", ["--task-id", "../x"], 18, "matches"),
    ("--space ../../x", "participant", ["--space", "../../x"], 64, "is not a standard (MNI) space"),
    ("--seeds ../../evil:1,2,3", "participant", ["--seeds", "../../evil:1,2,3"], 64, "letters and digits"),
    ("--alternative ../../x", "participant", ["--alternative", "../../x"], 64, "there is none of that name"),
    ("--preset ../../x", "participant", ["--preset", "../../x"], 64, "No preset"),
    ("--n-permutations 1e99", "group", ["--n-permutations", "1e99"], 64, "invalid int value"),
    ("--permutation-share 9/8", "group", ["--permutation-share", "9/8"], 64, "is not a part such as 3/8"),
]

SETTINGS = [
    ("not TOML", "[dataset", 64, "is not a readable TOML file"),
    ("not UTF-8", b"\xff\xfe", 64, "is not a readable TOML file"),
    ("../ in the name of seeds", '[measures.seed_correlation]\nseeds = ["../../evil:1,2,3"]', 64, "letters and digits"),
    ("../ in the name of an alternative", '[multiverse]\nalternatives = {"../../evil" = ["modalities.fmri.low_pass=0"]}', 64, "multiverse"),
    ("a value of another kind", "[inference]\nn_permutations = [1]", 64, "inference.n_permutations"),
    ("an atlas by a path that leads nowhere", '[measures.parcel_correlation]\natlas = "../../etc/passwd"', 66, "passwd"),
    ("brackets 10,000 deep", "a = " + "[" * 10000, 64, "is not a readable TOML file"),
]  # fmt: skip

FILTERS = [
    ("not JSON", "{", 65, "is not valid JSON"),
    ("a list", "[]", 65, "expected a JSON object"),
    ("brackets 100,000 deep", "[" * 100000, 65, "is not valid JSON"),
    ("an unknown entity", '{"bold": {"shoe": "42"}}', 64, "pybids knows no entity"),
]


@pytest.mark.parametrize(("name", "damage", "words", "code", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_participants_that_cannot_be_read(name, damage, words, code, message, both):
    trial, out = both
    damage(trial)
    hold("tables", f"participants.tsv: {name}", (trial, out, "group", words), code, message)


@pytest.mark.parametrize(("name", "level", "words", "code", "message"), WORDS, ids=[row[0] for row in WORDS])
def test_words_that_would_lead_astray(name, level, words, code, message, both):
    hold("tables", name, (*both, level, words), code, message)


@pytest.mark.parametrize(("name", "text", "code", "message"), SETTINGS, ids=[row[0] for row in SETTINGS])
def test_settings_that_cannot_be_meant(name, text, code, message, both, tmp_path):
    path = tmp_path / "analysis.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    hold("tables", f"settings file: {name}", (*both, "participant", ["--config", path]), code, message)


@pytest.mark.parametrize(("name", "text", "code", "message"), FILTERS, ids=[row[0] for row in FILTERS])
def test_filter_files_that_cannot_be_meant(name, text, code, message, both, tmp_path):
    path = tmp_path / "filter.json"
    path.write_text(text)
    hold("tables", f"filter file: {name}", (*both, "participant", ["--bids-filter-file", path]), code, message)


def hold(section, name, call, code, message):
    """Run a call that must be refused before any work."""
    trial, out, level, words = call
    before, around = snapshot(out), set(out.parent.iterdir())
    ended = run_deqi(trial.root, out, level, *words)
    refused(ended)
    assert ended.code == code, ended.text
    said(ended, message)
    assert snapshot(out) == before
    assert set(out.parent.iterdir()) == around
    told(section, Row(name, code, message, "as it was: nothing was written", "nothing to heal"))
