"""The model of optical series: what is drift, and which contrasts a run can answer."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.errors import NotMeasurableError
from bids_app.measures._optical_model import OpticalOptions, model_of
from bids_app.vocabulary.optics import Optics
from bids_app.vocabulary.signals import TaskDesign

SAMPLES, RATE = 1200, 4.0


def recorded(events, least=2):
    kinds = [kind for kind, onsets in events.items() for _ in onsets]
    table = {"onset": [str(one) for own in events.values() for one in own], "duration": ["10"] * len(kinds),
             "trial_type": kinds}  # fmt: skip
    times = np.arange(SAMPLES) / RATE
    values = np.random.default_rng(1).standard_normal((SAMPLES, 1, 2))
    return Optics(values=values, rate=RATE, channels=("S1-D1",), ends=(("S1", "D1"),), short=np.zeros(1, dtype=bool),
                  task=TaskDesign(table, times, np.ones((SAMPLES, 1))), min_events=least)  # fmt: skip


FAST, SLOW = np.arange(10.0, 290.0, 40.0), np.array([30.0, 180.0])
BOTH = {"needle": FAST, "rating": SLOW}


@pytest.mark.parametrize(("contrasts", "longest"), [(("needle",), 40.0), (("needle-rating",), 150.0), ((), 150.0)])
def test_drift_is_slower_than_every_condition_that_is_asked_for(contrasts, longest):
    """Half the frequency of the longest cycle of those conditions: waves of a response are no drift."""
    assert model_of(recorded(BOTH), OpticalOptions(contrasts=contrasts)).high_pass == pytest.approx(0.5 / longest)


def test_a_contrast_without_enough_events_is_left_out():
    found = model_of(recorded({"needle": FAST, "rating": [30.0]}), OpticalOptions())
    assert list(found.contrasts) == ["needle"]
    assert found.refused["contrast rating"] == "there are 1 of rating events in the run; at least 2 are needed"
    with pytest.raises(NotMeasurableError, match="1 of needle events in the run"):
        model_of(recorded({"needle": [30.0]}), OpticalOptions())
    assert list(model_of(recorded({"needle": [30.0]}, 0), OpticalOptions()).contrasts) == ["needle"]
