"""deqi: the BIDS App for acupuncture neuroimaging trials.

From Python, one function answers one question, with arrays in and small records out: `permutation_test`, `tfce`,
`seed_map` and `compare_outcome`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bids_app.api.outcomes import OutcomeComparison, compare_outcome
    from bids_app.api.permutation import PermutationResult, permutation_test, tfce
    from bids_app.api.seeds import seed_map

__version__ = "0.1.0"

__all__ = ["OutcomeComparison", "PermutationResult", "compare_outcome", "permutation_test", "seed_map", "tfce"]

_PLACES = {
    "OutcomeComparison": "outcomes", "PermutationResult": "permutation", "compare_outcome": "outcomes",
    "permutation_test": "permutation", "seed_map": "seeds", "tfce": "permutation",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Import what is asked for when it is: a command line that only says its version pays for nothing."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"bids_app.api.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
