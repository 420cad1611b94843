"""The inference engine against constants of independent programs and slow twins."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from bids_app.errors import WrongDataError
from bids_app.statistics import effect_size
from bids_app.statistics.clusters import cluster_table, kernels
from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.permutation import corrections, engine, linear_model, permutation_test
from bids_app.statistics.permutation.corrections import q_per_sign
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import SignFlips

ONE_VOXEL = np.ones((1, 1, 1), dtype=bool)
PRE = np.array([6.1, 5, 7.2, 6.6, 5.8, 6.9, 5.5, 7])
POST = np.array([3, 2.4, 4.1, 3.2, 4.9, 5.6, 4.4, 6.1])
ARM = np.array([1.0, 1, 1, 1, 0, 0, 0, 0])


def infer(model, scheme, mask=ONE_VOXEL, threshold=2.0, **options):
    return permutation_test.run(model, scheme, geometry(mask, threshold), **options)


def geometry(mask=ONE_VOXEL, threshold=2.0, connectivity=26):
    neighbours = lattice(mask, connectivity, connectivity)
    return engine.SpatialStructure(neighbours=neighbours, threshold=threshold, enhancing=True)


def arms(labels, strata=None, requested=5000, seed=1):
    labels = np.asarray(labels, dtype=float)
    strata = np.zeros(len(labels), dtype=int) if strata is None else np.asarray(strata)
    return Rerandomisation(labels, strata, seed, requested)


def share(scheme, t, one_sided=False):
    """Return the permutation p of a statistic by looping over the scheme in plain sight."""
    return np.mean(t >= t[0] - 1e-9) if one_sided else np.mean(np.abs(t) >= abs(t[0]) - 1e-9)


@pytest.mark.parametrize(
    ("values", "t", "p"), [([1, 2, 4, 6, 7, 9], 4.008919, 0.10), ([1, 5, 2, 6, 4, 9], 1.944544, 0.20)]
)
def test_two_samples_give_the_exact_permutation_p(values, t, p):  # T1, T2
    labels = np.array([0.0, 0, 0, 1, 1, 1])
    model = linear_model.fit(np.array(values, dtype=float)[:, None], labels, np.ones((6, 1)))
    scheme = arms(labels)
    null = infer(model, scheme)
    assert null.t[0] == pytest.approx(t, abs=1e-6)
    assert scheme.total == 20
    assert scheme.exhaustive
    assert null.reached[0] / scheme.total == pytest.approx(p)
    signed = [linear_model.fit(np.array(values, float)[:, None], row, np.ones((6, 1))).effect[0]
              for row in scheme.draw(0, 20)]  # fmt: skip
    assert share(scheme, np.array(signed), one_sided=True) == pytest.approx(p / 2)


def test_sign_flips_give_the_exact_p():  # T3
    change = np.array([1.0, 2, 3, -1, 4])[:, None]
    model = linear_model.fit(change, np.ones(5), np.empty((5, 0)))
    scheme = SignFlips(5, 1, 5000)
    null = infer(model, scheme)
    assert null.t[0] == pytest.approx(2.092457, abs=1e-6)
    assert scheme.total == 32
    assert null.reached[0] / 32 == pytest.approx(0.1875)
    sums = (scheme.draw(0, 32) * change[:, 0]).sum(axis=1)
    assert share(scheme, sums, one_sided=True) == pytest.approx(0.09375)


def test_ancova_equals_statsmodels_and_rerandomises_exactly():  # T4
    scheme = arms(ARM)
    model = linear_model.fit(POST[:, None], ARM, np.ones((8, 1)), PRE[:, None])
    null = infer(model, scheme)
    assert model.effect[0] == pytest.approx(-2.013887, abs=1e-6)
    assert np.sqrt(model.variance[0]) == pytest.approx(0.170791, abs=1e-6)
    assert null.t[0] == pytest.approx(-11.791525, abs=1e-5)
    assert (null.reached[0], scheme.total) == (2, 70)
    change = linear_model.fit((POST - PRE)[:, None], ARM, np.ones((8, 1)))
    assert infer(change, scheme).t[0] == pytest.approx(-10.444659, abs=1e-5)


@pytest.mark.parametrize("with_baseline", [True, False])
def test_engine_equals_ordinary_least_squares_at_every_voxel(with_baseline):  # T5
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    n, voxels = 17, 12
    outcome, baseline = rng.standard_normal((2, n, voxels))
    arm, extra = (np.arange(n) % 2).astype(float), rng.standard_normal((n, 2))
    nuisance = np.column_stack([np.ones(n), extra])
    model = linear_model.fit(outcome, arm, nuisance, baseline if with_baseline else None)
    scheme = arms(arm, requested=40)
    t = np.empty((40, voxels), dtype=np.float32)
    expected = np.empty((40, voxels))
    for k, labels in enumerate(scheme.draw(0, 40)):
        for v in range(voxels):
            columns = [labels, *nuisance.T, *([baseline[:, v]] if with_baseline else [])]
            fitted = sm.OLS(outcome[:, v], np.column_stack(columns)).fit()
            expected[k, v] = fitted.tvalues[0]
            if k == 0:
                assert model.effect[v] == pytest.approx(fitted.params[0], abs=1e-10)
                assert model.variance[v] == pytest.approx(fitted.bse[0] ** 2, abs=1e-10)
                assert model.df == fitted.df_resid
        t[k] = engine.statistic(model, scheme, k)
    assert np.abs(t - expected).max() < 1e-5


def test_flipped_residuals_refit_the_whole_model():
    """Freedman-Lane by the book, one relabelling and one voxel at a time, against the engine."""
    import statsmodels.api as sm

    rng = np.random.default_rng(5)
    n = 13
    change = rng.standard_normal((n, 4)) + 0.3
    covariates = rng.standard_normal((n, 2))
    covariates -= covariates.mean(axis=0)
    half = np.where(np.arange(n) < 5, 0.5, -0.5)
    nuisance = np.column_stack([half, covariates])
    model = linear_model.fit(change, np.ones(n), nuisance)
    scheme = SignFlips(n, 2, 50)
    reduced = change - nuisance @ np.linalg.lstsq(nuisance, change, rcond=None)[0]
    null = infer(model, scheme, np.ones((4, 1, 1), dtype=bool))
    maxima = []
    for signs in scheme.draw(0, 50):
        fits = [sm.OLS(signs * reduced[:, v], np.column_stack([np.ones(n), nuisance])).fit() for v in range(4)]
        maxima.append(max(abs(f.tvalues[0]) for f in fits))
    assert null.maxima["voxel"] == pytest.approx(np.array(maxima), rel=1e-5)


def test_interaction_of_slopes_has_the_right_t():  # T6
    """The partition that nilearn's permutation path gets wrong (0.748602): slopes of two groups."""
    design = np.array([[1, 0, 1, 0], [1, 0, 2, 0], [1, 0, 4, 0], [1, 0, 3, 0],
                       [0, 1, 0, 2], [0, 1, 0, 1], [0, 1, 0, 5], [0, 1, 0, 3]], dtype=float)  # fmt: skip
    y = np.array([1, 2.5, 3.9, 3.1, 1, 1.2, 2.0, 1.4])
    slopes = design[:, 2:]
    tested, rest = (slopes[:, 0] - slopes[:, 1]) / 2, slopes.sum(axis=1)
    model = linear_model.fit(y[:, None], tested, np.column_stack([design[:, :2], rest]))
    t = engine.statistic(model, arms(tested))
    assert t[0] == pytest.approx(4.680331, abs=1e-5)


