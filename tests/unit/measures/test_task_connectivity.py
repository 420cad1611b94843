"""Psychophysiological interactions on the reference values that were computed outside (M12), and their level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nilearn.glm.first_level.hemodynamic_models import compute_regressor
from scipy import stats

from bids_app.errors import NotMeasurableError
from bids_app.measures import task_connectivity, task_glm
from bids_app.statistics.interactions import interaction_columns
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.signals import Region, Signals, TaskDesign

FRAMES, TR = 180, 2.0
T = np.arange(FRAMES)
ONSETS = np.arange(30.0, 360, 60)
BLOCKS = np.stack([ONSETS, np.full(6, 30.0), np.ones(6)])
PSYCHOLOGICAL = compute_regressor(BLOCKS, "spm", TR * T)[0][:, 0]
SEED = sum(
    a * np.sin(2 * np.pi * TR * T / period + turn)
    for a, period, turn in ((1, 47, 0), (0.5, 23, np.pi / 2), (0.3, 11, 0))
)
TRUTH = 2 + 1.5 * PSYCHOLOGICAL + 0.8 * SEED + 0.6 * PSYCHOLOGICAL * SEED


def test_the_coefficient_of_the_product_does_not_depend_on_centring():
    assert PSYCHOLOGICAL.max() == pytest.approx(1.14471329, abs=1e-7)
    assert PSYCHOLOGICAL.sum() == pytest.approx(87.49237915, abs=1e-6)
    plain = np.column_stack([np.ones(FRAMES), PSYCHOLOGICAL, SEED, PSYCHOLOGICAL * SEED])
    assert np.linalg.lstsq(plain, TRUTH, rcond=None)[0] == pytest.approx([2, 1.5, 0.8, 0.6], abs=1e-10)
    product = interaction_columns(PSYCHOLOGICAL[:, None], SEED)[:, 0]
    ours = np.column_stack([np.ones(FRAMES), PSYCHOLOGICAL, SEED, product])
    assert np.linalg.lstsq(ours, TRUTH, rcond=None)[0] == pytest.approx(
        [1.98992202, 1.52073365, 1.09164126, 0.6], abs=1e-7
    )
    assert np.corrcoef(PSYCHOLOGICAL * SEED, SEED)[0, 1] == pytest.approx(0.683197, abs=1e-6)
    assert np.corrcoef(product, SEED)[0, 1] == pytest.approx(-0.021077, abs=1e-6)
    conditions = [np.linalg.cond(whole / np.linalg.norm(whole, axis=0)) for whole in (plain, ours)]
    assert conditions == pytest.approx([2.500, 2.372], abs=5e-4)


def p_of(y, columns, which):
    """Return p of one column of a model by ordinary least squares."""
    inverse = np.linalg.pinv(columns)
    beta = inverse @ y
    df = len(y) - columns.shape[1]
    t = beta[which] / np.sqrt(((y - columns @ beta) ** 2).sum() / df * (inverse[which] ** 2).sum())
    return 2 * stats.t.sf(abs(t), df)


def test_regions_that_respond_together_are_not_called_coupled():
    """Both follow the task and nothing else: correlation over the run finds them, the interaction keeps its level."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(600):
        seed, target = (3 * PSYCHOLOGICAL + rng.standard_normal(FRAMES) for _ in range(2))
        product = interaction_columns(PSYCHOLOGICAL[:, None], seed)
        whole = np.column_stack([product, PSYCHOLOGICAL, seed, np.ones(FRAMES)])
        found.append((p_of(target, whole, 0) < 0.05, stats.pearsonr(seed, target).pvalue < 0.05))
    interaction, plain = np.mean(found, axis=0)
    assert interaction == pytest.approx(0.05, abs=0.025)
    assert plain > 0.99


def run(strength, events=True, level=1000.0, seed=1):
    """Return signals of 30 voxels; half of them follow the region more closely during blocks."""
    rng = np.random.default_rng(seed)
    driver = rng.standard_normal(FRAMES)
    series = 0.5 * rng.standard_normal((FRAMES, 30))
    series[:, :5] = driver[:, None] + 0.1 * rng.standard_normal((FRAMES, 5))
    series[:, 15:] += (0.5 * driver + strength * PSYCHOLOGICAL * driver)[:, None]
    series += level - series.mean(axis=0)
    drift = np.column_stack([np.ones(FRAMES), np.linspace(-1, 1, FRAMES)])
    basis = np.linalg.svd(np.eye(FRAMES) - 1 / FRAMES)[0][:, : FRAMES - 1]
    table = {"onset": [f"{t:g}" for t in ONSETS], "duration": ["30"] * 6, "trial_type": ["rotation"] * 6}
    mask = np.ones((30, 1, 1), dtype=bool)
    signals = Signals(
        basis=basis, coordinates=(basis.T @ series).astype(np.float32), kept=np.ones(FRAMES, dtype=bool),
        grid=Grid(mask.shape, np.diag([3.0, 3, 3, 1])), mask=mask, mean=series.mean(axis=0).astype(np.float32),
        deviation=series.std(axis=0).astype(np.float32), repetition_time=TR,
        task=TaskDesign(events=table if events else {}, times=TR * T, nuisance=drift),
    )  # fmt: skip
    region = Region(name="PAG", columns=np.arange(5), weights=np.full(5, 0.2), expected=5)
    return signals, region


