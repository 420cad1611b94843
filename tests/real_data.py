"""Real data, which are not in the repository: the folder in DEQI_TEST_DATA, else `shared/data` beside the clone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("DEQI_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def real(name: str) -> Path:
    """Return a file or folder of the real data; skip the test where it is absent."""
    if not (FOLDER / name).exists():
        pytest.skip(f"{name} is not in {FOLDER}; set DEQI_TEST_DATA to the folder that has it")
    return FOLDER / name
