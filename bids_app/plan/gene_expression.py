"""Associations without a table of genes get one from the Allen atlas, if the call names its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bids_app.dataset.atlases.images import atlas_file
from bids_app.dataset.atlases.parcels import atlas_regions
from bids_app.derivatives.completion_records import digest
from bids_app.launch.abagen_run import made, make_table, microarrays
from bids_app.spatial.atlas import beside
from bids_app.spatial.options import RegionalOptions
from bids_app.vocabulary.options.execution import Execution


def with_tables(associations: Mapping[str, Any], execution: Execution, space: str) -> dict[str, Any]:
    """Return associations with the table that `--ahba-dir` gives to those that name an atlas and no table of genes.

    Raises
    ------
    DeqiError
        If a file of the Allen atlas is missing, or abagen cannot make the table.
    """
    regional = {name: o for name, o in associations.items() if isinstance(o, RegionalOptions) and o.atlas}
    wanting = [name for name, o in regional.items() if getattr(o, o.GENES, None) == ""]
    if execution.ahba_dir is None or not wanting:
        return dict(associations)
    source, folder = (
        microarrays(execution.ahba_dir),
        (execution.work_dir or execution.output_dir / "logs") / "expression",
    )
    found = dict(associations)
    for name in wanting:
        atlas = atlas_file(found[name].atlas, space)
        mark = hashlib.sha256("".join(digest(file) for file in (atlas, *beside(atlas))).encode()).hexdigest()
        if execution.dry_run and not made(folder, atlas, mark):
            print(f"{name}: its table of genes would be made first, of {execution.ahba_dir}; its files are not listed.")
            del found[name]
            continue
        table = make_table(atlas, atlas_regions(atlas), source, folder, mark)
        found[name] = replace(found[name], **{found[name].GENES: str(table)})
    return found
