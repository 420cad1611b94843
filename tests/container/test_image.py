"""The image built and run for real: as anybody, with a read-only root and neither network nor rights.

buildah builds it on a stand-in for the base (Debian's own packages), podman and Apptainer run it. Root and Debian's
packages are needed; what is made is kept in DEQI_CONTAINER_STATE, so that a second run builds only what changed.
Run with `make containers`.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, validate_bids
from synthetic import write_trial

from bids_app import __version__

pytestmark = pytest.mark.container
HERE = Path(__file__).parent
STATE = Path(os.environ.get("DEQI_CONTAINER_STATE", "/var/tmp/deqi-containers"))
STORE = ["--root", str(STATE / "store"), "--runroot", str(STATE / "run"), "--storage-driver", "overlay"]
IMAGE = f"localhost/deqi:{__version__}"
HARD = ["--read-only", "--network", "none", "--cap-drop", "all", "--security-opt", "no-new-privileges",
        "--user", "12345:54321"]  # fmt: skip
LIMITS = ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"]
"""podman asks for more than a machine without CAP_SYS_RESOURCE may give."""

ELSEWHERE = {"dataset_description.json"}
"""It names the container and where the input lies, which differ."""


def run(*words: object, **more) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False, **more)
    assert ended.returncode == 0, f"{words}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
    return ended


def podman(*words: object, image: bool = True, mounts: dict[Path, str] | None = None, flags=HARD):
    binds = [word for host, inside in (mounts or {}).items() for word in ("-v", f"{host}:{inside}")]
    start = ["podman", *STORE, "--runtime", "runc", "run", "--rm", "--pull=never", *flags, *LIMITS, *binds]
    return run(*start, *([IMAGE] if image else []), *words)


@pytest.fixture(scope="session")
def image() -> str:
    if os.getuid() or not shutil.which("apt-get"):
        pytest.skip("building an image without an engine needs root and Debian's packages")
    run(HERE / "tools.sh", STATE)
    run("buildah", *STORE, "bud", "--isolation", "chroot", "--pull=never", "--layers", "--format", "docker",
        "--build-arg", "FETCH_TEMPLATES=0", "-t", IMAGE, "-f", ROOT / "Dockerfile", ROOT)  # fmt: skip
    return IMAGE


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> tuple[Path, Path]:
    """The demonstration and what both levels make of it outside any container."""
    made = ROOT / "demo"
    if not (made / "derivatives" / "deqi" / "group.html").exists():
        made = tmp_path_factory.mktemp("demo") / "demo"
        run(sys.executable, "-m", "bids_app", "--demo", made)
        for level in ("participant", "group"):
            run(sys.executable, "-m", "bids_app", made, made / "derivatives" / "deqi", level, *_permutations(level))
    return made, made / "derivatives" / "deqi"


def _permutations(level: str) -> list[str]:
    return ["--n-permutations", "2000"] if level == "group" else []


def assert_same_bytes(made: Path, expected: Path) -> None:
    files = {p.relative_to(expected) for p in expected.rglob("*") if p.is_file()}
    assert {p.relative_to(made) for p in made.rglob("*") if p.is_file()} == files
    different = [
        str(path) for path in sorted(files)
        if path.name not in ELSEWHERE and not filecmp.cmp(made / path, expected / path, shallow=False)
    ]  # fmt: skip
    assert not different, f"{len(different)} of {len(files)} differ: {different[:10]}"


def test_image_is_small_labelled_and_has_nothing_that_builds(image):
    described = json.loads(run("podman", *STORE, "image", "inspect", image).stdout)[0]
    assert described["Size"] < 800e6
    labels = described["Labels"]
    assert labels["org.opencontainers.image.version"] == __version__
    assert {"title", "description", "licenses", "authors"} <= {name.rpartition(".")[2] for name in labels}
    assert described["Config"]["Entrypoint"] == ["/opt/venv/bin/python", "/run.py"]
    tools = ["pip", "gcc", "make", "strip", "git", "curl", "wget"]
    script = f"cat /version; for x in {' '.join(tools)}; do command -v $x; done; ls -d /opt/venv/lib/*/*/pip*; true"
    inside = podman("--entrypoint", "sh", IMAGE, "-c", script, image=False).stdout.split()
    assert inside == [__version__]
    said = f"deqi {__version__}\n"
    assert podman("--version").stdout == said
    # A login shell sets a PATH of its own; Boutiques starts programs from one.
    assert podman("--entrypoint", "sh", IMAGE, "-lc", "deqi --version", image=False).stdout == said


def test_both_levels_as_anybody_give_the_bytes_of_the_run_outside(image, demo, tmp_path):
    data, expected = demo
    out = tmp_path / "out"
    out.mkdir()
    os.chown(out, 12345, 54321)
    for level in ("participant", "group"):
        podman("/data", "/out", level, *_permutations(level), mounts={data: "/data:ro", out: "/out"})
    assert_same_bytes(out, expected)
    description = json.loads((out / "dataset_description.json").read_text())
    assert description["GeneratedBy"][0]["Container"] == {"Type": "docker", "Tag": f"deqi:{__version__}"}
    ended = validate_bids(out)
    assert ended.returncode == 0, ended.stdout


def test_the_launcher_runs_it(image, tmp_path):
    """`deqi-docker` with a podman that knows where this test keeps its images."""
    trial = write_trial(tmp_path / "data", per_arm=1)
    shim = tmp_path / "bin" / "podman"
    shim.parent.mkdir()
    options = " ".join([*STORE, "--runtime", "runc"])
    limits = " ".join(LIMITS)
    shim.write_text(f'#!/bin/bash\nshift\nexec {shutil.which("podman")} {options} run --pull=never {limits} "$@"\n')
    shim.chmod(0o755)
    mask = trial.file("01", "pre", "mask")
    environment = {**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    run(sys.executable, "-m", "bids_app.launcher", "--engine", "podman", "--image", image, trial.root, "out",
        "participant", "--measures", "seed_correlation", "--seeds", f"mine={mask}", "near:4,4,4:9",
        env=environment, cwd=tmp_path)  # fmt: skip
    assert list((tmp_path / "out" / "sub-02").rglob("*_seed-mine_stat-fisherz_statmap.nii.gz"))


@pytest.fixture(scope="session")
def sif(image, tmp_path_factory) -> Path:
    """The definition file built by apptainer as a user without rights, from the image that buildah made."""
    root, place = STATE / "apptainer", STATE / "sif"
    run(HERE / "apptainer_root.sh", root)
    identity = run(
        "buildah", *STORE, "inspect", "--type", "image", "--format", "{{.FromImageID}}", image
    ).stdout.strip()
    definition = (ROOT / "Singularity.def").read_text()
    same = place / "made_from"
    if not same.exists() or same.read_text() != identity + definition:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o1777)
        place.chmod(0o1777)
        archive = place / "image.tar"
        run("buildah", *STORE, "push", "-q", image, f"docker-archive:{archive}:deqi:{__version__}")
        archive.chmod(0o644)
        there = definition.replace("Bootstrap: docker-daemon", "Bootstrap: docker-archive")
        (place / "deqi.def").write_text(there.replace(f"From: deqi:{__version__}", f"From: {archive}"))
        apptainer(place, "build", "--mksquashfs-args", "-comp lz4", "deqi.sif", "deqi.def")
        archive.unlink()
        same.write_text(identity + definition)
    return place / "deqi.sif"


def apptainer(folder: Path, *words: object):
    return run(HERE / "apptainer.sh", STATE / "apptainer", folder, *words)


def test_apptainer_gives_the_same_bytes_from_bind_mounts_alone(sif, demo):
    data, expected = demo
    place = sif.parent
    for name in ("data", "out"):
        shutil.rmtree(place / name, ignore_errors=True)
    shutil.copytree(data, place / "data", ignore=shutil.ignore_patterns("deqi"))
    (place / "out").mkdir()
    (place / "out").chmod(0o1777)
    for level in ("participant", "group"):
        apptainer(place, "run", "-C", "--net", "--network", "none", "-B", f"{place}/data:/data:ro",
                  "-B", f"{place}/out:/out", sif, "/data", "/out", level, *_permutations(level))  # fmt: skip
    assert_same_bytes(place / "out", expected)


def test_apptainer_image_tells_what_it_is_and_tests_itself(sif):
    assert "deqi.sif /data /out participant" in apptainer(sif.parent, "run-help", sif).stdout
    assert "Apache-2.0" in apptainer(sif.parent, "inspect", sif).stdout
    assert f"deqi {__version__}" in apptainer(sif.parent, "test", sif).stdout
