"""Plugs: each is one file in the folder of its kind, and a typed record to its users."""

from bids_app.plugs.registry import (
    KINDS,
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
    "KINDS", "association", "design", "load", "measure", "modality", "names", "predictor", "record_of", "synthesis",
]  # fmt: skip