def test_clusters_of_the_reference_map():  # T12
    field = np.zeros((5, 5, 5), dtype=np.float32)
    field[1, 1, 1], field[1, 1, 2], field[2, 2, 2] = 4, 3, 3.5
    field[3, 3, 4], field[3, 4, 4], field[0, 4, 0] = -5, -2.5, 2
    mask = np.ones(field.shape, dtype=bool)
    for connectivity, positive, mass in [(6, 2, 2.4), (18, 3, 3.6), (26, 3, 3.6)]:
        around = lattice(mask, connectivity)
        labels = around.label(field.ravel(), 2.3)
        table = cluster_table.tabulate(field.ravel(), labels, 2.3)
        up = max((c for c in table if c.positive), key=lambda c: c.extent)
        assert (up.extent, up.mass) == (positive, pytest.approx(mass, abs=1e-6))
        largest = kernels.largest_clusters(field.ravel(), around.layout, 2.3, around.room())
        # The negative pair (2 voxels, mass 2.9) has the larger mass where only faces join: maxima are taken apart.
        assert largest == (max(2, positive), pytest.approx(max(2.9, mass), abs=1e-6))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([6, 18, 26]), st.floats(0.3, 1.5))
def test_compiled_clusters_equal_their_slow_twin(seed, connectivity, threshold):
    rng = np.random.default_rng(seed)
    mask = rng.random((7, 6, 8)) < 0.8
    t = rng.standard_normal(int(mask.sum())).astype(np.float32)
    volume = np.zeros(mask.shape, dtype=np.float32)
    volume[mask] = t
    structure = ndimage.generate_binary_structure(3, {6: 1, 18: 2, 26: 3}[connectivity])
    extent, mass = 0, 0.0
    for sign in (1, -1):
        labels, count = ndimage.label(sign * volume > np.float32(threshold), structure)
        for i in range(1, count + 1):
            members = np.abs(volume[labels == i]).astype(np.float64)
            extent, mass = max(extent, members.size), max(mass, (members - threshold).sum())
    around = lattice(mask, connectivity)
    room = around.room()
    found = kernels.largest_clusters(t, around.layout, np.float64(threshold), room)
    if abs(np.abs(t) - threshold).min() > 1e-6:
        assert found == (extent, pytest.approx(mass, abs=1e-6))
    assert not room.labels.any()


