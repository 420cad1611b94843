"""The linear model of optical series: its level with coloured noise, spikes and a scalp that responds."""

import numpy as np
import pytest
from nilearn.glm.first_level.hemodynamic_models import compute_regressor
from scipy import stats
from scipy.signal import lfilter

from bids_app.statistics.optics import robust_model
from bids_app.statistics.optics.autoregression import autoregression, best_order, lagged, robust_regression, whitened

RATE, SAMPLES = 5.0, 2000
TIMES = np.arange(SAMPLES) / RATE
NOISES = {"AR(1)": [1, -0.95], "AR(5)": [1, -1.6, 0.9, -0.35, 0.08, -0.01]}


def design():
    """Blocks of 20 s every 40 s by the response of SPM, five cosines and a constant (specification, N11)."""
    onsets = np.arange(20, SAMPLES / RATE - 20, 40.0)
    events = np.vstack([onsets, np.full(len(onsets), 20.0), np.ones(len(onsets))])
    response, _ = compute_regressor(events, "spm", TIMES, oversampling=10)
    slow = np.cos(np.pi * np.outer(np.arange(SAMPLES) + 0.5, np.arange(1, 6)) / SAMPLES)
    return np.column_stack([response / response.max(), slow, np.ones(SAMPLES)])


DESIGN = design()
FIRST = np.eye(DESIGN.shape[1])[0]


def noise(rng, coefficients):
    return lfilter([1], coefficients, rng.standard_normal(SAMPLES + 500))[500:]


def rejected(y):
    """Return whether the robust model and least squares reject at .05."""
    found = robust_model.fit(y, DESIGN, 20)
    effect = robust_model.effect(found, FIRST)
    beta = np.linalg.lstsq(DESIGN, y, rcond=None)[0]
    rest = y - DESIGN @ beta
    plain = beta[0] / np.sqrt(rest @ rest / (SAMPLES - 7) * np.linalg.inv(DESIGN.T @ DESIGN)[0, 0])
    return 2 * stats.t.sf(abs(effect.t), found.df) < 0.05, abs(plain) > 1.96


@pytest.mark.parametrize("kind", NOISES)
def test_level_with_coloured_noise(kind):
    """At most .13, where least squares rejects more than .6 (N11; 150 runs: limits of the binomial added)."""
    rng = np.random.default_rng(5)
    ours, plain = np.mean([rejected(noise(rng, NOISES[kind])) for _ in range(150)], axis=0)
    assert ours <= stats.binom.ppf(0.99, 150, 0.115) / 150
    assert plain >= 0.6


def test_level_with_spikes_and_with_a_step():
    """Five spikes of 8 SD; a plain AR fit rejects .345, a robust one .06 (N12)."""
    rng, found = np.random.default_rng(6), []
    for _ in range(150):
        y = noise(rng, NOISES["AR(1)"])
        y[rng.choice(SAMPLES, 5, replace=False)] += 8 * y.std() * rng.choice([-1, 1], 5)
        found.append(rejected(y)[0])
    assert np.mean(found) <= stats.binom.ppf(0.99, 150, 0.08) / 150
    stepped = []
    for _ in range(100):
        y = noise(rng, NOISES["AR(1)"])
        y[rng.integers(SAMPLES) :] += 4 * y.std()
        stepped.append(rejected(y)[0])
    assert np.mean(stepped) <= stats.binom.ppf(0.99, 100, 0.08) / 100


def test_short_channels_take_most_of_a_response_of_the_scalp():
    """A scalp response of .7 in 8 short channels leaves about .05; a response of the brain stays (N13)."""
    rng, box = np.random.default_rng(7), DESIGN[:, 0]
    left, with_none, true = [], [], []
    for _ in range(40):
        scalp = 0.7 * box + 0.3 * noise(rng, NOISES["AR(1)"]) / 3.2
        short = scalp[:, None] + 0.3 * rng.standard_normal((SAMPLES, 8))
        y = scalp + 0.3 * rng.standard_normal(SAMPLES)
        x = np.column_stack([DESIGN, robust_model.short_components(short, 2)])
        weights = np.eye(x.shape[1])[0]
        with_none.append(robust_model.effect(robust_model.fit(y, DESIGN, 20), FIRST).size)
        left.append(robust_model.effect(robust_model.fit(y, x, 20), weights).size)
        true.append(robust_model.effect(robust_model.fit(y + 0.5 * box, x, 20), weights).size)
    assert np.mean(with_none) == pytest.approx(0.7, abs=0.03)
    assert 0 < np.mean(left) < 0.1
    assert np.mean(true) - np.mean(left) == pytest.approx(0.5, abs=0.01)


