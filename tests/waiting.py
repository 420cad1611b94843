"""Other processes: wait for what they do, and tell whose they are."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


def waited(condition: Callable[[], Found], seconds: float = 60) -> Found:
    """Wait until something is true and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not come about in {seconds} s")


def parent(number: int) -> int:
    """Return the number of the process that started another; 0 if that has ended."""
    with suppress(OSError):
        return int(re.search(r"PPid:\s+(\d+)", Path(f"/proc/{number}/status").read_text())[1])
    return 0
