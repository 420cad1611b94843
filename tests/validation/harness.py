"""What the simulations share: lines of a table, done in parts side by side, each with its share and its band."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from measured import publish

PARTS = 20
"""Seeds of a line: what is drawn does not depend on how many processes there are."""


class Line(NamedTuple):
    """What is looked at, one data set of it, how many times as many, and where the share that passes may lie.

    Without a band the line is shown and binds nothing.
    """

    name: str
    one: Callable[[np.random.Generator], list[bool]]
    times: float
    band: tuple[float, float] | None


def asked(about: str | None, trials: int) -> argparse.Namespace:
    """Return how many trials are asked for, and processes."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--trials", type=int, default=trials)
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def trials(line: Line, seed: Sequence[int], count: int) -> list[bool]:
    """Return whether each test of some data sets of a line passes."""
    rng = np.random.default_rng(list(seed))
    with threadpool_limits(1):
        return [one for _ in range(count) for one in line.one(rng)]


def table(lines: Sequence[Line], seed: Sequence[int], args: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Return the rows of a table in Markdown, and the names of lines outside their band.

    Parameters
    ----------
    seed : sequence of int
        Follows the numbers of line and part, so that tables draw other data.
    """
    rows, failed = ["| what | tests | pass at .05 | must lie in |", "|---|---|---|---|"], []
    with ProcessPoolExecutor(args.jobs) as pool:
        for number, line in enumerate(lines):
            print(line.name, file=sys.stderr)
            count = max(int(line.times * args.trials) // PARTS, 1)
            seeds = [(number, part, *seed) for part in range(PARTS)]
            found = [one for part in pool.map(partial(trials, line, count=count), seeds) for one in part]
            share, said = float(np.mean(found)), "shown, not bound"
            if line.band:
                low, high = (
                    float(stats.binom.ppf(q, len(found), p)) for q, p in zip((0.005, 0.995), line.band, strict=True)
                )
                low, high = low / len(found), high / len(found)
                said = f"{low:.3f} to {high:.3f}"
                failed += [] if low <= share <= high else [line.name]
            rows.append(f"| {line.name} | {len(found):,} | {share:.3f} | {said} |")
    return rows, failed


def publish_table(
    document: Path, marks: tuple[str, str], about: str, rows: Sequence[str], failed: Sequence[str]
) -> None:
    """Write a table with its date between two marks, and end with 1 if a line is outside its band."""
    publish(document, marks, f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}. {about}\n\n" + "\n".join(rows) + "\n")
    if failed:
        sys.exit(f"Outside their band: {', '.join(failed)}")