def test_false_discovery_is_per_sign_at_half_the_rate():
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216])
    expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.1057, 0.216, 0.216, 0.216]  # T22
    assert stats.false_discovery_control(p) == pytest.approx(expected, abs=5e-5)
    t = stats.t.isf(p, 20)
    assert q_per_sign(t, 20) == pytest.approx(np.minimum(2 * np.array(expected), 1), abs=1e-4)
    both = q_per_sign(np.concatenate([t, -t]), 20)
    assert both[:10] == pytest.approx(both[10:])


def test_false_discoveries_of_one_side_are_those_of_positive_values():
    t = np.array([4.0, 3.1, -5.0, 0.2, np.nan, 2.4])
    found = q_per_sign(t, 20, both=False)
    known = np.isfinite(t)
    expected = stats.false_discovery_control(stats.t.sf(t[known], 20))
    assert found[known][t[known] > 0] == pytest.approx(expected[t[known] > 0])
    assert found[2] == 1
    assert np.isnan(found[4])


def test_effect_sizes_equal_the_published_example():
    assert effect_size.small_sample_factor(38) == pytest.approx(0.980110, abs=1e-6)
    assert effect_size.two_sample_g(np.array([2.5]), 20, 20)[0] == pytest.approx(0.774845, abs=1e-6)
    limits = effect_size.two_sample_g(effect_size.noncentral_limits(np.array([2.5, np.nan, -6.0]), 38), 20, 20)
    assert limits[:, 0] == pytest.approx([0.138342, 1.401926], abs=2e-4)
    assert np.isnan(limits[:, 1]).all()
    spread = np.sqrt((PRE[:4].var(ddof=1) + PRE[4:].var(ddof=1)) / 2)
    assert effect_size.pooled_deviation(PRE[:, None], ARM)[0] == pytest.approx(spread)


@pytest.mark.parametrize("wild", [300.0, -2e4, 1e9])
def test_one_wild_voxel_spoils_no_other_limits(wild):
    from scipy.special import nctdtrinc

    t = np.array([-3.0, -1, 0.1, 2.5, 5, 8, wild])
    found = effect_size.noncentral_limits(t, 20)
    assert found[:, :6] == pytest.approx(np.stack([nctdtrinc(20, p, t[:6]) for p in (0.975, 0.025)]), abs=1e-3)
    # Far out the limits are those of the deviation alone: t times chi over the root of its degrees of freedom.
    far = wild * np.sqrt(stats.chi2.ppf([0.025, 0.975], 20) / 20)
    assert found[:, 6] == pytest.approx(np.sort(far), rel=0.02)


@pytest.mark.parametrize(
    ("rho", "size", "per_arm"), [(0.3, 0.5, 59), (0.3, 0.3, 160), (0.3, 0.2, 359), (0.7, 0.5, 34), (0.7, 0.2, 202)]
)
def test_participants_for_eighty_percent_power_are_those_of_the_tables(rho, size, per_arm):
    # Standard error of an adjusted difference of two arms of n/2 each, in standard deviations, times sqrt(n).
    error = 2 * np.sqrt(1 - rho**2)
    assert effect_size.participants_for(error, size, 0.05, 3) / 2 == pytest.approx(per_arm, abs=1)


def test_the_detectable_effect_is_found_with_its_power():
    critical = stats.t.isf(0.025, 38)
    effect = effect_size.detectable(np.array([0.04]), 38, critical)
    assert stats.nct.sf(critical, 38, effect / 0.2) == pytest.approx(0.8, abs=1e-6)


