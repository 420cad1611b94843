"""Segments of runs: whole volumes between two moments, and events on their own clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bids_app.dataset.run_segments import events_within, volumes_of
from bids_app.errors import WrongDataError
from bids_app.vocabulary.options.segments import Bound, SegmentOptions, bound_of
from bids_app.vocabulary.recording import Recording

ROWS = "onset\tduration\ttrial_type\n60.1\t30\tneedling\n120\t30.4\tneedling\n5\t1\trest\n"


def recording(tmp_path, rule, rows=ROWS):
    (tmp_path / "x_events.tsv").write_text(rows)
    return Recording(
        modality="fmri", entities={"sub": "01"}, series=Path("x_bold.nii.gz"), root=tmp_path, dataset="d",
        events=tmp_path / "x_events.tsv", segment=("s", rule),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "first", "last"),
    [
        (SegmentOptions(until="needling"), 0, 30),  # 60.1 s: the volume of 60 to 62 s is recorded partly under it
        (SegmentOptions(from_="needling:end"), 76, 200),  # 150.4 s: that of 150 to 152 s still is
        (SegmentOptions(from_="needling:end+60", until="needling:end+120.6"), 106, 135),
        (SegmentOptions(from_="needling", until="needling:end"), 31, 75),
        (SegmentOptions(until="needling:start-10.1"), 0, 25),
        (SegmentOptions(seconds=(0, 300)), 0, 150),
        (SegmentOptions(seconds=(100, 1000)), 50, 200),
    ],
)
def test_a_volume_is_of_a_segment_that_it_was_recorded_in_as_a_whole(tmp_path, rule, first, last):
    assert volumes_of(recording(tmp_path, rule), 200, 2.0) == slice(first, last)


@pytest.mark.parametrize("step", [0.72, 0.8, 1.1, 1.3, 2.5])
def test_rounding_takes_no_volume(tmp_path, step):
    """Multiples of a repetition time as tables print them: 27 x 1.1 is 29.700000000000003."""
    for first in range(1, 90):
        rule = SegmentOptions(seconds=(float(f"{first * step:.6g}"), float(f"{(first + 30) * step:.6g}")))
        assert volumes_of(recording(tmp_path, rule), 200, step) == slice(first, first + 30)


def test_volumes_begin_when_the_scanner_says_so(tmp_path):
    """A StartTime of ten seconds: events of 60.1 s lie 50.1 s into the run. Half a volume is where slices were put."""
    run = replace(recording(tmp_path, SegmentOptions(until="needling")), metadata={"StartTime": 10.0})
    assert volumes_of(run, 200, 2.0) == slice(0, 25)
    assert volumes_of(replace(run, metadata={"StartTime": 1.0}), 200, 2.0) == slice(0, 30)
    by_clock = replace(run, segment=("s", SegmentOptions(seconds=(0, 300))))
    assert volumes_of(by_clock, 200, 2.0) == slice(0, 150)


def test_a_run_without_a_rule_is_whole(tmp_path):
    whole = Recording(modality="fmri", entities={"sub": "01"}, series=Path("x"), root=tmp_path, dataset="d")
    assert volumes_of(whole, 120, 2.0) == slice(0, 120)


@pytest.mark.parametrize(
    ("rule", "rows", "said"),
    [
        (SegmentOptions(until="needing"), ROWS, "do not have (x_events.tsv; trial types: needling, rest)"),
        (SegmentOptions(from_="needling:end+400"), ROWS, "would last from 550.4 to 400 s, and the run takes 400 s"),
        (SegmentOptions(from_="needling", until="rest"), ROWS, "no volume lies in it"),
        (SegmentOptions(from_="needling:end"), ROWS.replace("30.4", "n/a"), "have onset and duration in numbers"),
        (SegmentOptions(until="needling"), ROWS.replace("60.1", "n/a"), "have onset in numbers"),
        (SegmentOptions(from_="needling:end"), "onset\ttrial_type\n3\tneedling\n", "have onset and duration in num"),
    ],
)  # fmt: skip
def test_what_cannot_be_cut_says_why(tmp_path, rule, rows, said):
    with pytest.raises(WrongDataError) as error:
        volumes_of(recording(tmp_path, rule, rows), 200, 2.0)
    assert said in str(error.value)


def test_bounds_are_read_as_they_are_written():
    assert bound_of("needling:start-2.5") == Bound("needling", False, -2.5)
    assert bound_of("real needle:end + 60".replace(" + ", "+")) == Bound("real needle", True, 60.0)
    assert bound_of("LI4-left") == Bound("LI4-left", False, 0.0)
    assert bound_of("needling-10.1") == Bound("needling-10.1", False, 0.0)


def test_events_of_a_segment_are_on_its_clock_and_those_of_others_are_not_its():
    table = {
        "onset": ["0", "90", "110", "150", "200", "n/a"], "duration": ["10", "20", "0", "4.5", "3", "1"],
        "trial_type": ["a", "b", "c", "d", "e", "f"], "rating": ["1", "2", "3", "4", "5", "6"],
    }  # fmt: skip
    assert events_within(table, 100.0, 100.0) == {
        "onset": ["-10.0", "10.0", "50.0", "n/a"], "duration": ["20.0", "0.0", "4.5", "n/a"],
        "trial_type": ["b", "c", "d", "f"], "rating": ["2", "3", "4", "6"],
    }  # fmt: skip
    for onset, duration, own in (("0", "500", (0.0, 100.0)), ("60", "80", (-24.0, 64.0)), ("150", "400", (50.0, 50.0))):
        long = events_within({"onset": [onset], "duration": [duration], "trial_type": ["needle in"]}, 100.0, 100.0)
        assert (long["onset"], long["duration"]) == ([repr(own[0])], [repr(own[1])])
