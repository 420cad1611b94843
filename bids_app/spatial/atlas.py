"""The atlas that an association names."""

from __future__ import annotations

from pathlib import Path

from bids_app.dataset.atlases.images import atlas_file, table_beside
from bids_app.dataset.tables import stands
from bids_app.errors import UsageError
from bids_app.spatial.options import RegionalOptions


def named_atlas(options: RegionalOptions, space: str, where: str) -> Path:
    """Return the label image of an association's regions.

    Raises
    ------
    DeqiError
        If none is named, or it is not there, or its name says another space.
    """
    if not options.atlas:
        raise UsageError(
            f"associations.{where}.atlas is not given; expected the label image of the regions of the reference, in "
            f"{space}, with a table of its labels beside."
        )
    return atlas_file(options.atlas, space)


def beside(atlas: Path) -> list[Path]:
    """Return the table of labels of an atlas, if it has one."""
    return [table_beside(atlas)] if stands(table_beside(atlas)) else []
