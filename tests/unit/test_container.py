"""The launcher of the container: what is bound, what the engine is called with, and what is refused beforehand."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bids_app import cli
from bids_app.errors import MissingInputError
from bids_app.launch import container


@pytest.fixture
def place(tmp_path, monkeypatch):
    for name in ("data/derivatives/fmriprep", "masks"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("analysis.toml", "masks/mine.nii.gz", "masks/atlas.nii.gz", "ratings.tsv"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_path_is_bound_and_named_by_its_place_inside(place):
    words = shlex.split(
        "data out group -d fmriprep=data/derivatives/fmriprep --config analysis.toml --exclusions=ratings.tsv "
        "--seeds PAG mine=masks/mine.nii.gz two=masks/atlas.nii.gz#12 'three:1,2,3:4' "
        "--set inference.labels=masks/atlas.nii.gz --set inference.alpha=0.01 -w cache --nprocs 2"
    )
    mounts, inside = container.translate(words)
    bound = {host.relative_to(place).as_posix(): (at, writable) for host, at, writable in mounts.bound}
    assert bound == {
        "data": ("/data", False), "out": ("/out", True), "data/derivatives/fmriprep": ("/deriv/fmriprep", False),
        ".": ("/files/3", False), "masks": ("/files/4", False), "cache": ("/scratch/5", True),
    }  # fmt: skip
    assert inside == shlex.split(
        "/data /out group -d fmriprep=/deriv/fmriprep --config /files/3/analysis.toml "
        "--exclusions=/files/3/ratings.tsv "
        "--seeds PAG mine=/files/4/mine.nii.gz two=/files/4/atlas.nii.gz#12 three:1,2,3:4 "
        "--set inference.labels=/files/4/atlas.nii.gz --set inference.alpha=0.01 -w /scratch/5 --nprocs 2"
    )
    assert (place / "out").is_dir()  # made by the caller, so that it is not root's


def test_every_option_of_deqi_that_names_a_path_is_known():
    known = {*container.READ, *container.WRITTEN, *container.FOLDERS, *container.NAMED}
    for action in cli.parser()._actions:
        if action.type is Path and action.option_strings:
            assert set(action.option_strings) <= known, action.option_strings


@pytest.mark.parametrize("words", ["absent out participant", "data out participant --config absent.toml",
                                   "data out participant --seeds mine=absent.nii.gz"])  # fmt: skip
def test_a_path_that_is_not_there_starts_nothing(place, words):
    with pytest.raises(MissingInputError, match="nothing was started"):
        container.translate(words.split())


def test_docker_gets_a_read_only_root_no_network_and_the_callers_id(place):
    line = shlex.join(container.command("docker", "deqi:1", *container.translate(["data", "out", "participant"])))
    assert f"-u {os.getuid()}:{os.getgid()} --read-only --tmpfs /tmp --network none --cap-drop all" in line
    assert line.endswith(f"-v {place}/data:/data:ro -v {place}/out:/out deqi:1 /data /out participant")


def test_apptainer_is_contained(place):
    line = shlex.join(container.command("apptainer", "deqi.sif", *container.translate(["data", "out", "group"])))
    assert line == (
        f"apptainer run -C --net --network none -B {place}/data:/data:ro -B {place}/out:/out deqi.sif /data /out group"
    )


def fake(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def launch(place: Path, *words: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bids_app.launch.container", *words]
    root = Path(container.__file__).parents[2]
    environment = {"PATH": str(path), "PYTHONPATH": str(root)}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)


def test_the_first_engine_that_answers_is_called_and_its_code_returned(place, tmp_path_factory):
    bin_ = tmp_path_factory.mktemp("bin")
    fake(bin_, "docker", "sys.exit(1)")  # installed, but no engine answers
    fake(bin_, "podman", "open('called', 'w').write(' '.join(sys.argv[1:])); sys.exit(7)")
    ended = launch(place, "data", "out", "participant", path=bin_)
    assert ended.returncode == 7, ended.stderr
    called = (place / "called").read_text()
    assert called.startswith("run --rm -u ")
    assert called.endswith("/data /out participant")
    assert f"RUNNING: podman {called}" in ended.stderr.replace("'", "")


def test_print_only_prints_and_needs_no_engine(place, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    ended = launch(place, "--engine", "singularity", "--print", "data", "out", "group", path=empty)
    assert ended.returncode == 0
    assert ended.stdout.startswith("singularity run -C")
    ended = launch(place, "data", "out", "group", path=empty)
    assert ended.returncode == 66
    assert "No container can be run here: docker is not installed; podman is not installed" in ended.stderr


def test_it_needs_the_standard_library_alone(tmp_path):
    """It runs on hosts that have Python and an engine and nothing else."""
    code = (
        "import sys; import bids_app.launch.container; "
        "print([m for m in sys.modules if m.partition('.')[0] in ('numpy', 'pandas', 'nibabel', 'pydantic', 'bids')])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(cli.__file__).parents[1]
    )
    assert ended.stdout.strip() == "[]"
