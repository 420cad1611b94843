"""What calls run on: threads of this process, each with a child of its own, or workers of Dask on other machines."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from bids_app import __version__
from bids_app.dataset.tables import read_json
from bids_app.errors import UnavailableError, UsageError
from bids_app.vocabulary.options.execution import Execution

WAIT_SECONDS = 10
"""For the scheduler to answer, and for its first worker."""


@dataclass(frozen=True)
class Workers:
    """Who does calls: an executor of them, how many run side by side, and how to have a word with every worker."""

    pool: Executor
    side_by_side: int
    tell: Callable[[Callable[[str], None], str], None]


@contextlib.contextmanager
def workers(execution: Execution, calls: int) -> Iterator[Workers]:
    """Give what a call of the command line is to run its own calls on."""
    if execution.executor == "dask":
        with _dask(execution) as found:
            yield found
        return
    side_by_side = execution.side_by_side(calls)
    with ThreadPoolExecutor(side_by_side) as pool:
        yield Workers(pool, side_by_side, lambda word, batch: word(batch))


@contextlib.contextmanager
def _dask(execution: Execution) -> Iterator[Workers]:
    """Give the workers of a scheduler that runs already; keys of TLS come from the configuration of Dask.

    Raises
    ------
    UsageError
        If Dask is not installed, or the address is none.
    UnavailableError
        If the scheduler or its workers do not answer, or workers have another version of deqi.
    """
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ImportError as error:
        raise UsageError("--executor dask needs Dask: pip install 'deqi[dask]', here and on the workers.") from error
    logging.disable()  # of Dask's own talk: what matters is said in our words
    where = execution.scheduler or str(read_json(_file(execution)).get("address", ""))
    try:
        get_address_host_port(where)
    except ValueError as error:
        raise UsageError(f"--dask-scheduler {where}: {error}. Expected tcp://HOST:PORT or tls://HOST:PORT.") from error
    try:
        client = Client(where, timeout=WAIT_SECONDS, set_as_default=False)
    except Exception as error:
        said = f"{error}".partition("\n")[0]
        raise UnavailableError(f"The Dask scheduler ({where}) does not answer: {said}. {_START}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WAIT_SECONDS)
        except TimeoutError as error:
            raise UnavailableError(f"The Dask scheduler ({where}) has no worker. {_START}") from error
        # A function that every worker has, whatever its deqi.
        _require_same_version(client.run(metadata.version, "deqi", on_error="return"))

        def tell(word: Callable[[str], None], batch: str) -> None:
            with contextlib.suppress(Exception):  # workers that are gone do nothing more anyway
                client.run(word, batch)

        yield Workers(client.get_executor(pure=False), sum(client.nthreads().values()), tell)


def _file(execution: Execution) -> Path:
    assert execution.scheduler_file
    return execution.scheduler_file


_START = "Start `dask scheduler --scheduler-file FILE` and `dask worker --scheduler-file FILE --nthreads 1` first."


def _require_same_version(found: Mapping[str, object]) -> None:
    said = {worker: version if isinstance(version, str) else "none" for worker, version in found.items()}
    if other := sorted(f"{version} on {worker}" for worker, version in said.items() if version != __version__):
        raise UnavailableError(f"Workers have another deqi than {__version__}: {', '.join(other[:4])}. Install one.")
