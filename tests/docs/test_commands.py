"""Every command that README and documentation show is understood: each is planned on a tiny trial.

Commands of deqi get --dry-run, so that they go through options, settings and the plan; those in containers are taken
out of their container, with the paths of their mounts; the script for Slurm runs in tests/cluster.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from conftest import FAST, ROOT, run_deqi

from bids_app import cli, launcher, openneuro
from bids_app.app import main

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_RUN = ("pip install ", "docker build ", "apptainer build ", "deqi --demo ", "deqi --export-app ")
"""They install, build, or write an app or the demonstration: other tests and `.ci/run` do so."""


def blocks(language: str) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        if page.parent.name != "reference":
            for text in re.findall(rf"```{language}\n(.*?)```", page.read_text(), flags=re.DOTALL):
                yield str(page.relative_to(ROOT)), text


def commands() -> Iterator[tuple[str, str]]:
    for page, text in blocks("sh"):
        for line in text.replace("\\\n", " ").splitlines():
            if line.strip() and not line.startswith("#"):
                yield page, line.strip()


@pytest.fixture(scope="module")
def place(analysed, tmp_path_factory) -> Path:
    """A folder with all that the commands name."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(analysed.trial.root, folder / "data")
    shutil.copytree(analysed.output, folder / "out")
    for name in ("BIDS_DIR", "demo"):
        (folder / name).symlink_to("data")
    (folder / "OUTPUT_DIR").symlink_to("out")
    (folder / "demo" / "derivatives" / "deqi").symlink_to(folder / "out")
    series = next((folder / "data").rglob("*_desc-brain_mask.nii.gz"))
    brain = nib.load(series)
    labels = (np.asarray(brain.dataobj) > 0).astype(np.int16)
    labels[: labels.shape[0] // 2] *= 2
    for name in ("atlas", "seed_mask"):
        nib.Nifti1Image(labels, brain.affine).to_filename(folder / f"{name}.nii.gz")
    (folder / "atlas.tsv").write_text("index\tname\n1\tright\n2\tleft\n")
    rows = [line.split("\t") for line in (folder / "data" / "participants.tsv").read_text().splitlines()]
    column = rows[0].index("group")
    (folder / "allocation.tsv").write_text("\n".join(f"{row[0]}\t{row[column]}" for row in rows) + "\n")
    (folder / "ratings.tsv").write_text(f"participant_id\trating\n{rows[1][0]}\tunsure\n")
    ended = run_deqi("data", "--init-config", "analysis.toml", *FAST, cwd=folder)
    assert ended.code == 0, ended.text
    sealing = ["group", "--config", "analysis.toml", "--lock", "plan.json", "--lock-after-unblinding"]
    ended = run_deqi("data", "out", *sealing, cwd=folder)
    assert ended.code == 0, ended.text
    (folder / "data" / "code").mkdir()
    for name in ("analysis.toml", "plan.json"):
        shutil.copy(folder / name, folder / "data" / "code")
    return folder


def _words_of_deqi(line: str, place: Path) -> list[str]:
    """Return the words of deqi itself, with paths inside a container turned into those outside."""
    words = [os.path.expandvars(word) for word in shlex.split(line.replace("$PWD", str(place)), comments=True)]
    if words[0] == "deqi":
        return words[1:]
    mounts = dict(word.split(":")[1::-1] for word in words if re.match(rf"{re.escape(str(place))}[^:]*:/", word))
    inside = words[next(i for i, word in enumerate(words) if word.startswith(("deqi:", "deqi.sif"))) + 1 :]
    return [
        re.sub(r"^(?:(\w+)=)?(/\w+)$", lambda m: f"{m[1] + '=' if m[1] else ''}{mounts.get(m[2], m[2])}", w)
        for w in inside
    ]


def _planned(words: list[str], place: Path) -> list[str]:
    """Return the words of a call that computes nothing; what it writes goes elsewhere."""
    if words[:2] == ["--preset", "list"] or "--init-config" in words or "--preproc" in words:
        return [str(place / "new.toml") if word == "analysis.toml" else word for word in words]
    if "--lock" in words:  # arms of this dataset can be read
        elsewhere = [str(place / "new.json") if word == "plan.json" else word for word in words]
        return [*elsewhere, "--lock-after-unblinding"]
    return [*words, "--dry-run"]


@pytest.mark.parametrize(("page", "line"), list(dict.fromkeys(commands())))
def test_a_command_of_the_documentation_is_understood(page, line, place, tmp_path, monkeypatch, capfd):
    if line.startswith("make ") or " make " in line:
        target = line.partition("make ")[2].split()[0]
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE), f"no target {target}"
        return
    if line.startswith(NOT_RUN):
        return
    monkeypatch.chdir(place)
    if line.startswith("deqi-docker "):
        assert launcher.main(["--engine", "docker", "--print", *shlex.split(line, comments=True)[1:]]) == 0
        return
    if line.startswith("deqi-openneuro "):
        for step in ("_clone", "_get"):
            monkeypatch.setattr(openneuro, step, lambda *_: None)
        monkeypatch.setattr(openneuro, "_inputs", lambda *_: [])
        monkeypatch.setattr(openneuro.shutil, "which", lambda _: "there")
        monkeypatch.setattr(openneuro.app, "main", lambda words: 0 if cli.parse(words) else 1)
        assert openneuro.main(shlex.split(line, comments=True)[1:]) == 0
        return
    words = _words_of_deqi(line, place)
    if words == ["--bids-exec-spec"]:
        with pytest.raises(SystemExit, match="0"):
            main(words)
        return
    assert main(_planned(words, tmp_path)) == 0, f"{page}: {line}\n{capfd.readouterr()}"


def test_every_kind_of_error_has_its_part_in_the_documentation():
    from bids_app import errors

    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.DeqiError)]
    for kind in kinds[1:]:
        assert "Remedy\n" in (kind.__doc__ or ""), kind
        assert kind("x").anchor == re.sub(r"(?<!^)([A-Z])", r"-\1", kind.__name__.removesuffix("Error")).lower()


def test_the_anchor_of_an_error_is_printed(deqi, tmp_path):
    ended = deqi(tmp_path / "absent", tmp_path / "out", "participant")
    anchor = re.search(r"More: deqi --explain ([a-z-]+)", ended.err)[1]
    said = run_deqi("--explain", anchor)
    assert said.code == 0
    assert "What to do: " in said.out
    assert f"({anchor})=" in (ROOT / "docs" / "reference" / "errors.md").read_text()


def test_the_reference_is_what_the_code_says(tmp_path, monkeypatch):
    """`make docs` writes it; it lies in the repository so that the links of messages lead somewhere."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    import generate

    generate.write_all(tmp_path)
    for name in generate.PAGES:
        made, kept = (folder / f"{name}.md" for folder in (tmp_path, ROOT / "docs" / "reference"))
        assert made.read_text() == kept.read_text(), f"{kept} is not up to date: run make docs"