def test_holm_and_the_critical_value():
    assert corrections.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    maxima = np.arange(1, 101, dtype=np.float32)
    height = corrections.critical(maxima, 0.05)
    assert corrections.familywise_p(np.array([height, 95.0], dtype=np.float32), maxima) == pytest.approx([0.05, 0.06])
    assert corrections.critical(maxima[:10], 0.05) == np.inf


@given(st.lists(st.integers(0, 1), min_size=4, max_size=9).filter(lambda arm: 0 < sum(arm) < len(arm)))
@settings(max_examples=40, deadline=None)
def test_exhaustive_relabelling_lists_every_allocation_once(arm):
    scheme = arms(arm, strata=np.arange(len(arm)) % 2)
    drawn = {tuple(row) for row in scheme.draw(0, scheme.total)}
    halves = [np.array(arm)[i::2] for i in (0, 1)]
    assert len(drawn) == scheme.total == np.prod([comb(len(h), int(h.sum())) for h in halves])
    assert tuple(scheme.draw(0, 1)[0]) == tuple(arm)


def test_relabelling_keeps_the_strata():
    labels, strata = np.array([1.0] * 15 + [0] * 5 + [1] * 5 + [0] * 15), np.repeat([0, 1], 20)
    for row in arms(labels, strata, requested=50).draw(1, 50):
        assert (row[:20].sum(), row[20:].sum()) == (15, 5)


def test_relabelling_can_be_made_alone_and_in_any_order():
    labels = (np.arange(30) % 2).astype(float)
    for scheme in (arms(labels, requested=64, seed=9), SignFlips(30, 9, 64)):
        whole = scheme.draw(0, 64)
        assert np.array_equal(np.concatenate([scheme.draw(40, 64), scheme.draw(0, 40)]), np.roll(whole, -40, axis=0))


@pytest.mark.parametrize("scheme_of", [lambda n: arms((np.arange(n) % 2).astype(float), requested=200),
                                       lambda n: SignFlips(n, 3, 200)])  # fmt: skip
def test_null_is_identical_for_any_threads_and_blocks(scheme_of, monkeypatch):  # T30
    rng = np.random.default_rng(0)
    mask = np.ones((9, 8, 7), dtype=bool)
    outcome, baseline = rng.standard_normal((2, 22, 504))
    scheme = scheme_of(22)
    flips = isinstance(scheme, SignFlips)
    model = linear_model.fit(
        outcome, np.ones(22) if flips else scheme.labels, np.empty((22, 0)) if flips else np.ones((22, 1)),
        None if flips else baseline,
    )  # fmt: skip
    one = infer(model, scheme, mask, 1.5, threads=1)
    for block, tile, threads in [(32, 4096, 2), (7, 100, 1), (64, 64, 2), (1, 504, 1)]:
        monkeypatch.setattr(engine, "BLOCK", block)
        monkeypatch.setattr(linear_model, "TILE", tile)
        other = infer(model, scheme, mask, 1.5, threads=threads)
        assert all(np.array_equal(one.maxima[k], other.maxima[k]) for k in engine.STATISTICS)
        assert np.array_equal(one.reached, other.reached)


def test_group_by_time_interaction_equals_the_change_score_t():
    import statsmodels.api as sm

    map_set = np.tile(np.eye(8), (2, 1))
    time, arm = np.repeat([0.0, 1.0], 8), np.tile(ARM, 2)
    design = np.column_stack([map_set, time, time * arm])
    t = sm.OLS(np.concatenate([PRE, POST]), design).fit().tvalues[-1]
    model = linear_model.fit((POST - PRE)[:, None], ARM, np.ones((8, 1)))
    assert engine.statistic(model, arms(ARM))[0] == pytest.approx(t, abs=1e-5)


def test_joint_p_is_the_smallest_p_over_the_family():
    """By the book: rank each map's maxima, take the smallest per relabelling, rank again."""
    rng = np.random.default_rng(1)
    maxima = [rng.gamma(2, size=99).astype(np.float32), rng.gamma(9, size=99).astype(np.float32)]
    ranks = [np.array([(m >= x).mean() for x in m]) for m in maxima]
    smallest = np.minimum(*ranks)
    expected = [(smallest <= ranks[1][k] + 1e-12).mean() for k in range(99)]
    null = corrections.joint_null(maxima)
    assert corrections.joint_p(corrections.familywise_p(maxima[1], maxima[1]), null) == pytest.approx(expected)
    alone = corrections.joint_null(maxima[:1])
    own = corrections.familywise_p(maxima[0], maxima[0])
    assert corrections.joint_p(own, alone) == pytest.approx(own)


