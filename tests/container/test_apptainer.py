"""The definition file built and run by Apptainer, as a user without rights, from bind mounts alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from container_image import (  # noqa: F401  (fixtures)
    HERE,
    INSIDE,
    KERNELS,
    ROOT,
    STATE,
    STORE,
    add_others,
    assert_same_bytes,
    declared,
    demo,
    image,
    run,
)  # fmt: skip

from bids_app import __version__

pytestmark = pytest.mark.container


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

    def deqi(*words: str) -> None:
        kernels = [word for kernel in KERNELS for word in ("--env", kernel)]
        apptainer(place, "run", "-C", "--net", "--network", "none", *kernels, "-B", f"{place}/data:/data:ro",
                  "-B", f"{place}/out:/out", sif, "/data", "/out", *words)  # fmt: skip

    deqi("participant", "--participant-label", *INSIDE, *declared("participant", Path("/data")))
    for path in (place / "out").rglob("sub-*/*/func/*.*"):
        assert path.read_bytes() == (expected / path.relative_to(place / "out")).read_bytes(), path
    assert {path.name for path in (place / "out").glob("sub-*.html")} == {f"sub-{x}.html" for x in INSIDE}
    add_others(expected, place / "out")
    run("chmod", "-R", "a+rwX", place / "out")
    deqi("group", *declared("group", Path("/data")))
    assert_same_bytes(place / "out", expected)


def test_apptainer_image_tells_what_it_is_and_tests_itself(sif):
    assert "deqi.sif /data /out participant" in apptainer(sif.parent, "run-help", sif).stdout
    assert "Apache-2.0" in apptainer(sif.parent, "inspect", sif).stdout
    assert f"deqi {__version__}" in apptainer(sif.parent, "test", sif).stdout
