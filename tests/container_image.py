"""The image, built once for all processes, and what is shared by those who run it."""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bids_app import __version__

ROOT = Path(__file__).parents[1]
HERE = ROOT / "tests" / "container"
STATE = Path(os.environ.get("DEQI_CONTAINER_STATE", "/var/tmp/deqi-containers"))
STORE = ["--root", str(STATE / "store"), "--runroot", str(STATE / "run"), "--storage-driver", "overlay"]
IMAGE = f"localhost/deqi:{__version__}"
HARD = ["--read-only", "--network", "none", "--cap-drop", "all", "--security-opt", "no-new-privileges",
        "--user", "12345:54321"]  # fmt: skip
LIMITS = ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"]
"""podman asks for more than a machine without CAP_SYS_RESOURCE may give."""

INSIDE = ("01", "02", "03")
"""Participants who go through a container; the group level then compares all."""

KERNELS = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("OPENBLAS_")]
"""What this machine has chosen for sums: other kernels round otherwise, in a container as well as outside."""

ELSEWHERE = {"dataset_description.json"}
"""It names the container and where the input lies, which differ."""


def run(*words: object, **more) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False, **more)
    assert ended.returncode == 0, f"{words}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
    return ended


def podman(*words: object, image: bool = True, mounts: dict[Path, str] | None = None, flags=HARD):
    binds = [word for host, inside in (mounts or {}).items() for word in ("-v", f"{host}:{inside}")]
    kernels = [word for kernel in KERNELS for word in ("-e", kernel)]
    start = ["podman", *STORE, "--runtime", "runc", "run", "--rm", "--pull=never", *flags, *LIMITS, *kernels, *binds]
    return run(*start, *([IMAGE] if image else []), *words)


@pytest.fixture(scope="session")
def image() -> str:
    if os.getuid() or not shutil.which("apt-get"):
        pytest.skip("building an image without an engine needs root and Debian's packages")
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _build()
    return IMAGE


def _build() -> None:
    run(HERE / "tools.sh", STATE)
    run("buildah", *STORE, "bud", "--isolation", "chroot", "--pull=never", "--layers", "--format", "docker",
        "--build-arg", "FETCH_TEMPLATES=0", "-t", IMAGE, "-f", ROOT / "Dockerfile", ROOT)  # fmt: skip


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> tuple[Path, Path]:
    """The demonstration and what both levels make of it outside any container."""
    made = ROOT / "demo"
    if not (made / "derivatives" / "deqi" / "group.html").exists():
        made = tmp_path_factory.mktemp("demo") / "demo"
        run(sys.executable, "-m", "bids_app", "--demo", made)
        for level in ("participant", "group"):
            run(sys.executable, "-m", "bids_app", made, made / "derivatives" / "deqi", level, *declared(level, made))
    return made, made / "derivatives" / "deqi"


def declared(level: str, data: Path) -> list[str]:
    """Return the words that `make demo` has for a level too: what the trial declared, and its plan."""
    plan = ["--plan", f"{data}/code/plan.json"] if level == "group" else []
    return ["--config", f"{data}/code/analysis.toml", *plan]


def add_others(expected: Path, out: Path) -> None:
    """Put those participants beside `INSIDE` who did not go through a container, as they came outside."""
    ignore = shutil.ignore_patterns("group*", "index.html", *(f"*sub-{label}*" for label in INSIDE))
    shutil.copytree(expected, out, ignore=ignore, dirs_exist_ok=True)


def assert_same_bytes(made: Path, expected: Path) -> None:
    files = {p.relative_to(expected) for p in expected.rglob("*") if p.is_file()}
    # A call for some participants keeps its notes of each in a file of their own, a call for all in one.
    notes = {Path("logs", f"participant_sub-{label}_notes.json") for label in INSIDE}
    assert {p.relative_to(made) for p in made.rglob("*") if p.is_file()} - notes == files
    different = [
        str(path) for path in sorted(files)
        if path.name not in ELSEWHERE and not filecmp.cmp(made / path, expected / path, shallow=False)
    ]  # fmt: skip
    assert not different, f"{len(different)} of {len(files)} differ: {different[:10]}"
