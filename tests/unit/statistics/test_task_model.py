"""Responses to events, against nilearn's own first-level model, closed forms, and planted responses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from nilearn.glm import compute_contrast
from nilearn.glm.first_level import make_first_level_design_matrix, run_glm
from nilearn.glm.first_level.hemodynamic_models import spm_hrf

from bids_app.errors import NotMeasurableError
from bids_app.signals.projection import drift
from bids_app.statistics.task_design import contrast_vector, response_columns, with_modulators
from bids_app.statistics.task_events import sort_events
from bids_app.statistics.task_model import estimable, fit, fixed_effects, rank, time_courses
from bids_app.vocabulary.signals import TaskDesign

FRAMES, TR = 160, 2.0
TIMES = TR * np.arange(FRAMES)


def table(rng: np.random.Generator) -> dict[str, list[str]]:
    onsets = np.sort(rng.choice(np.arange(6, 300, 14), 18, replace=False)) + rng.random(18)
    kinds = np.array(["rotation", "rest", "insertion"])[np.arange(18) % 3]
    ratings = rng.integers(0, 10, 18).astype(float)
    return {
        "onset": [f"{onset:.3f}" for onset in onsets],
        "duration": ["4"] * 18,
        "trial_type": kinds.tolist(),
        "deqi": ["n/a" if i == 3 else f"{r:g}" for i, r in enumerate(ratings)],
    }


def conditions(events, modulators):
    return with_modulators(sort_events(events), events, modulators).conditions


def test_columns_have_the_shape_of_those_of_nilearn():
    events = table(np.random.default_rng(0))
    frame = pd.DataFrame({k: events[k] for k in ("onset", "duration", "trial_type")}).astype(
        {"onset": float, "duration": float}
    )
    theirs = make_first_level_design_matrix(TIMES, frame, hrf_model="spm + derivative", drift_model=None)
    ours, names = response_columns(conditions(events, ()), TIMES, "spm + derivative")
    assert names == ["insertion", "insertion_derivative", "rest", "rest_derivative", "rotation", "rotation_derivative"]
    for column, name in zip(ours.T, names, strict=True):
        own = theirs[name].to_numpy()
        assert column * (own @ own) / (own @ column) == pytest.approx(own, abs=1e-10)


def test_estimates_equal_those_of_nilearn_with_frames_left_out():
    rng = np.random.default_rng(1)
    columns, names = response_columns(conditions(table(rng), ()), TIMES, "spm")
    design = np.column_stack([columns, drift(FRAMES, 2)])
    kept = np.ones(FRAMES, dtype=bool)
    kept[[20, 21, 90]] = False
    series = rng.standard_normal((FRAMES, 40)).cumsum(axis=0) * 0.1 + rng.standard_normal((FRAMES, 40))
    weights = np.pad(contrast_vector("rotation - rest", names), (0, 3))
    blocks = (series[kept][:, start : start + 15] for start in range(0, 40, 15))
    ours = fit(blocks, design[kept], {"x": weights})["x"]
    labels, results = run_glm(series[kept], design[kept], noise_model="ar1")
    theirs = compute_contrast(labels, results, weights, stat_type="t")
    assert ours.effect == pytest.approx(theirs.effect_size().ravel(), rel=1e-5)
    assert ours.z == pytest.approx(theirs.z_score().ravel(), rel=1e-4, abs=1e-5)


def test_contrasts_in_words():
    names = ["a", "a_derivative", "b", "b*deqi"]
    assert contrast_vector("a - b", names).tolist() == [1, 0, -1, 0]
    assert contrast_vector("0.5*a+0.5*b", names).tolist() == [0.5, 0, 0.5, 0]
    assert contrast_vector("b*deqi", names).tolist() == [0, 0, 0, 1]
    dashed = ["needle-rotation", "needle", "rest phase"]
    assert contrast_vector("needle-rotation - rest phase", dashed).tolist() == [1, 0, -1]
    assert contrast_vector("needle - 2*rest phase", dashed).tolist() == [0, 1, -2]
    with pytest.raises(NotMeasurableError, match="names 'c'; the events have a, a_derivative, b"):
        contrast_vector("a-c", names)


def test_a_modulator_is_centred_and_orthogonal_to_its_own_condition_alone():
    rng = np.random.default_rng(2)
    events = table(rng)
    found = conditions(events, ("rotation*deqi",))
    weights = found["rotation*deqi"].weights
    assert weights.sum() == pytest.approx(0)
    assert weights[1] == 0  # the second rotation has no rating
    columns, names = response_columns(found, TIMES, "spm")
    own, modulated = columns[:, names.index("rotation")], columns[:, names.index("rotation*deqi")]
    assert own @ modulated == pytest.approx(0, abs=1e-10)
    assert abs(columns[:, names.index("rest")] @ modulated) > 1e-3


def test_a_planted_modulation_is_found_per_point_of_the_rating():
    rng = np.random.default_rng(3)
    events = table(rng)
    columns, names = response_columns(conditions(events, ("rotation*deqi",)), TIMES, "spm")
    design = np.column_stack([columns, drift(FRAMES, 1)])
    truth = np.zeros(design.shape[1])
    truth[names.index("rotation")], truth[names.index("rotation*deqi")] = 2.0, 0.7
    series = (design @ truth)[:, None] + 0.01 * rng.standard_normal((FRAMES, 3))
    found = fit([series], design, {"m": np.eye(design.shape[1])[names.index("rotation*deqi")]})["m"]
    assert found.effect == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize(
    "blocks", [[(40.0, 240.0)], [(30.0, 60.0), (150.0, 60.0), (240.0, 30.0)], [(20.0, 0.0), (220.0, 0.0)]]
)
def test_a_response_that_grows_by_the_minute_is_found_per_minute(blocks):
    """Against a convolution step by step of a block whose height grows while it lasts."""
    step, times, rate = 0.05, np.arange(160) * 2.0, 0.7
    clock = np.arange(-24.0, 320.0, step)
    high, needle = np.zeros_like(clock), 10.0
    for onset, duration in blocks:
        inside = (clock >= onset - 1e-9) & (clock < onset + max(duration, step) - 1e-9)
        high[inside] = 1 + rate * (clock[inside] + step / 2 - needle) / 60
    response = np.asarray(spm_hrf(step, oversampling=1, time_length=32.0))
    one = np.zeros_like(clock)
    one[: max(round(np.median([d for _, d in blocks]) / step), 1)] = 1
    peak = np.convolve(one, response)[: len(clock)].max()
    series = np.interp(times, clock, np.convolve(high, response)[: len(clock)]) / peak
    events = {
        "onset": ["10", *(f"{onset:g}" for onset, _ in blocks)], "duration": ["2", *(f"{d:g}" for _, d in blocks)],
        "trial_type": ["insertion", *["needling"] * len(blocks)],
    }  # fmt: skip
    found = with_modulators(sort_events(events), events, ("needling*minutes",), 2.0)
    assert not found.refused
    weights, lengths = found.conditions["needling*minutes"].weights, found.conditions["needling*minutes"].durations
    assert weights @ np.maximum(lengths, 1e-9) == pytest.approx(0, abs=1e-6)
    columns, names = response_columns(found.conditions, times, "spm")
    design = np.column_stack([columns[:, names.index("needling")], columns[:, names.index("needling*minutes")]])
    effect = np.linalg.lstsq(design, series, rcond=None)[0]
    assert effect[1] == pytest.approx(rate, rel=0.02)


def test_minutes_that_cannot_modulate_say_why():
    events = {"onset": ["10", "40"], "duration": ["0", "20"], "trial_type": ["insertion", "needling"]}
    for word, said in (
        ("insertion*minutes", "one event 'insertion' without length"),
        ("rotation*minutes", "no trial_type 'rotation'; the events have insertion, needling"),
    ):
        assert said in with_modulators(sort_events(events), events, (word,), 2.0).refused[word]
    told = {**events, "minutes": ["1", "2"]}  # a column of that name is what is meant
    found = with_modulators(sort_events(told), told, ("needling*minutes",), 2.0)
    assert "is the same for all events" in found.refused["needling*minutes"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"onset": None}, "no column onset"),
        ({"onset": ["early"] * 18}, "line 2 of the events has onset 'early'"),
        ({"onset": ["n/a"] * 18}, "have no onset"),
        ({"trial_type": ["n/a"] * 18}, "no event can be modelled"),
    ],
)
def test_events_that_cannot_serve_say_why(change, message):
    events = {k: v for k, v in {**table(np.random.default_rng(4)), **change}.items() if v is not None}
    with pytest.raises(NotMeasurableError, match=message):
        sort_events(events)


@pytest.mark.parametrize(
    ("change", "word", "message"),
    [
        ({}, "rotation*pain", "needs a trial_type 'rotation' and a column 'pain'"),
        ({}, "twirl*deqi", "needs a trial_type 'twirl'"),
        ({"deqi": ["3"] * 18}, "rotation*deqi", "cannot modulate"),
    ],
)
def test_a_modulator_that_cannot_serve_leaves_the_conditions(change, word, message):
    events = {**table(np.random.default_rng(4)), **change}
    found = with_modulators(sort_events(events), events, (word,))
    assert message in found.refused[word]
    assert set(found.conditions) == {"rotation", "rest", "insertion"}


def test_a_contrast_that_the_model_cannot_see_is_told():
    rng = np.random.default_rng(5)
    columns, names = response_columns(conditions(table(rng), ()), TIMES, "spm")
    design = np.column_stack([columns, columns[:, :1], drift(FRAMES, 1)])
    assert not estimable(design, np.pad(contrast_vector(names[0], names), (0, 3)))
    assert estimable(design, np.pad(contrast_vector(names[1], names), (0, 3)))


def test_runs_together_weigh_by_precision():
    found = fixed_effects(np.array([[1.0], [3.0]]), np.array([[0.5], [1.0]]), 200)
    assert found.effect[0] == pytest.approx((1 / 0.5 + 3) / (2 + 1))
    assert found.variance[0] == pytest.approx(1 / 3)
    assert found.t[0] == pytest.approx(found.effect[0] / np.sqrt(1 / 3))
    assert 0 < found.z[0] < found.t[0]


def test_a_time_course_is_found_whatever_its_shape():
    rng = np.random.default_rng(6)
    events = {"onset": [str(t) for t in range(10, 290, 28)], "duration": ["0"] * 10, "trial_type": ["needle"] * 10}
    shape = np.array([0, 1.0, 0.2, -0.8, 2.0, 0.0])
    series = np.zeros(FRAMES)
    for onset in range(10, 290, 28):
        series[onset // 2 : onset // 2 + len(shape)] += shape
    series = series[:, None] + 0.01 * rng.standard_normal((FRAMES, 2))
    task = TaskDesign(events, TIMES, drift(FRAMES, 1))
    kept = np.ones(FRAMES, dtype=bool)
    delays, courses = time_courses(series, conditions(events, ()), task, kept, 10.0)
    effect, error = courses["needle"]
    assert delays.tolist() == [0, 2, 4, 6, 8, 10]
    assert effect[:, 0] == pytest.approx(shape, abs=0.02)
    assert (error < 0.01).all()


def test_confounds_of_any_size_stay_in_the_model():
    rng = np.random.default_rng(7)
    columns, names = response_columns(conditions(table(rng), ()), TIMES, "spm")
    small, large = 1e-8 * rng.standard_normal(FRAMES), 1e8 * rng.standard_normal(FRAMES)
    design = np.column_stack([columns, small, large, drift(FRAMES, 1)])
    assert rank(design) == design.shape[1]
    clean = 0.01 * rng.standard_normal((FRAMES, 4))
    series = (3e8 * small + 1e-8 * large)[:, None] + clean
    weights = np.pad(contrast_vector("rotation", names), (0, 4))
    found = fit([series], design, {"x": weights})["x"]
    # By the projection that takes the confounds out, whatever their units.
    others = np.delete(design, names.index("rotation"), axis=1)
    basis = np.linalg.qr(others / np.linalg.norm(others, axis=0))[0]
    own = columns[:, names.index("rotation")]
    own = own - basis @ (basis.T @ own)
    assert found.effect == pytest.approx(own @ clean / (own @ own), abs=3e-3)
    assert found.variance == pytest.approx(1e-4 / (own @ own), rel=0.5)


def test_a_delay_that_cannot_be_told_has_no_value():
    rng = np.random.default_rng(8)
    kinds = ["rotation", "rest"] * 8
    events = {"onset": [str(20 * i) for i in range(16)], "duration": ["20"] * 16, "trial_type": kinds}
    series = rng.standard_normal((FRAMES, 1))
    task = TaskDesign(events, TIMES, drift(FRAMES, 1))
    _, courses = time_courses(series, conditions(events, ()), task, np.ones(FRAMES, dtype=bool), 24.0)
    assert np.isnan(courses["rest"][0]).any()
    late = {"onset": ["10", "310"], "duration": ["0", "0"], "trial_type": ["a", "b"]}
    _, courses = time_courses(series, conditions(late, ()), task, np.ones(FRAMES, dtype=bool), 24.0)
    assert np.isfinite(courses["a"][0]).all()
    assert np.isnan(courses["b"][0][-1, 0])
    assert np.isnan(courses["b"][1][-1, 0])
