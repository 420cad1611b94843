"""What fMRIPrep has still to do before deqi can start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bids_app.dataset.layout import derivative_roots
from bids_app.errors import MissingInputError
from bids_app.launch import preprocessing
from bids_app.launch.arguments import with_derivatives
from bids_app.launch.preprocessing import Preprocessing
from bids_app.vocabulary.options.execution import Execution


def asked_of(execution: Execution, space: str, tasks: Iterable[str], participants: Iterable[str]) -> Preprocessing:
    """Return the fMRIPrep run for participants, with this call's resources."""
    return Preprocessing(
        bids_dir=execution.bids_dir,
        output_dir=execution.output_dir,
        participants=tuple(participants),
        work_dir=execution.work_dir,
        nprocs=execution.nprocs,
        memory_mb=execution.memory_mb,
        space=space,
        tasks=tuple(tasks),
    )


def how_to_make(program: str, execution: Execution, space: str, tasks: Iterable[str]) -> str:
    """Return how the input that a modality lacks is made by a program; nothing if no command of it is known."""
    if program != "fmriprep":
        return ""
    return preprocessing.advice(asked_of(execution, space, tasks, execution.participants))


def provide(execution: Execution, space: str, tasks: Iterable[str]) -> Execution:
    """Print or run fMRIPrep for participants without derivatives; return the call with the new folder among its own.

    Raises
    ------
    MissingInputError
        If fMRIPrep is to be run and cannot be, or fails.
    """
    if not execution.bids_dir.is_dir():
        raise MissingInputError(f"BIDS_DIR {execution.bids_dir} is not a folder; expected a BIDS dataset.")
    everyone = asked_of(execution, space, tasks, execution.participants)
    roots = derivative_roots(execution.bids_dir, execution.derivatives)
    found = preprocessing.provide(everyone, roots, execution.preproc)
    # Participants and alternatives get these words: fMRIPrep has run, and its folder has a name now.
    argv = tuple(with_derivatives(execution.argv, found))
    return replace(execution, derivatives=tuple(found.items()), argv=argv)
