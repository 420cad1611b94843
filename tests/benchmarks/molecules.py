"""Surrogates, genes and sets beside BrainSMASH, BrainSpace, gseapy and scikit-learn; writes docs/performance.md.

The outside programs run in a Python of their own (`--outside PYTHON`; BrainSMASH is under the GPL and no dependency of
ours). Each piece of work is a process on one thread, by turns; figures are medians, memory is the peak of a process.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from measured import cpu, publish
from molecules_work import GENES, REGIONS

ROOT = Path(__file__).parents[2]
MARKS = "<!-- molecules: made by make bench-molecules -->", "<!-- end of molecules -->"
WORK = {
    "surrogates, variogram kept": ("deqi_variogram", "brainsmash", "BrainSMASH"),
    "surrogates, Moran's I kept": ("deqi_moran", "brainspace", "BrainSpace"),
    "Spearman of every gene": ("deqi_scores", "scipy_scores", "scipy, map by map"),
    "variance that component 1 explains": ("deqi_components", "sklearn_components", "scikit-learn, refitted"),
    "500 sets of 2,000 genes": ("deqi_sets", "gseapy_sets", "gseapy (random genes)"),
}
"""What is done: by us, by whom else, and what that is called."""


def run(python: str, name: str) -> dict[str, float]:
    """Do a piece of work in a Python of its own, on one thread; return what it cost and said."""
    env = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")}
    words = [python, str(Path(__file__).with_name("molecules_work.py")), name]
    ended = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
    if ended.returncode:
        raise SystemExit(f"{python} {name}: {ended.stderr}")
    return json.loads(ended.stdout.splitlines()[-1])


def line(name: str, program: str, ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> str:
    own, other = (median(1000 * one["seconds"] / one["count"] for one in many) for many in (ours, theirs))
    first, second = ours[0], theirs[0]
    cells = [
        name, f"{own * first['count'] / 1000:.2g} s for {first['count']:,.0f}", f"{own:.2g} s",
        program, f"{other:.3g} s",
        f"**{other / own:,.3g}**", f"{first['memory']:.0f} against {second['memory']:.0f} MiB",
        f"{first['said']:.5g} and {second['said']:.5g}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outside", required=True, help="Python with brainsmash, brainspace, gseapy, scikit-learn")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    head = ["work", "deqi", "a thousand maps", "beside", "a thousand maps", "times", "peak memory", "agreement"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, (own, other, program) in WORK.items():
        pairs = [(run(sys.executable, own), run(args.outside, other)) for _ in range(args.repeats)]
        lines.append(line(name, program, [pair[0] for pair in pairs], [pair[1] for pair in pairs]))
        print(lines[-1], flush=True)
    where = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {cpu()}, one thread, medians of {args.repeats}; {REGIONS} regions, "
        f"{GENES:,} genes. Agreement: mean Moran's I of surrogates, the first gene's correlation, the variance "
        "explained, the enrichment score of a set. gseapy draws random genes, 1,000 times; deqi scores sets of 10,000 "
        "whole maps."
    )
    publish(ROOT / "docs" / "performance.md", MARKS, "\n".join(["", where, "", *lines, ""]))


if __name__ == "__main__":
    main()
