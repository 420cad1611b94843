"""Many calls of deqi on any executor: progress, what is left of the time, and an orderly end."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tqdm import tqdm

from bids_app.errors import UnavailableError
from bids_app.execute.child import Ended, NotStartedError, end_all, run_child
from bids_app.execute.failures import why
from bids_app.execute.progress import say


@dataclass
class Outcome:
    """What has become of calls: how those ended that failed, by label, and which were never started."""

    failed: dict[str, Ended] = field(default_factory=dict)
    not_started: list[str] = field(default_factory=list)


def run_calls(
    calls: Mapping[str, Sequence[str]], executor: Executor, unit: str, *, stop_early: bool = False
) -> Outcome:
    """Do every call in a process of its own.

    The first Ctrl-C lets those that run come to their end and starts no others; the second kills them.

    Parameters
    ----------
    calls : mapping
        Words of the command line by label.
    unit : str
        What one call is about, for the progress bar.
    stop_early : bool
        After a failure start no others.
    """
    here, batch = str(Path.cwd()), uuid4().hex if stop_early else ""
    futures = {executor.submit(run_child, words, here, batch): label for label, words in calls.items()}
    work = _Work(futures, unit)
    with work.bar:
        try:
            for future in as_completed(list(futures)):
                work.note(future)
                if stop_early and work.outcome.failed:
                    work.start_no_more()
        except KeyboardInterrupt:
            work.start_no_more()
            say(f"Stopping: {len(futures)} that run are being finished. Ctrl-C again ends them at once.")
            work.finish()
            raise
        except BaseException:
            work.start_no_more()
            end_all()
            raise
    return work.outcome


class _Work:
    """Calls under way, and what has become of the others."""

    def __init__(self, futures: dict[Future[Ended], str], unit: str) -> None:
        self._left, self._total, self._began = futures, len(futures), time.monotonic()
        self.outcome = Outcome()
        self.bar = tqdm(
            total=len(futures), unit=unit, disable=not sys.stderr.isatty(), file=sys.stderr, desc=f"{unit}s"
        )

    def note(self, future: Future[Ended]) -> None:
        """Take up how a call ended, and say so."""
        if future not in self._left:
            return
        label, ended = self._left.pop(future), _result(future)
        if ended is None:
            self.outcome.not_started.append(label)
            return
        number = self._total - len(self._left)
        for line in ended.text.splitlines():
            if line.startswith(("warning: ", "failed: ")):
                say(line)
        self.bar.update()
        if ended.code:
            self.outcome.failed[label] = ended
            say(f"[{number}/{self._total}] {label} failed: {why(ended)}")
        elif self.bar.disable:
            seconds = (time.monotonic() - self._began) / number * len(self._left)
            say(f"[{number}/{self._total}] {label} done, about {seconds:.0f} s left")

    def start_no_more(self) -> None:
        """Take back the calls that have not begun."""
        waiting = [future for future in self._left if future.cancel()]
        self.outcome.not_started += sorted(self._left.pop(future) for future in waiting)

    def finish(self) -> None:
        """Wait for calls that have begun; whatever disturbs this kills them."""
        try:
            for future in as_completed(list(self._left)):
                self.note(future)
        except BaseException:
            end_all()
            raise


def _result(future: Future[Ended]) -> Ended | None:
    """Return how a call ended; None if it was not started.

    Raises
    ------
    UnavailableError
        If the executor itself is gone, and with it all calls.
    """
    try:
        return future.result()
    except NotStartedError:
        return None
    except CancelledError as error:  # by the executor: ours are taken out before
        raise UnavailableError(
            "The Dask scheduler is gone. What it had finished is kept; start it again, and run the same command."
        ) from error
    except OSError as error:  # this machine starts no more processes
        return Ended(1, f"failed: it could not be started ({error})", "", "", 0.0)
    except Exception as error:  # noqa: BLE001  (workers that die under one call must not stop the others)
        return Ended(1, f"failed: its worker was lost ({type(error).__name__}: {error})", "", "", 0.0)
