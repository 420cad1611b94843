"""Plugs: each is one file in the folder of its kind, and a typed record to its users."""

from bids_app.plugs.registry import (
    KINDS,
    all_measures,
    association,
    design,
    load,
    measure,
    modality,
    names,
    predictor,
    record_of,
    synthesis,
)

__all__ = [
    "KINDS", "all_measures", "association", "design", "load", "measure", "modality", "names", "predictor", "record_of",
    "synthesis",
]  # fmt: skip
