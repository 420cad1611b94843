"""Two recordings of one run by different devices, as a measure that needs both is given them."""

from __future__ import annotations

from dataclasses import dataclass

from bids_app.vocabulary.epochs import Epochs
from bids_app.vocabulary.signals import Signals


@dataclass(frozen=True, eq=False, kw_only=True)
class Simultaneous:
    """Series of the brain, and the electrodes that were recorded with them."""

    signals: Signals
    companion: Epochs
