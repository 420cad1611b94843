"""Which folders a call may write into: never the input. Standard library alone, for the launcher of the container."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bids_app.dataset.layout import derivative_roots
from bids_app.errors import UsageError


def check_folders(
    bids_dir: Path, output_dir: Path, work_dir: Path | None, derivatives: Iterable[tuple[str, Path]]
) -> None:
    """Refuse folders that would write into the input.

    Raises
    ------
    UsageError
        If output or work folder is the input dataset, or the output lies in the derivatives.
    """
    place, output = bids_dir.resolve(), output_dir.resolve()
    other = f"Choose another folder, e.g. {bids_dir}/derivatives/deqi"
    if output == place:
        raise UsageError(f"OUTPUT_DIR is BIDS_DIR ({place}); input is never written to. {other}")
    if output.is_relative_to(place) and output.relative_to(place).parts[0].startswith("sub-"):
        raise UsageError(
            f"OUTPUT_DIR lies in the folder of a participant ({place}); input is never written to. {other}"
        )
    roots = [root.resolve() for root in derivative_roots(bids_dir, derivatives).values()] if place.is_dir() else []
    for root in roots:
        if output.is_relative_to(root) and root != place:
            raise UsageError(
                f"OUTPUT_DIR lies in the fMRIPrep derivatives ({root}); input is never written to. {other}"
            )
    for root in (place, *roots):
        if work_dir and work_dir.resolve().is_relative_to(root):
            raise UsageError(f"--work-dir lies inside the input ({root}); choose a folder outside.")
