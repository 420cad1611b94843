"""The image run by podman: as anybody, with a read-only root and neither network nor rights.

buildah builds it on a stand-in for the base (Debian's own packages). Root and Debian's packages are needed; all that is
made is kept in DEQI_CONTAINER_STATE, so that a second run builds only what changed. Run with `make containers`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from conftest import ROOT, validate_bids
from container_image import (  # noqa: F401  (fixtures)
    IMAGE,
    INSIDE,
    LIMITS,
    STORE,
    add_others,
    assert_same_bytes,
    declared,
    demo,
    image,
    podman,
    run,
)  # fmt: skip
from synthetic import write_trial

from bids_app import __version__

pytestmark = pytest.mark.container


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
    mounts = {data: "/data:ro", out: "/out"}
    words = ["--participant-label", *INSIDE, *declared("participant", Path("/data"))]
    podman("/data", "/out", "participant", *words, mounts=mounts)
    add_others(expected, out)
    run("chmod", "-R", "a+rwX", out)
    podman("/data", "/out", "group", *declared("group", Path("/data")), mounts=mounts)
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
