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
def permutation_bar(unit: str = "relabellings") -> Iterator[Callable[[str, int, int, float], None]]:
    """Show relabellings on a bar, or one line for each contrast where there is no terminal."""
    bar = tqdm(unit=unit[:4], disable=not sys.stderr.isatty(), file=sys.stderr, smoothing=0.05)
    seen = ""

    def progress(what: str, done: int, total: int, height: float) -> None:
        nonlocal seen
        if what != seen:
            bar.reset(total)
            bar.set_description(what)
            if bar.disable:
                say(f"{what}: {total} {unit}")
            seen = what
        bar.set_postfix_str(f"|t| > {height:.2f} passes so far" if height < float("inf") else "", refresh=False)
        bar.update(done - bar.n)

    with bar:
        yield progress
