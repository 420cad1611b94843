"""Jobs -> files: skips what is finished, collects failures, shows progress, never lets one job stop another."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bids_app.derivatives.atomic import make_folder, write_text
from bids_app.derivatives.dataset import DEMONSTRATION, SYNTHETIC_NOTICE, describe_dataset
from bids_app.derivatives.files import write_json
from bids_app.derivatives.names import record_path
from bids_app.derivatives.records import fingerprint, is_done, write_record
from bids_app.derivatives.settings_file import to_toml
from bids_app.errors import DeqiError
from bids_app.vocabulary.job import GroupJob, Job, ParticipantJob, Summary

CHILD = "DEQI_CHILD"
"""Set in the environment of child processes: they leave progress and dataset-level files to their parent."""

MEMORY_PER_PARTICIPANT_MB = 600
"""What one participant may need at 2 mm and some hundred volumes; `--mem` divided by it bounds the children."""


def is_child() -> bool:
    """Tell whether this process works for another deqi."""
    return CHILD in os.environ


def die_with_parent() -> None:
    """End this child when its parent is gone: the parent holds the other end of our standard input."""

    def wait() -> None:
        # The bare descriptor: a buffered reader would hold a lock when the interpreter shuts down.
        with contextlib.suppress(OSError):
            os.read(0, 1)
        os._exit(143)

    threading.Thread(target=wait, daemon=True).start()


def say(text: str) -> None:
    """Print a line to standard error, above a progress bar if there is one."""
    tqdm.write(text, file=sys.stderr)


def run_jobs(jobs: Sequence[Job]) -> dict[str, str]:
    """Do jobs one after another in this process.

    Returns
    -------
    failures : dict
        Message of each failed job by its label.
    """
    failures = {}
    for job in jobs:
        mark = fingerprint(job.context(), job.inputs)
        record = record_path(job.output_dir, job.label)
        if is_done(record, mark):
            if not is_child():
                say(f"{job.label}: already done")
            continue
        try:
            started = time.monotonic()
            summary = _run(job)
            for warning in summary.warnings:
                say(f"warning: {warning}")
            write_record(record, mark, summary.files, summary.notes)
            _failure_path(job).unlink(missing_ok=True)
            if not is_child():
                say(f"{job.label}: done in {time.monotonic() - started:.1f} s")
        except (DeqiError, MemoryError) as error:
            failures[job.label] = _failed(job, str(error) or "out of memory; raise --mem", error)
        except Exception as error:  # noqa: BLE001  (one job's fault must not stop the others)
            failures[job.label] = _failed(job, f"unexpected {type(error).__name__}: {error}", error)
    return failures


def _run(job: Job) -> Summary:
    # Each level pays for its own imports alone: the compiler of the kernels is the group's.
    if isinstance(job, ParticipantJob):
        from bids_app.levels import participant

        return participant.run(job)
    assert isinstance(job, GroupJob)
    from bids_app.levels import group

    with _bar() as progress:
        return group.run(job, progress)


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show relabellings on a bar, or one line for each contrast where there is no terminal."""
    bar = tqdm(unit="perm", disable=not sys.stderr.isatty(), file=sys.stderr, smoothing=0.05)
    seen = ""

    def progress(what: str, done: int, total: int) -> None:
        nonlocal seen
        if what != seen:
            bar.reset(total)
            bar.set_description(what)
            if bar.disable:
                say(f"{what}: {total} relabellings")
            seen = what
        bar.update(done - bar.n)

    with bar:
        yield progress


def _failure_path(job: Job) -> Path:
    return job.output_dir / "logs" / "failed" / f"{job.label}.json"


def _failed(job: Job, message: str, error: BaseException) -> str:
    """Keep a record of a failed job and return its message."""
    content = {"Message": message, "Error": type(error).__name__, "Inputs": [str(path) for path in job.inputs[:20]]}
    if not isinstance(error, DeqiError):
        content["Traceback"] = traceback.format_exception(error)
    with contextlib.suppress(DeqiError):
        write_json(_failure_path(job), content)
    say(f"failed: {job.label}: {message}")
    return message


def run_children(participants: Sequence[str], argv: Sequence[str], slots: int) -> dict[str, str]:
    """Do each participant in a child process of its own, `slots` at a time.

    The child runs the very command line `argv`, for its one participant. One that is killed, by lack of
    memory for instance, then costs its own participant alone.

    Returns
    -------
    failures : dict
        Last words of each failed participant.
    """

    def command(label: str) -> list[str]:
        return [sys.executable, "-m", "bids_app", *argv, "--participant-label", label, "--nprocs", "1"]

    failures = {}
    bar = tqdm(
        total=len(participants),
        unit="participant",
        disable=not sys.stderr.isatty(),
        file=sys.stderr,
        desc="participants",
    )
    started = time.monotonic()
    with bar, ThreadPoolExecutor(slots) as pool:
        futures = {pool.submit(_child, command(label)): label for label in participants}
        for number, future in enumerate(as_completed(futures), 1):
            label, (code, text) = futures[future], future.result()
            for line in text.splitlines():
                if line.startswith(("warning: ", "failed: ")):
                    say(line)
            left = (time.monotonic() - started) / number * (len(participants) - number)
            bar.update()
            if code:
                failures[f"sub-{label}"] = _last_words(code, text)
                say(f"[{number}/{len(participants)}] sub-{label} failed: {failures[f'sub-{label}']}")
            elif bar.disable:
                say(f"[{number}/{len(participants)}] sub-{label} done, about {left:.0f} s left")
    return failures


def _child(command: list[str]) -> tuple[int, str]:
    environment = {**os.environ, CHILD: "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True,
        errors="replace",
    ) as child:  # fmt: skip
        assert child.stdout is not None
        text = child.stdout.read()
        return child.wait(), text


def _last_words(code: int, text: str) -> str:
    if code in (-9, 137):
        return "killed, probably out of memory; raise --mem or lower --nprocs"
    lines = [line for line in text.splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("failed: ")]
    return (said or lines or [f"exit code {code}"])[-1].removeprefix("failed: ")


def slots(nprocs: int, memory_mb: int | None, participants: int) -> int:
    """Return how many participants may run side by side."""
    by_memory = max(1, memory_mb // MEMORY_PER_PARTICIPANT_MB) if memory_mb else nprocs
    return max(1, min(nprocs, by_memory, participants))


def choose_cache(work_dir: Path | None) -> None:
    """Give compiled kernels a folder of our own to be kept in, if any can be written.

    Without one they are compiled anew: numba refuses to start with a cache that it cannot write.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = work_dir / "numba" if work_dir else Path(home) / "deqi" / "numba"
    with contextlib.suppress(DeqiError):
        make_folder(folder)
        os.environ["NUMBA_CACHE_DIR"] = str(folder)


def describe(
    output_dir: Path,
    sources: Mapping[str, Path],
    generated_by: Sequence[Mapping[str, Any]],
    tables: Mapping[str, tuple[type[Any], Mapping[str, Any]]],
) -> None:
    """Write what belongs to the whole output dataset: its description and the settings used."""
    make_folder(output_dir)
    notice = SYNTHETIC_NOTICE if any(entry.get("Name") == DEMONSTRATION for entry in generated_by) else ""
    describe_dataset(output_dir, sources, list(generated_by), notice)
    heading = ["Settings that these results were computed with; feed them back in with --config."]
    write_text(output_dir / "logs" / "settings.toml", to_toml(tables, heading))
