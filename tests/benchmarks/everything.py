"""`make bench`: every benchmark of docs/performance.md in turn, an hour, half of it nilearn's.

Those of thousands of participants (`make bench-scale`) and beside programs of an environment of their own
(`make bench-molecules`) are not among them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

PARTS = "participant", "batch", "group", "eeg", "pet", "measures", "studies", "optics", "sizes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some alone: {', '.join(PARTS)}")
    parser.add_argument("--without-nilearn", action="store_true", help="leave its time at the participant level out")
    args = parser.parse_args()
    for name in args.parts or PARTS:
        print(f"\n== {name}", flush=True)
        more = ["--without-nilearn"] if args.without_nilearn and name == "participant" else []
        subprocess.run([sys.executable, str(Path(__file__).with_name(f"{name}.py")), *more], check=True)


if __name__ == "__main__":
    main()
