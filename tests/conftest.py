"""Fixtures: the command line, a tiny trial, and the real data where there are any."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from forked_cli import Zygote
from real_data import real
from synthetic import SEEDS, Trial, write_trial

ROOT = Path(__file__).parents[1]
settings.register_profile("deqi", deadline=None)  # no test depends on how fast a machine is
settings.load_profile("deqi")
if Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > 6e9:
    # Results are flushed to the disk file by file; in memory that costs nothing.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/dev/shm")
FAST = ["--measures", "seed_correlation", "--seeds", *SEEDS, "--n-permutations", "100"]
"""Options that make the tiny trial quick: one measure, two seeds, few relabellings."""


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@cache
def zygote() -> Zygote:
    return Zygote()


def run_deqi(*words: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> Ended:
    """Run the command line in a process of its own: forked, or started anew if its environment is to differ."""
    if not env and os.environ == {**zygote().environment, "PYTEST_CURRENT_TEST": os.environ["PYTEST_CURRENT_TEST"]}:
        return Ended(*zygote().run([str(word) for word in words], cwd))
    return start_deqi(*words, cwd=cwd, env=env)


def validate_bids(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the BIDS validator, on a copy: it does not read below /dev, where temporary folders may be."""
    program = Path(sys.executable).with_name("bids-validator-deno")
    with tempfile.TemporaryDirectory() as place:
        copied = shutil.copytree(folder, Path(place) / "copy", symlinks=True)
        return subprocess.run([program, copied], capture_output=True, text=True, check=False)


def start_deqi(*words: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> Ended:
    """Run the command line as a user does."""
    command = [sys.executable, "-m", "bids_app", *map(str, words)]
    ended = subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env={**os.environ, **(env or {})}, check=False, timeout=600
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def deqi() -> Callable[..., Ended]:
    return run_deqi


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """Two people of each arm, made anew: a test may break it."""
    return write_trial(tmp_path / "data", per_arm=1)


@dataclass(frozen=True)
class Analysed:
    """A trial, and what both levels wrote."""

    trial: Trial
    output: Path
    participant: Ended
    group: Ended


def made_once(
    request: pytest.FixtureRequest, factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Analysed]
) -> Analysed:
    """Return what `make` writes into a folder, once for all test processes."""
    base = factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            (folder / "done").write_bytes(pickle.dumps(make(folder)))
    found: Analysed = pickle.loads((folder / "done").read_bytes())
    return found


@pytest.fixture(scope="session")
def analysed(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Analysed:
    """Five people of each arm through both levels; read only."""

    def make(folder: Path) -> Analysed:
        trial, out = write_trial(folder / "data", per_arm=5), folder / "out"
        return Analysed(trial, out, *(start_deqi(trial.root, out, level, *FAST) for level in ("participant", "group")))

    return made_once(request, tmp_path_factory, "analysed", make)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Analysed:
    """Two people through the participant level; read only."""
    from fault_matrix import OPTIONS

    def make(folder: Path) -> Analysed:
        trial, out = write_trial(folder / "data", per_arm=1), folder / "out"
        ended = run_deqi(trial.root, out, "participant", *OPTIONS)
        return Analysed(trial, out, ended, ended)

    return made_once(request, tmp_path_factory, "undisturbed", make)


@pytest.fixture(scope="session")
def whole(analysed: Analysed, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Analysed:
    """The same with outcomes, treatment, brain and symptom, a predictor and a sealed plan; read only."""
    from synthetic import AFFINE, TARGET, brain
    from trial_tables import EVERYTHING, write_record

    from bids_app.launch.demo.reference_data import write_molecules
    from bids_app.vocabulary.grid import Grid

    def make(folder: Path) -> Analysed:
        trial, out = _copied(analysed, folder)
        write_record(trial.root, trial.people)
        write_molecules(trial.root / "code" / "molecules", brain(), Grid(brain().shape, AFFINE), TARGET)
        (folder / "analysis.toml").write_text(EVERYTHING)
        words = ["group", *FAST, "--config", folder / "analysis.toml"]
        sealed = start_deqi(trial.root, out, *words, "--lock", folder / "plan.json", "--lock-after-unblinding")
        assert sealed.code == 0, sealed.text
        ended = start_deqi(trial.root, out, *words, "--plan", folder / "plan.json")
        return Analysed(trial, out, analysed.participant, ended)

    return made_once(request, tmp_path_factory, "whole", make)


@pytest.fixture
def done(undisturbed: Analysed, tmp_path: Path) -> tuple[Trial, Path]:
    """A copy of two people whose participant level is done."""
    return _copied(undisturbed, tmp_path)


@pytest.fixture
def before_the_group(analysed: Analysed, tmp_path: Path) -> tuple[Trial, Path]:
    """A copy of ten people whose group level is still to be done."""
    trial, out = _copied(analysed, tmp_path)
    shutil.rmtree(out / "group")
    for path in out.glob("logs/done/group_*"):
        path.unlink()
    return trial, out


def _copied(made: Analysed, folder: Path) -> tuple[Trial, Path]:
    from fault_matrix import copy

    shutil.copytree(made.output, folder / "out")
    return copy(made.trial, folder / "data"), folder / "out"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data; skip where there is none."""
    return real("fmriprep_tree").parent
