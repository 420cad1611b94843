"""Our own outputs, indexed with pybids: the entities that it does not know come from `entities.json`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any


def index_outputs(folder: Path) -> Any:
    """Return a `BIDSLayout` over a folder of outputs, such as `group`.

    Queries know `seed`, `meas`, `contrast` and `stat`: `layout.get(seed="PCC", contrast="verumChange", stat="t")`.
    """
    # pybids costs more than a second to import: only the group report pays.
    from bids.layout import BIDSLayout, BIDSLayoutIndexer

    config = str(files("bids_app") / "dataset" / "entities.json")
    indexer = BIDSLayoutIndexer(validate=False, index_metadata=False)
    return BIDSLayout(
        folder, validate=False, is_derivative=True, config=["bids", "derivatives", config], indexer=indexer
    )
