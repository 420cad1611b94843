"""Beta series: responses trial by trial as the specification has them, and what their correlation means."""

from __future__ import annotations

import numpy as np
import pytest
from nilearn.glm.first_level.hemodynamic_models import compute_regressor

from bids_app.errors import NotMeasurableError
from bids_app.measures import beta_series
from bids_app.statistics.trial_responses import separately, together
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.signals import Region, Signals, TaskDesign

TR, FRAMES = 2.0, 240
ONSETS = 10.0 + 18 * np.arange(25)


def test_responses_are_those_of_the_specification():
    """M12: eight trials of two seconds, least squares of all in one model, and in a model of each."""
    onsets, truth = (4, 16, 26, 42, 60, 74, 88, 104), np.array([1, 0.5, 1.5, 0.8, 1.2, 0.4, 1.1, 0.9])
    frame = np.arange(64)
    made = [compute_regressor(np.array([[t], [2.0], [1.0]]), "spm", 2.0 * frame)[0][:, 0] for t in onsets]
    trials = np.column_stack(made)
    series = (trials @ truth + 0.02 * np.sin(1.7 * frame))[:, None]
    constant = np.ones((64, 1))
    assert together(series, trials, constant).ravel() == pytest.approx(
        [1.007926, 0.497743, 1.508828, 0.799238, 1.191594, 0.385465, 1.084857, 0.889311], abs=1e-6
    )
    assert separately(series, trials, constant).ravel() == pytest.approx(
        [1.046821, 0.444806, 1.547490, 0.769570, 1.233050, 0.365885, 1.126452, 0.884902], abs=1e-6
    )


def test_separate_models_are_those_that_are_fitted_one_by_one():
    rng = np.random.default_rng(0)
    trials, rest, series = (rng.standard_normal((60, n)) for n in (6, 4, 3))
    found = separately(series, trials, rest)
    for i in range(6):
        others = np.delete(trials, i, axis=1).sum(axis=1)
        design = np.column_stack([trials[:, i], others, rest])
        assert found[i] == pytest.approx(np.linalg.lstsq(design, series, rcond=None)[0][0])


def run(together_, seed=0, onsets=ONSETS, censored=(), kinds=None, strength=0.0):
    """Return a run in which the responses of two regions vary with a correlation of `together_` over trials."""
    rng = np.random.default_rng(seed)
    first, own = rng.standard_normal((2, len(onsets)))
    second = together_ * first + np.sqrt(1 - together_**2) * own
    times = TR * np.arange(FRAMES)
    shape = [compute_regressor(np.array([[t], [2.0], [1.0]]), "spm", times)[0][:, 0] for t in onsets]
    unit = np.column_stack(shape) / max(float(one.max()) for one in shape)
    heights = np.stack([first, second, rng.standard_normal(len(onsets))], axis=1)
    series = unit @ (8 + strength + 4 * heights) + 0.3 * rng.standard_normal((FRAMES, 3))
    series += 1000 - series.mean(axis=0)
    kept = np.ones(FRAMES, dtype=bool)
    kept[list(censored)] = False
    mask = np.ones((3, 1, 1), dtype=bool)
    basis = np.linalg.svd(np.eye(kept.sum()) - 1 / kept.sum())[0][:, : kept.sum() - 1]
    table = {
        "onset": [f"{t:g}" for t in onsets], "duration": ["2"] * len(onsets),
        "trial_type": list(kinds or ["tap"] * len(onsets)),
    }  # fmt: skip
    signals = Signals(
        basis=basis, coordinates=(basis.T @ series[kept]).astype(np.float32), kept=kept,
        grid=Grid(mask.shape, np.diag([3.0, 3, 3, 1])), mask=mask, mean=np.full(3, 1000, dtype=np.float32),
        deviation=series.std(axis=0).astype(np.float32), repetition_time=TR,
        task=TaskDesign(events=table, times=times, nuisance=np.ones((FRAMES, 1))),
    )  # fmt: skip
    return signals, [Region(name=n, columns=np.array([i]), weights=np.ones(1), expected=1) for i, n in enumerate("abc")]


