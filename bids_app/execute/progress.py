"""What long work says while it runs: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from tqdm import tqdm

from bids_app.execute.call_messages import written


def say(text: str, kind: str = "") -> None:
    """Print a line to standard error, above a progress bar if there is one; for the kinds see `messages`."""
    tqdm.write(written(text, kind), file=sys.stderr)


@contextlib.contextmanager
def permutation_bar(
    unit: str = "relabellings", each: str = "contrast"
) -> Iterator[Callable[[str, str, int, int, float], None]]:
    """Show relabellings on a bar, or one line for each map where there is no terminal.

    Yields
    ------
    callable
        Takes the map and its contrast, how many are done of how many, and the height that passes so far.
    """
    bar = tqdm(unit=unit[:4], disable=not sys.stderr.isatty(), file=sys.stderr, smoothing=0.05)
    seen = "", ""

    def progress(of: str, what: str, done: int, total: int, height: float) -> None:
        nonlocal seen
        if (of, what) != seen:
            bar.reset(total)
            bar.set_description(f"{of}, {what}")
            if bar.disable and of != seen[0]:
                say(f"{of}: {total} {unit} of each {each}")
            seen = of, what
        bar.set_postfix_str(f"|t| > {height:.2f} passes so far" if height < float("inf") else "", refresh=False)
        bar.update(done - bar.n)

    with bar:
        yield progress
