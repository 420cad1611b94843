"""What fMRIPrep has still to do before deqi can start."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace

from bids_app.dataset.layout import derivative_roots
from bids_app.errors import MissingInputError
from bids_app.launch.preprocessing import Preprocessing, run, without_derivatives
from bids_app.settings import Execution


def asked_of(execution: Execution, participants: Iterable[str]) -> Preprocessing:
    """Return the fMRIPrep run for participants, with this call's resources."""
    return Preprocessing(
        execution.bids_dir, execution.output_dir, tuple(participants), execution.work_dir, execution.nprocs,
        execution.memory_mb,
    )  # fmt: skip


def provide(execution: Execution) -> Execution:
    """Print or run fMRIPrep for participants without derivatives; return the call with the new folder among its own.

    Raises
    ------
    MissingInputError
        If fMRIPrep is to be run and cannot be, or fails.
    """
    if not execution.bids_dir.is_dir():
        raise MissingInputError(f"BIDS_DIR {execution.bids_dir} is not a folder; expected a BIDS dataset.")
    folder = asked_of(execution, ()).folder
    roots = derivative_roots(execution.bids_dir, execution.derivatives)
    if folder.is_dir() and folder not in (root.resolve() for root in roots.values()):
        roots["preproc"] = folder
    asked = asked_of(
        execution, without_derivatives(execution.bids_dir, roots.values(), [p.strip() for p in execution.participants])
    )
    if execution.preproc == "print":
        print(shlex.join(asked.command()) if asked.participants else "# every participant has fMRIPrep derivatives")
    elif asked.participants:
        run(asked, execution.preproc)
        if folder not in (root.resolve() for root in roots.values()):
            roots["preproc"] = folder
    return replace(execution, derivatives=tuple(roots.items()))
