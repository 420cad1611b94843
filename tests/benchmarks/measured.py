"""Commands in processes of their own: wall time, and the largest memory of the whole tree of one process."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

INFLATE = """
import sys
from isal import igzip
buffer = bytearray(1 << 22)
with igzip.open(sys.argv[1], "rb") as stream:
    while stream.readinto(buffer):
        pass
"""


def cpu() -> str:
    """Return the name of the processor, where the system tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


@dataclass(frozen=True)
class Cost:
    """Median seconds, MiB, and median seconds of processors."""

    seconds: float
    memory: float
    processors: float = 0.0


def measure(commands: dict[str, list[str]], repeats: int) -> dict[str, Cost]:
    """Run each command `repeats` times, in turn, so that all see the same weather."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    memory: dict[str, float] = {}
    used: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, words in commands.items():
            started = time.perf_counter()
            child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            assert child.stderr is not None
            said = child.stderr.read()
            _, status, usage = os.wait4(child.pid, 0)
            seconds[name].append(time.perf_counter() - started)
            used[name].append(usage.ru_utime + usage.ru_stime)
            memory[name] = max(memory.get(name, 0.0), usage.ru_maxrss / 1024)
            if status:
                raise SystemExit(f"{name} failed: {said.decode()}")
    return {name: Cost(median(seconds[name]), memory[name], median(used[name])) for name in commands}


def inflate(path: Path) -> list[str]:
    """Return the command that inflates a file and does nothing else, with the fastest inflate installed."""
    return [sys.executable, "-c", INFLATE, str(path)]


def publish(document: Path, marks: tuple[str, str], text: str) -> None:
    """Print a text, and write it between two marks of a page."""
    print(text)
    before, first, rest = document.read_text(encoding="utf-8").partition(marks[0])
    _, last, after = rest.partition(marks[1])
    if not first or not last:
        raise SystemExit(f"{document} lacks the marks {marks}")
    document.write_text(f"{before}{first}\n{text}\n{last}{after}", encoding="utf-8")
