"""Brings every fault about and writes the tables of docs/reliability.md from what came of them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fault_matrix import PAGE, SECTIONS

COLUMNS = "Fault", "Exit code", "What is said", "What is left", "The same command again, once it is corrected"
COLUMNS = "Fault", "Exit code", "What is said", "What is left", "The same command again, once it is corrected"
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/faults", "tests/cluster"]
        ended = subprocess.run(command, env={**os.environ, "DEQI_RELIABILITY": folder}, check=False)
        if ended.returncode:
            return ended.returncode
        before, start, rest = PAGE.read_text().partition("<!-- rows -->")
        _, end, after = rest.partition("<!-- end of rows -->")
        found = {path.read_text() for path in Path(folder).glob("*/*")}
        gone = [line for line in rest.splitlines() if line.startswith("| ") and _fault(line) not in map(_fault, found)]
        if lost := [line for line in gone if not line.startswith("| Fault") and "--drop" not in sys.argv]:
            print("No test tells of these any more, or it was skipped (--drop takes them out):", *lost, sep="\n")
            return 1
        made = []
        for section, title in SECTIONS.items():
            rows = sorted(path.read_text() for path in (Path(folder) / section).glob("*"))
            made.append(f"\n## {title}\n\n{HEAD}{''.join(rows)}")
        PAGE.write_text(before + start + "\n" + "".join(made) + "\n" + end + after)
    return 0


def _fault(row: str) -> str:
    return row.split(" | ", maxsplit=1)[0]


if __name__ == "__main__":
    sys.exit(main())
