"""Fixtures: the command line, a tiny trial, and the real data where there are any."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from synthetic import SEEDS, Trial, write_trial

ROOT = Path(__file__).parents[1]
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


def run_deqi(*words: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> Ended:
    """Run the command line as a user does, in a process of its own."""
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


@pytest.fixture(scope="session")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    """Five people of each arm through both levels; read only."""
    folder = tmp_path_factory.mktemp("analysed")
    trial = write_trial(folder / "data", per_arm=5)
    output = folder / "out"
    first = run_deqi(trial.root, output, "participant", *FAST)
    second = run_deqi(trial.root, output, "group", *FAST)
    return Analysed(trial, output, first, second)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data; skip where there is none."""
    folder = Path(os.environ.get("DEQI_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "fmriprep_tree").is_dir():
        pytest.skip(f"no real data in {folder}; set DEQI_TEST_DATA to the folder that has fmriprep_tree")
    return folder
