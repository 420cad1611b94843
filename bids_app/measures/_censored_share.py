"""The limit on censored frames that measures of amplitude share."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Interval

from bids_app.errors import NotMeasurableError
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.signals import Signals

MaxCensored = Annotated[float, Interval(ge=0, le=1), Doc("Maximum proportion of censored volumes of a run.")]
LIMIT = 0.2


def require_few(signals: Signals, limit: float) -> None:
    """Refuse a run of which more frames are censored than an amplitude can bear.

    Raises
    ------
    NotMeasurableError
        If the proportion of censored frames after those left out at the start is above the limit.
    """
    censored = 1 - signals.kept[signals.skipped :].mean()
    if censored > limit:
        raise NotMeasurableError(f"{censored:.0%} of the frames are censored, above {limit:.0%} a spectrum says little")
