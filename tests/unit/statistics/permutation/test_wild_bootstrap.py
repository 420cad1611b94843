"""Signs of residuals: each pattern against a plain refit, the observed statistic against HC2 of statsmodels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.permutation import engine, linear_model, permutation_test, wild_bootstrap
from bids_app.statistics.permutation.schemes import ResidualSigns

VOXELS = 5


def names(n):
    return tuple(f"sub-{i:02d}" for i in range(n))


def prepared(outcome, tested, nuisance, baseline=None):
    model = linear_model.fit(outcome, tested, nuisance, baseline)
    return replace(model, robust=wild_bootstrap.prepare(model))


def trial(n=14, several=False, seed=0):
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % (3 if several else 2)
    tested = (arm[:, None] == [1, 2]).astype(float) if several else (arm == 1).astype(float)
    nuisance = np.column_stack([np.ones(n), rng.standard_normal((n, 2))])
    outcome, baseline = rng.standard_normal((2, n, VOXELS))
    return outcome * (1 + 2 * (arm == 1)[:, None]), tested, nuisance, baseline


def by_the_book(y, tested, rest, signs=None):
    """Return HC2's t of one column, or Wald's F of several, of an outcome or of its residuals with these signs."""
    tested = tested.reshape(len(y), -1)
    design = np.column_stack([tested, rest])
    hat = design @ np.linalg.pinv(design)
    h = np.diag(hat)
    values = y if signs is None else signs * ((y - hat @ y) / np.sqrt(1 - h))
    b = np.linalg.pinv(design) @ values
    e = values - design @ b
    inverse = np.linalg.pinv(design)
    cover = (inverse * (e**2 / (1 - h))) @ inverse.T
    q = tested.shape[1]
    if q == 1:
        return b[0] / np.sqrt(cover[0, 0])
    return b[:q] @ np.linalg.solve(cover[:q, :q], b[:q]) / q


@pytest.mark.slow
@pytest.mark.parametrize("with_baseline", [True, False])
@pytest.mark.parametrize("several", [True, False])
def test_every_pattern_is_a_refit_of_signed_residuals(several, with_baseline):
    outcome, tested, nuisance, baseline = trial(several=several)
    model = prepared(outcome, tested, nuisance, baseline if with_baseline else None)
    scheme = ResidualSigns(names(14), 3, 20)
    for k, signs in enumerate(scheme.draw(0, 20)):
        found = engine.statistic(model, scheme, k)
        for v in range(VOXELS):
            rest = np.column_stack([nuisance, baseline[:, v]]) if with_baseline else nuisance
            expected = by_the_book(outcome[:, v], tested, rest, signs if k else None)
            assert found[v] == pytest.approx(expected, rel=2e-4, abs=2e-5), (k, v)


@pytest.mark.parametrize("several", [True, False])
def test_the_observed_statistic_is_that_of_statsmodels(several):
    outcome, tested, nuisance, _ = trial(several=several)
    model = prepared(outcome, tested, nuisance)
    found = engine.statistic(model, ResidualSigns(names(14), 3, 20))
    for v in range(VOXELS):
        fit = sm.OLS(outcome[:, v], np.column_stack([tested, nuisance])).fit(cov_type="HC2")
        q = 2 if several else 1
        expected = fit.f_test(np.eye(q, q + 3)).fvalue if several else fit.tvalues[0]
        assert found[v] == pytest.approx(expected, rel=1e-4)


def test_between_two_arms_it_is_welch():
    rng = np.random.default_rng(5)
    arm = np.repeat([1.0, 0.0], [6, 11])
    outcome = rng.standard_normal((17, VOXELS)) * np.where(arm[:, None] == 1, 3, 1)
    model = prepared(outcome, arm, np.ones((17, 1)))
    expected = stats.ttest_ind(outcome[arm == 1], outcome[arm == 0], equal_var=False).statistic
    assert engine.statistic(model, ResidualSigns(names(17), 0, 20)) == pytest.approx(expected, rel=1e-5)


def test_few_people_have_every_pattern_once_and_the_observed_one_is_counted():
    """Of 2^(n-1) - 1 patterns and the observed statistic; enumerated here."""
    outcome, tested, nuisance, _ = trial(7)
    model = prepared(outcome, tested, nuisance[:, :1])
    scheme = ResidualSigns(names(7), 0, 500)
    assert scheme.exhaustive
    assert scheme.total == 64
    patterns = scheme.draw(1, 64)
    assert len({tuple(row) for row in patterns}) == 63
    assert (patterns[:, 0] == 1).all()
    assert (patterns.min(axis=1) == -1).all()
    mask = np.ones((5, 1, 1), dtype=bool)
    null = permutation_test.run(model, scheme, engine.SpatialStructure(neighbours=lattice(mask), threshold=2.0))
    for v in range(VOXELS):
        t = [abs(by_the_book(outcome[:, v], tested, nuisance[:, :1], signs)) for signs in patterns]
        observed = abs(by_the_book(outcome[:, v], tested, nuisance[:, :1]))
        assert null.reached[v] == 1 + sum(value >= observed * (1 - 1e-5) for value in t)


def test_one_side_needs_both_signs_of_the_first_person():
    scheme = ResidualSigns(names(5), 0, 500, both=False)
    assert scheme.total == 32
    assert len({tuple(row) for row in scheme.draw(0, 32)}) == 32


def test_rows_of_one_person_share_a_sign_and_people_tell_lists_apart():
    scheme = ResidualSigns(("a", "b", "a", "c", "b") * 3, 1, 200)
    assert scheme.total == 4
    drawn = scheme.draw(0, 4)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert (drawn[:, 1] == drawn[:, 4]).all()
    one, other = ResidualSigns(names(12), 1, 50), ResidualSigns(names(13)[1:], 1, 50)
    assert np.array_equal(one.draw(0, 50), other.draw(0, 50))
    assert one.digest != other.digest


@pytest.mark.parametrize("k", [1, 77, 4999])
def test_a_pattern_depends_on_seed_and_number_alone(k):
    scheme = ResidualSigns(names(40), 9, 5000)
    again = ResidualSigns(names(40), 9, 8000)
    assert np.array_equal(scheme.draw(k, k + 1), again.draw(k, k + 1))
    assert set(np.unique(scheme.draw(k, k + 1))) == {-1.0, 1.0}


def test_a_person_who_determines_a_voxel_alone_adds_nothing_there_and_is_counted():
    outcome, tested, nuisance, _ = trial(12)
    baseline = np.random.default_rng(1).standard_normal((12, VOXELS))
    baseline[3, 2] = 1e7  # its own baseline is fitted by itself
    model = prepared(outcome, tested, nuisance[:, :1], baseline)
    assert model.robust.determined == pytest.approx(1 / VOXELS)
    found = engine.statistic(model, ResidualSigns(names(12), 0, 20))[2]
    rows = np.arange(12) != 3
    design = np.column_stack([tested, nuisance[:, :1], baseline[:, 2]])
    hat = design @ np.linalg.pinv(design)
    left, h = outcome[:, 2] - hat @ outcome[:, 2], np.diag(hat)
    direction = np.linalg.pinv(design)[0]
    variance = (direction[rows] ** 2 * left[rows] ** 2 / (1 - h[rows])).sum()
    assert found == pytest.approx(direction @ outcome[:, 2] / np.sqrt(variance), rel=1e-3)


@pytest.mark.slow
def test_the_result_does_not_depend_on_how_the_work_is_split():
    rng = np.random.default_rng(3)
    mask = np.ones((17, 19, 13), dtype=bool)
    arm, nuisance = np.repeat([1.0, 0.0], [9, 10]), np.column_stack([np.ones(19), rng.standard_normal(19)])
    outcome, baseline = rng.standard_normal((2, 19, mask.size))
    model = prepared(outcome, arm, nuisance, baseline)
    scheme = ResidualSigns(names(19), 2, 700)
    geometry = engine.SpatialStructure(neighbours=lattice(mask), threshold=2.5)

    class Kept:
        def __init__(self):
            self.parts = {}
            self.load, self.save = self.parts.get, self.parts.__setitem__

    one, two = (permutation_test.run(model, scheme, geometry, threads) for threads in (1, 2))
    kept = Kept()
    for share in (1, 2):
        work = permutation_test.PermutationRun(model, scheme, geometry, 1, permutation_test.silent, kept)
        work.fill(lambda place, share=share: (place >= 0.5) == (share == 2))
    assert len(kept.parts) == 2
    third = permutation_test.PermutationRun(model, scheme, geometry, 2, permutation_test.silent, kept).null()
    for other in (two, third):
        assert np.array_equal(one.reached, other.reached)
        for name, values in one.maxima.items():
            assert values.tobytes() == other.maxima[name].tobytes()