@pytest.mark.parametrize("model", ["separate", "one"])
def test_a_planted_correlation_over_trials_is_found_and_a_common_response_is_none(model):
    options = beta_series.Options(model=model)
    z = [next(beta_series.measure(*run(0.8, seed), options)).value for seed in range(12)]
    assert np.mean([one[0, 1] for one in z]) == pytest.approx(np.arctanh(0.8), abs=0.15)
    # All three regions respond to every trial; what varies from trial to trial in the third is its own.
    assert abs(np.mean([one[0, 2] for one in z])) < 0.15
    assert np.isnan(z[0].diagonal()).all()


def test_labels_contrasts_and_events_are_told():
    kinds = ["tap", "touch"] * 15
    signals, regions = run(0.5, onsets=10.0 + 15 * np.arange(30), kinds=kinds)
    found = list(beta_series.measure(signals, regions, beta_series.Options()))
    assert [one.label for one in found] == ["betasTap", "betasTouch"]
    assert found[0].metadata["Events"] == {"tap": 15}
    difference = next(beta_series.measure(signals, regions, beta_series.Options(contrasts=("tap-touch",))))
    assert difference.label == "betasTapMinusTouch"
    assert difference.value[0, 1] == pytest.approx(found[0].value[0, 1] - found[1].value[0, 1])
    both = next(beta_series.combine([found[:1], found[:1]], [20, 20], beta_series.Options()))
    assert both.value[0, 1] == pytest.approx(found[0].value[0, 1])
    assert both.metadata["Events"] == {"tap": 30}


@pytest.mark.parametrize("model", ["separate", "one"])
def test_a_trial_whose_response_lies_beyond_the_run_decides_nothing(model):
    """The last of 26 begins four seconds before the end: its column is all but empty, its estimate huge."""
    onsets = np.append(ONSETS, TR * FRAMES - 4)
    for seed in range(4):
        late, early = run(0.0, seed, onsets=onsets), run(0.0, seed, onsets=onsets)
        early[0].task.events["trial_type"][-1] = "late"
        options = beta_series.Options(model=model)
        found, expected = (next(beta_series.measure(*one, options)) for one in (late, early))
        assert found.metadata["Events"] == {"tap": 25}
        assert found.value[0, 1] == pytest.approx(expected.value[0, 1], abs=0.05)


def test_one_type_with_too_few_usable_trials_costs_itself_alone():
    kinds = ["tap", "touch"] * 15
    onsets = 10.0 + 15 * np.arange(30)
    gone = [frame for t in onsets[1:8:2] for frame in range(int(t / TR) + 1, int(t / TR) + 7)]
    signals, regions = run(0.5, onsets=onsets, kinds=kinds, censored=gone)
    (found,) = beta_series.measure(signals, regions, beta_series.Options())
    assert found.label == "betasTap"
    assert "11 of 15 trials have a response of their own" in found.metadata["NotAvailable"]["beta series of touch"]


def test_blocks_and_censored_trials_are_no_beta_series():
    few = run(0.5, onsets=ONSETS[:6])
    assert "6 trials are too few" in beta_series.refusals(*few, beta_series.Options())["tap"]
    with pytest.raises(NotMeasurableError, match="task_connectivity"):
        list(beta_series.measure(*few, beta_series.Options()))
    close = run(0.5, onsets=10 + 6.0 * np.arange(25))
    with pytest.raises(NotMeasurableError, match="within 6 s"):
        list(beta_series.measure(*close, beta_series.Options(model="one")))
    gone = [frame for t in ONSETS[:12] for frame in range(int(t / TR) + 1, int(t / TR) + 7)]
    with pytest.raises(NotMeasurableError, match="13 of 25 trials have a response of their own"):
        list(beta_series.measure(*run(0.5, censored=gone), beta_series.Options()))
