"""What the simulations share: lines of a table, done in parts side by side, each with its share and its band."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import stats

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


def table(
    lines: Sequence[Line], run: Callable[[int, int, int], list[bool]], args: argparse.Namespace, what: str = "tests"
) -> tuple[list[str], list[str]]:
    """Return the rows of a table in Markdown, and the names of lines outside their band.

    Parameters
    ----------
    run : callable
        Number of a line, of a part, and how many data sets -> whether each test passes; of a module's own, so that
        other processes find it.
    """
    rows, failed = [f"| what | {what} | pass at .05 | must lie in |", "|---|---|---|---|"], []
    with ProcessPoolExecutor(args.jobs) as pool:
        for number, line in enumerate(lines):
            print(line.name, file=sys.stderr)
            count = max(int(line.times * args.trials) // PARTS, 1)
            found = [one for part in pool.map(partial(run, number, count=count), range(PARTS)) for one in part]
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
