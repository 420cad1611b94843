"""Events as people write them: what can be modelled is, the rest is named, and an effect means the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from bids_app.errors import NotMeasurableError
from bids_app.statistics.task_design import response_columns
from bids_app.statistics.task_events import Condition, sort_events

END = 360.0


def events(onsets, durations="10", kinds="needle"):
    count = len(onsets)
    each = [values if isinstance(values, list) else [values] * count for values in (durations, kinds)]
    return {"onset": [str(o) for o in onsets], "duration": [str(d) for d in each[0]], "trial_type": each[1]}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (events([10000, 50000]), "needle: 2 of 2 lie after the end of the run: it ends at 360 s.*milliseconds"),
        (events([10, 50], "10000"), "a duration is 10000 s and the run takes 360 s.*milliseconds"),
        (events([10, 50], "n/a"), "2 of 2 events have no duration"),
        (events([10, 50], "-2"), "none can be below 0"),
        (events(["10,5", "20,5"]), "line 2 of the events has onset '10,5'.*decimal point"),
        (events([10, 50, 90], kinds=["Left", "left", "left"]), "differ by case or blanks alone"),
        (events([10, 50], kinds=["real needle", "real  needle"]), "differ by case or blanks alone"),
        (events([10, 50], kinds=["", "n/a"]), "2 of 2 have a blank cell"),
    ],
)
def test_what_cannot_be_modelled_says_why(table, message):
    with pytest.raises(NotMeasurableError, match=message):
        sort_events(table, END)


def test_the_usable_conditions_and_events_go_on():
    table = events([10, 50, 400, 30, 370, "n/a", 70], "10", ["A", "A", "A", "B", "C", "A", ""])
    table["duration"][3] = "n/a"
    found = sort_events(table, END)
    assert list(found.conditions) == ["A"]
    assert found.conditions["A"].onsets.tolist() == [10, 50]
    assert found.rows["A"].tolist() == [0, 1]
    said = found.refused
    assert "1 of 7" in said["events without a trial_type"]
    assert "1 of 4 lie after the end" in said["some events of A"]
    assert "1 of 4 have no onset" in said["some events of A"]
    assert "no duration" in said["B"]
    assert "after the end" in said["C"]


@given(
    st.lists(st.sampled_from(["0", "12.5", "n/a", "", "x", "1e9", "-30", "3,5", "nan", "inf"]), min_size=1, max_size=6)
)
def test_every_row_is_modelled_or_told(words):
    table = events(words, "4", [("a", "b")[i % 2] for i in range(len(words))])
    try:
        found = sort_events(table, END)
    except NotMeasurableError:
        return
    modelled = sum(len(rows) for rows in found.rows.values())
    for condition in found.conditions.values():
        assert np.isfinite(condition.onsets).all()
        assert (condition.onsets < END).all()
    assert modelled == len(words) or found.refused


def spm_response(seconds):
    """The canonical response of SPM: a gamma density of mean 6 s less a sixth of one of mean 16 s."""
    return gamma.pdf(seconds, 6) - gamma.pdf(seconds, 16) / 6


def planted(times, onsets, duration):
    """A response of height 1, by a sum over instants of a hundredth of a second."""
    fine = np.arange(0, times[-1] + 40, 0.01)
    busy = np.zeros_like(fine)
    for onset in onsets:
        busy[round(onset * 100) : round((onset + max(duration, 0.01)) * 100)] = 1
    kernel = spm_response(np.arange(0, 32, 0.01))
    alone = np.convolve(np.ones(max(round(duration * 100), 1)), kernel).max()
    return np.interp(times, fine, np.convolve(busy, kernel)[: len(fine)] / alone)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from([0.5, 0.8, 2.0, 3.0]), st.sampled_from([0.0, 0.05, 0.3, 1.0, 4.0, 10.0, 30.0]))
def test_an_effect_is_the_height_of_the_response_whatever_duration_and_repetition_time(step, duration):
    times = np.arange(0, END, step)
    onsets = np.arange(15.0, 300.0, 60.0)
    condition = Condition(onsets, np.full(len(onsets), duration), np.ones(len(onsets)))
    columns, _ = response_columns({"needle": condition}, times, "spm")
    series = planted(times, onsets, duration)
    design = np.column_stack([columns, np.ones(len(times))])
    effect = np.linalg.lstsq(design, series, rcond=None)[0][0]
    assert effect == pytest.approx(1, abs=0.06)


def test_a_row_that_repeats_another_counts_once():
    found = sort_events(events([10, 50, 10, 50, 90]), END)
    assert found.conditions["needle"].onsets.tolist() == [10, 50, 90]
    assert "2 rows repeat another" in found.refused["repeated rows of needle"]
