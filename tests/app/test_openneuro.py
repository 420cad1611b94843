"""OpenNeuro by DataLad: two local git-annex datasets stand for the ones on the network; the rest is real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from conftest import FAST, ROOT, Ended, run_deqi

from bids_app import openneuro

pytestmark = pytest.mark.skipif(
    not (shutil.which("git-annex") and shutil.which("datalad")), reason="git-annex and datalad are not installed"
)
ACCESSION = "ds999999"


def _git(folder, *words):
    names = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *names, *words], cwd=folder, check=True, capture_output=True)


def _annexed(folder, *annex):
    """Make a folder a git-annex dataset, with the files of these patterns in the annex and the others in git."""
    lines = ["* annex.largefiles=nothing", *(f"{pattern} annex.largefiles=anything" for pattern in annex)]
    (folder / ".gitattributes").write_text("\n".join(lines) + "\n")
    _git(folder, "init")
    _git(folder, "annex", "init")
    _git(folder, "add", ".gitattributes")
    _git(folder, "annex", "add", ".")
    _git(folder, "commit", "-m", "data")


@pytest.fixture
def published(trial, tmp_path):
    """A raw dataset and its fMRIPrep derivatives as OpenNeuro keeps them, with more than deqi reads."""
    home = tmp_path / "published"
    home.mkdir()
    shutil.move(trial.fmriprep, home / f"{ACCESSION}-fmriprep")
    shutil.move(trial.root, home / ACCESSION)
    for label in trial.people:
        (home / ACCESSION / f"sub-{label}").mkdir()
        (home / ACCESSION / f"sub-{label}" / f"sub-{label}_T1w.nii.gz").write_bytes(os.urandom(50))
        (home / f"{ACCESSION}-fmriprep" / f"sub-{label}.html").write_text("report " + label)
        (home / f"{ACCESSION}-fmriprep" / f"sub-{label}" / "anat").mkdir()
        surface = home / f"{ACCESSION}-fmriprep" / f"sub-{label}" / "anat" / f"sub-{label}_hemi-L_pial.surf.gii"
        surface.write_bytes(os.urandom(70))
    _annexed(home / ACCESSION, "*.nii.gz", "participants.tsv")
    _annexed(home / f"{ACCESSION}-fmriprep", "*.nii.gz", "*.tsv", "*.json", "*.html", "*.gii")
    return home


def _run(published, *words):
    command = [sys.executable, "-c", "import sys; from bids_app.openneuro import main; sys.exit(main())",
               "--raw", f"file://{published}/{{}}", "--fmriprep", f"file://{published}/{{}}-fmriprep"]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [*command, *map(str, words)], capture_output=True, text=True, env=environment, check=False, timeout=600
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def _contents(root):
    return {p.name for p in root.rglob("*") if p.is_symlink() and p.exists() and ".git" not in p.parts}


def test_a_dataset_by_its_number_gets_only_what_is_read_and_goes_through_both_levels(published, tmp_path):
    place = tmp_path / "study"
    ended = _run(published, ACCESSION, place, "participant", "--participant-label", "01", *FAST)
    assert ended.code == 0, ended.text
    derivatives = place / f"{ACCESSION}-fmriprep"
    assert "ds999999-fmriprep: getting 6 files, 0." in ended.err  # two sessions: series, mask and confounds
    # Masks and sidecars of the other person are the same bytes, so that git-annex has them with these.
    same = {name for name in _contents(derivatives) if "sub-02" in name and name.endswith(("mask.nii.gz", ".json"))}
    assert _contents(derivatives) - same == {
        "dataset_description.json",
        *(f"sub-01_ses-{session}_task-rest_{ending}" for session in ("pre", "post") for ending in (
            "space-MNI152NLin2009cAsym_res-8_desc-preproc_bold.json",
            "space-MNI152NLin2009cAsym_res-8_desc-preproc_bold.nii.gz",
            "space-MNI152NLin2009cAsym_res-8_desc-brain_mask.nii.gz", "desc-confounds_timeseries.tsv")),
    }  # fmt: skip
    assert _contents(place / ACCESSION) == {"participants.tsv"}
    # The other person, then nothing more to get, then the comparison.
    ended = _run(published, "--get-only", ACCESSION, place, "participant", *FAST)
    assert ended.code == 0, ended.text
    assert not (place / f"{ACCESSION}-deqi" / "sub-02").exists()
    ended = _run(published, ACCESSION, place, "participant", *FAST)
    assert ended.code == 0, ended.text
    assert "getting" not in ended.err
    assert (place / f"{ACCESSION}-deqi" / "sub-02").is_dir()
    assert not any(name.endswith((".gii", ".html", "T1w.nii.gz")) for name in _contents(place))
    # Two people are too few to compare; arms and sessions of both are known.
    ended = _run(published, ACCESSION, place, "group", *FAST)
    assert ended.code == 65
    assert "1 verum and 1 sham participants; at least 3 of each" in ended.err


def test_links_without_content_are_66_with_the_line_that_gets_them(published, tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["datalad", "clone", str(published / f"{ACCESSION}-fmriprep"), str(clone)], check=True,
                   capture_output=True)  # fmt: skip
    ended = run_deqi(clone, tmp_path / "out", "participant", *FAST)
    assert ended.code == 66
    assert f"datalad get '{clone}/dataset_description.json'" in ended.err
    subprocess.run(["datalad", "get", "-d", clone, *clone.rglob("*.json")], check=True, capture_output=True)
    ended = run_deqi(clone, tmp_path / "out", "participant", *FAST)
    assert ended.code == 66
    assert "datalad get '" in ended.err
    assert "desc-preproc_bold.nii.gz'" in ended.err
    # As BABS does it: one person is here, the others dangle, and they are not asked for.
    person = [path for path in (clone / "sub-02").rglob("*") if path.is_symlink()]
    subprocess.run(["datalad", "get", "-d", clone, *person], check=True, capture_output=True)
    ended = run_deqi(clone, tmp_path / "out", "participant", "--participant-label", "sub-02", *FAST)
    assert ended.code == 0, ended.text
    assert not (tmp_path / "out" / "sub-01").exists()
    # Asked for, they are told one by one, and who is here is still done.
    ended = run_deqi(clone, tmp_path / "all", "participant", *FAST)
    assert ended.code == 1
    assert (tmp_path / "all" / "sub-02").is_dir()
    assert "sub-01" in ended.err
    assert "datalad get '" in ended.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["30", "study", "participant"], 64, "expected ACCESSION FOLDER LEVEL, for example: ds000030"),
        ([ACCESSION, "study", "persons"], 17, "persons"),
        (["ds000000", "study", "participant"], 66, "ds000000 could not be cloned"),
    ],
)
def test_what_cannot_be_fetched_is_said(published, tmp_path, words, code, said):
    ended = _run(published, words[0], tmp_path / "study", *words[2:])
    assert ended.code == code, ended.text
    assert said in ended.err
    assert not (tmp_path / "study" / words[0]).exists()


def test_without_datalad_it_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nowhere")
    assert openneuro.main([ACCESSION, "study", "participant"]) == 66
    assert "pip install datalad" in capsys.readouterr().err
