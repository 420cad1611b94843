"""Many calls of deqi on any executor: progress, what is left of the time, and an orderly end."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tqdm import tqdm

from bids_app.errors import UnavailableError
from bids_app.execute import subprocess_call
from bids_app.execute.call_messages import Message
from bids_app.execute.executors import Workers
from bids_app.execute.failures import reason_of
from bids_app.execute.progress import say
from bids_app.execute.subprocess_call import CallResult, NotStartedError

Settle = Callable[[str, CallResult], None]


@dataclass
class CallOutcomes:
    """What has become of calls: how those ended that failed, by label, and which were never started."""

    failed: dict[str, CallResult] = field(default_factory=dict)
    not_started: list[str] = field(default_factory=list)


def run_calls(
    calls: Mapping[str, Sequence[str]], workers: Workers, unit: str, settle: Settle, *, stop_early: bool = False
) -> CallOutcomes:
    """Do every call in a process of its own.

    The first Ctrl-C lets those that run come to their end and starts no others; the second kills them.

    Parameters
    ----------
    calls : mapping
        Words of the command line by label.
    unit : str
        What one call is about, for the progress bar.
    settle : callable
        Told at once how each call ended, by label.
    stop_early : bool
        After a failure start no others.
    """
    here, batch = str(Path.cwd()), uuid4().hex
    work = _Work(len(calls), unit, settle)
    with work.bar:
        try:
            with _uninterrupted():
                for label, words in calls.items():
                    work.left[
                        workers.pool.submit(subprocess_call.run_child, words, here, batch, stop_early=stop_early)
                    ] = label
            for ended_badly in work.finish():
                if ended_badly and stop_early:
                    workers.tell(subprocess_call.stop, batch)
        except KeyboardInterrupt:
            workers.tell(subprocess_call.stop, batch)
            say("Stopping: those that run are being finished. Ctrl-C again ends them at once.")
            try:
                list(work.finish())
            finally:
                workers.tell(subprocess_call.end, batch)
            raise
        except BaseException:
            workers.tell(subprocess_call.end, batch)
            raise
    return work.outcome


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back until the end: a call that has begun must be among those that we wait for."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield  # Ctrl-C does not end us here
        return
    asked: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


class _Work:
    """Calls under way, by their futures, and what has become of the others."""

    def __init__(self, total: int, unit: str, settle: Settle) -> None:
        self.left: dict[Future[CallResult], str] = {}
        self.outcome = CallOutcomes()
        self._total, self._settle, self._began = total, settle, time.monotonic()
        self.bar = tqdm(total=total, unit=unit, disable=not sys.stderr.isatty(), file=sys.stderr, desc=f"{unit}s")

    def finish(self) -> Iterator[bool]:
        """Wait for every call that was handed over; tell of each whether it failed."""
        for future in as_completed(list(self.left)):
            yield self._note(self.left.pop(future), _result(future))

    def _note(self, label: str, ended: CallResult | None) -> bool:
        """Take up how a call ended, and say so."""
        if ended is None:
            self.outcome.not_started.append(label)
            return False
        self._settle(label, ended)
        number = self._total - len(self.left)
        for message in ended.messages:
            if message.kind in ("warning", "failed"):
                say(message.text, message.kind)
        self.bar.update()
        if ended.code:
            self.outcome.failed[label] = ended
            say(f"[{number}/{self._total}] {label} failed: {reason_of(ended)}")
        elif self.bar.disable:
            seconds = (time.monotonic() - self._began) / number * len(self.left)
            say(f"[{number}/{self._total}] {label} done, about {seconds:.0f} s left")
        return ended.code != 0


def _result(future: Future[CallResult]) -> CallResult | None:
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
    except CancelledError as error:  # by the executor: we stop calls in another way
        raise UnavailableError(
            "The Dask scheduler is gone. What it had finished is kept; start it again, and run the same command."
        ) from error
    except OSError as error:  # this machine starts no more processes
        return _lost(f"it could not be started ({error})")
    except Exception as error:  # noqa: BLE001  (workers that die under one call must not stop the others)
        return _lost(f"its worker was lost ({type(error).__name__}: {error})")


def _lost(why_not: str) -> CallResult:
    return CallResult(code=1, messages=(Message("failed", why_not),), host="", job="", peak_mb=0.0)