def test_an_arm_that_equals_a_covariate_is_refused():
    with pytest.raises(WrongDataError, match="combination of the covariates"):
        linear_model.fit(POST[:, None], ARM, np.column_stack([np.ones(8), 2 * ARM]))


def test_too_few_participants_are_refused():
    with pytest.raises(WrongDataError, match="degrees of freedom"):
        linear_model.fit(POST[:3, None], ARM[2:5], np.ones((3, 1)), PRE[:3, None])


def test_a_voxel_that_its_baseline_explains_wholly_has_no_t():
    model = linear_model.fit(np.column_stack([POST, 2 * PRE + 1]), ARM, np.ones((8, 1)), np.column_stack([PRE, PRE]))
    assert np.isfinite(model.tested[:, 0]).all()
    assert np.isnan(model.tested[:, 1]).all()


def test_a_voxel_without_a_t_gets_no_p_at_all():
    values = np.array([1.0, np.nan, 3.0], dtype=np.float32)
    maxima = np.array([3.0, 1.0, 2.0, 0.5], dtype=np.float32)
    assert corrections.familywise_p(values, maxima) == pytest.approx([0.75, np.nan, 0.25], nan_ok=True)
    assert np.isnan(corrections.joint_p(np.array([np.nan]), np.array([0.5, 1.0]))).all()
    assert np.isnan(q_per_sign(values, 9)).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (arms([1, 1, 1, 0, 0, 0]), 2 / 20),
        (arms([1, 1, 0, 0, 1, 1, 0, 0], strata=[0] * 4 + [1] * 4), 2 / 36),
        (arms([1, 1, 0, 0, 0]), 1 / 10),
        (SignFlips(5, 1, 5000), 2 / 32),
        (arms(np.arange(40) % 2, requested=100), 1 / 100),
    ],
)
def test_the_smallest_p_counts_the_mirror(scheme, expected):
    assert scheme.smallest_p == pytest.approx(expected)


def test_arms_relabelled_to_equal_a_covariate_have_no_t():
    arm = np.array([1.0, 1, 1, 0, 0, 0])
    covariate = np.array([1.0, 0, 1, 0, 1, 0])  # one of the 20 allocations, and its mirror another
    outcome = np.random.default_rng(0).standard_normal((6, 30))
    model = linear_model.fit(outcome, arm, np.column_stack([np.ones(6), covariate]))
    scheme = Rerandomisation(arm, np.zeros(6, dtype=np.intp), 0, 1000)
    t = np.stack([engine.statistic(model, scheme, k) for k in range(scheme.total)])
    equal = [
        i for i, labels in enumerate(scheme.draw(0, scheme.total)) if abs(np.corrcoef(labels, covariate)[0, 1]) > 0.99
    ]
    assert len(equal) >= 1
    assert (t[equal] == 0).all()
    assert (np.delete(t, equal, axis=0) != 0).all()


@pytest.mark.parametrize(("n", "g"), [(10, 0.0), (10, 2.0), (20, 1.0), (40, 0.5)])
def test_limits_of_an_adjusted_g_cover_it(n, g):
    """As if the deviation were known they cover .83 of a g of 2, and .92 of 1 (retest correlation .7)."""
    trials, rho = 4000, 0.7
    rng = np.random.default_rng([n, int(10 * g)])
    arm = np.repeat([1.0, 0.0], n)
    before = rng.standard_normal((2 * n, trials))
    after = rho * before + np.sqrt(1 - rho**2) * rng.standard_normal((2 * n, trials)) + g * arm[:, None]
    model = linear_model.fit(after, arm, np.ones((2 * n, 1)), before)
    margin = stats.t.isf(0.025, model.df) * np.sqrt(model.variance)
    limits = model.effect - margin, model.effect + margin
    _, low, high = effect_size.adjusted_g(model.effect, limits, effect_size.pooled_deviation(before, arm), 2 * n - 2)
    assert 0.94 - 0.009 <= ((low <= g) & (g <= high)).mean() <= 0.96 + 0.009  # and 99 % of chance in 4,000 trials
    assert np.array_equal((low > 0) | (high < 0), np.abs(model.effect) > margin)


def test_a_deviation_that_is_hardly_known_gives_no_limits():
    found = effect_size.adjusted_g(1.0, (0.5, 1.5), 1.0, 1)
    assert list(found[1:]) == [-np.inf, np.inf]
