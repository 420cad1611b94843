"""What fMRIPrep has still to do before deqi can start."""

from __future__ import annotations

import shlex

from bids_app.dataset.layout import derivative_roots, participants_in
from bids_app.errors import MissingInputError
from bids_app.launch.preprocessing import run_fmriprep
from bids_app.plan.inputs import preprocessing_command
from bids_app.settings import Execution


def provide(execution: Execution) -> None:
    """Print or run the fMRIPrep command for participants that have no derivatives yet.

    Raises
    ------
    MissingInputError
        If fMRIPrep is to be run and cannot be, or fails.
    """
    if not execution.bids_dir.is_dir():
        raise MissingInputError(f"BIDS_DIR {execution.bids_dir} is not a folder; expected a BIDS dataset.")
    roots = derivative_roots(execution.bids_dir, execution.derivatives)
    have = {label for root in roots.values() for label in participants_in(root)}
    wanted = [p.removeprefix("sub-") for p in execution.participants] or participants_in(execution.bids_dir)
    missing = [label for label in wanted if label not in have]
    command = preprocessing_command(execution, missing)
    if execution.preproc == "print":
        print(shlex.join(command) if missing else "# every participant has fMRIPrep derivatives")
    elif missing:
        run_fmriprep(command)