def test_an_added_response_is_found_as_it_was_added():
    """Linearity (N14): half a regressor more is half an effect more, whatever the noise and its spikes."""
    rng = np.random.default_rng(8)
    y = noise(rng, NOISES["AR(5)"])
    y[::400] += 6 * y.std()
    one, more = (
        robust_model.effect(robust_model.fit(values, DESIGN, 20), FIRST) for values in (y, y + 0.5 * DESIGN[:, 0])
    )
    assert more.size - one.size == pytest.approx(0.5, abs=1e-6)


def test_effects_are_in_units_of_the_series_and_of_the_design():
    rng = np.random.default_rng(9)
    y = noise(rng, NOISES["AR(1)"])
    plain = robust_model.effect(robust_model.fit(y, DESIGN, 20), FIRST)
    scaled = robust_model.effect(robust_model.fit(1e-6 * y, DESIGN * ([1e3] + [1] * 6), 20), FIRST)
    assert scaled.size == pytest.approx(1e-9 * plain.size, rel=1e-4)
    assert scaled.t == pytest.approx(plain.t, rel=1e-4)


def test_orders_by_one_decomposition_are_those_of_each_alone():
    """Bayesian criterion of every order by a least squares fit of its own."""
    rng = np.random.default_rng(10)
    y = noise(rng, NOISES["AR(5)"])
    rows = rng.random(SAMPLES - 12) > 0.1
    criteria = []
    for order in range(1, 13):
        x, own = lagged(y, 12)[rows][:, :order], y[12:][rows]
        rest = own - x @ np.linalg.lstsq(x, own, rcond=None)[0]
        criteria.append(len(own) * np.log(rest @ rest / len(own)) + (order + 1) * np.log(len(own)))
    assert best_order(y, rows, 12) == 1 + int(np.argmin(criteria))


def test_noise_is_recovered_and_whitened():
    """Coefficients of a long series; whitening is what a filter makes, less the first samples."""
    rng = np.random.default_rng(11)
    y = lfilter([1], NOISES["AR(5)"], rng.standard_normal(40_000))
    found = autoregression(y, 20)
    assert found[:2] == pytest.approx([1.6, -0.9], abs=0.05)
    expected = lfilter(np.append(1, -found), 1, y)[len(found) :]
    assert whitened(y, found) == pytest.approx(expected, abs=1e-9)


def test_robust_regression_against_statsmodels():
    """Tukey's biweight with the scale by the median, as statsmodels has it (an independent program)."""
    import statsmodels.api as sm

    rng = np.random.default_rng(12)
    x = np.column_stack([np.ones(200), rng.standard_normal((200, 2))])
    y = x @ [1.0, 2.0, -1.0] + rng.standard_normal(200)
    y[:10] += 20
    norm = sm.robust.norms.TukeyBiweight(c=4.685)
    other = sm.RLM(y, x, M=norm).fit(scale_est=sm.robust.scale.mad, tol=1e-10, maxiter=200)
    assert robust_regression(y, x).coefficients == pytest.approx(other.params, abs=0.02)


def test_components_do_not_depend_on_the_order_of_channels():
    rng = np.random.default_rng(13)
    short = rng.standard_normal((500, 1)) + 0.5 * rng.standard_normal((500, 6))
    one, other = robust_model.short_components(short, 2), robust_model.short_components(short[:, ::-1], 2)
    assert np.abs(one - other).max() < 1e-9
    assert one.std(axis=0) == pytest.approx([1, 1], abs=1e-9)
    assert robust_model.short_components(np.ones((500, 3)), 2).shape == (500, 0)


def test_results_do_not_depend_on_threads():
    rng = np.random.default_rng(14)
    series = np.stack([noise(rng, NOISES["AR(1)"]) for _ in range(4)], axis=1)
    one, two = (robust_model.fit_all(series, DESIGN, 20, threads) for threads in (1, 2))
    assert all((a.coefficients == b.coefficients).all() for a, b in zip(one, two, strict=True))


def test_means_are_weighted_by_precision():
    assert robust_model.pooled({0: (1.0, 0.5), 1: (3.0, 1.0)}) == pytest.approx((1.4, 0.2**0.5))
    assert robust_model.pooled({0: (1.0, 0.5), 1: (np.nan, np.nan)}) == pytest.approx((1.0, 0.5))
    assert np.isnan(robust_model.pooled({})[0])