def test_a_planted_change_of_the_slope_is_found_in_its_size():
    signals, region = run(0.8)
    found = {f.output.name: f for f in task_connectivity.measure(signals, [region], task_connectivity.Options())}
    assert {f.label for f in found.values()} == {"ppiPAGRotation"}
    effect, z = found["effect"].value, found["z"].value
    # Columns are scaled so that the response to one block has a peak of 1.
    assert effect[15:].mean() == pytest.approx(0.8 * PSYCHOLOGICAL.max(), abs=0.12)
    assert abs(effect[5:15].mean()) < 0.15
    assert z[15:].mean() > 3
    assert found["effect"].metadata["Contrast"] == "PAG x rotation"
    assert found["effect"].metadata["Events"] == {"rotation": 6}


def test_what_cannot_be_had_is_said():
    signals, region = run(0.0)
    thin = Region(name="thin", columns=np.arange(2), weights=np.full(2, 0.5), expected=9)
    options = task_connectivity.Options(contrasts=("rotation", "rotation-rest"))
    refused = task_connectivity.refusals(signals, [region, thin], options)
    assert "names 'rest'" in refused["contrast rotation-rest"]
    assert refused["seed thin"] == "2 of its 9 voxels lie in the mask and have signal (22%)"
    with pytest.raises(NotMeasurableError, match="seed thin"):
        list(task_connectivity.measure(signals, [thin], task_connectivity.Options()))
    with pytest.raises(NotMeasurableError, match="no events file"):
        list(task_connectivity.measure(run(0.0, events=False)[0], [region], options))


def test_runs_are_weighted_by_their_precision():
    runs = [list(task_connectivity.measure(*_given(seed), task_connectivity.Options())) for seed in (1, 2)]
    both = {f.output.name: f for f in task_connectivity.combine(runs, [100, 100], task_connectivity.Options())}
    effects, variances = (
        np.array([next(f.value for f in run if f.output.name == name) for run in runs], dtype=float)
        for name in ("effect", "variance")
    )
    expected = (effects / variances).sum(axis=0) / (1 / variances).sum(axis=0)
    assert both["effect"].value == pytest.approx(expected, rel=1e-4)
    assert both["effect"].metadata["Events"] == {"rotation": 12}


def _given(seed):
    signals, region = run(0.5, seed=seed)
    return signals, [region]


def test_faint_voxels_of_a_region_do_not_make_its_slope_larger():
    """Two of five voxels lose their mean signal: the region is what the other three are."""
    signals, region = run(0.8)
    whole = {f.output.name: f for f in task_connectivity.measure(signals, [region], task_connectivity.Options())}
    mean = signals.mean.copy()
    mean[3:5] = 1.0
    faint = replace(signals, mean=mean)
    found = {f.output.name: f for f in task_connectivity.measure(faint, [region], task_connectivity.Options())}
    assert found["effect"].value[15:].mean() == pytest.approx(whole["effect"].value[15:].mean(), rel=0.05)
    assert found["effect"].metadata["Regions"]["PAG"]["Coverage"] == pytest.approx(3 / 5)
    strict = task_connectivity.Options(min_coverage=0.8)
    with pytest.raises(NotMeasurableError, match="3 of its 5 voxels"):
        list(task_connectivity.measure(faint, [region], strict))


def test_time_courses_of_a_region_with_faint_voxels_are_those_of_the_others():
    signals, region = run(0.0)
    mean = signals.mean.copy()
    mean[3:5] = 1.0
    faint, three = replace(signals, mean=mean), replace(region, columns=np.arange(3), weights=np.full(3, 1 / 3))
    courses = [
        next(f.value for f in task_glm.measure(given, [one], task_glm.Options()) if f.output.name == "courses")
        for given, one in ((faint, region), (signals, three))
    ]
    assert courses[0]["effect"] == pytest.approx(courses[1]["effect"], nan_ok=True)


def test_two_maps_never_have_one_name():
    signals, region = run(0.0)
    options = task_connectivity.Options(contrasts=("rotation", " rotation"))
    with pytest.raises(NotMeasurableError, match="one file name"):
        list(task_connectivity.measure(signals, [region], options))
    twins = [replace(region, name=name) for name in ("PAG L", "PAG-L")]
    with pytest.raises(NotMeasurableError, match="regions would have one file name"):
        list(task_connectivity.measure(signals, twins, task_connectivity.Options()))
