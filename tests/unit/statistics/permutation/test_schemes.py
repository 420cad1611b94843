"""Every scheme and statistic of the engine against refits by an outside program, one relabelling at a time."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest
import statsmodels.api as sm

from bids_app.errors import WrongDataError
from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.contrast_partition import partition
from bids_app.statistics.permutation import engine, linear_model, permutation_test
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import Exchange

VOXELS = 5


def data(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, VOXELS)), rng.standard_normal((n, VOXELS)), rng.standard_normal((n, 2))


def least_squares(columns, y):
    return y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]


def refitted(y, tested, rest):
    """Return t of one tested column, or F of several."""
    fit = sm.OLS(y, np.column_stack([tested, rest])).fit()
    if tested.ndim == 1:
        return fit.tvalues[0]
    return fit.f_test(np.eye(tested.shape[1], tested.shape[1] + rest.shape[1])).fvalue


@pytest.mark.parametrize("with_baseline", [True, False])
@pytest.mark.parametrize("several", [True, False])
def test_exchanged_residuals_refit_the_whole_model(several, with_baseline):
    """Freedman-Lane by the book."""
    n = 15
    outcome, before, covariates = data(n)
    rng = np.random.default_rng(1)
    tested = rng.standard_normal((n, 2)) if several else rng.standard_normal(n)
    nuisance = np.column_stack([np.ones(n), covariates])
    blocks = np.arange(n) % 2
    model = linear_model.fit(outcome, tested, nuisance, before if with_baseline else None)
    scheme = Exchange(blocks, 4, 25)
    for k, order in enumerate(scheme.draw(0, 25).astype(int)):
        found = engine.statistic(model, scheme, k)
        for v in range(VOXELS):
            rest = np.column_stack([nuisance, before[:, v]]) if with_baseline else nuisance
            moved = np.empty(n)
            moved[order] = least_squares(rest, outcome[:, v])
            assert found[v] == pytest.approx(refitted(moved, tested, rest), rel=2e-5, abs=1e-5)


@pytest.mark.parametrize("with_baseline", [True, False])
def test_three_arms_give_the_f_of_an_outside_program(with_baseline):
    n = 18
    outcome, before, covariates = data(n, 2)
    arm = np.arange(n) % 3
    nuisance = np.column_stack([np.ones(n), covariates])
    dummies = (arm[:, None] == [1, 2]).astype(float)
    model = linear_model.fit(outcome, dummies, nuisance, before if with_baseline else None)
    scheme = Rerandomisation(arm.astype(float), np.zeros(n, dtype=int), 3, 30)
    for k, labels in enumerate(scheme.draw(0, 30)):
        found = engine.statistic(model, scheme, k)
        columns = (labels[:, None] == [1, 2]).astype(float)
        for v in range(VOXELS):
            rest = np.column_stack([nuisance, before[:, v]]) if with_baseline else nuisance
            assert found[v] == pytest.approx(refitted(outcome[:, v], columns, rest), rel=2e-5)
    explained = [
        1
        - sm.OLS(outcome[:, v], np.column_stack([dummies, *rest])).fit().ssr
        / sm.OLS(outcome[:, v], np.column_stack(rest)).fit().ssr
        for v in range(VOXELS)
        for rest in [[nuisance, before[:, v]] if with_baseline else [nuisance]]
    ]
    assert model.effect == pytest.approx(explained)
    assert np.isnan(model.variance).all()


def test_allocations_to_three_arms_are_listed_once_the_observed_first():
    arm = np.array([2.0, 0, 1, 1, 0, 2, 0, 1, 0])
    strata = np.array([0] * 5 + [1] * 4)
    scheme = Rerandomisation(arm, strata, 0, 10**4)
    assert scheme.exhaustive
    assert scheme.possible == factorial(5) // (2 * 2) * factorial(4) // 2
    listed = scheme.draw(0, scheme.total)
    assert np.array_equal(listed[0], arm)
    assert len(np.unique(listed, axis=0)) == scheme.total
    for rows in (strata == 0, strata == 1):
        assert (np.sort(listed[:, rows], axis=1) == np.sort(arm[rows])).all()
    assert not scheme.mirrored


@pytest.mark.parametrize("whole", [True, False])
def test_orders_keep_to_their_blocks_and_are_listed_once(whole):
    blocks = np.array([3, 1, 1, 2, 2, 3])
    scheme = Exchange(blocks, 7, 1000, whole)
    listed = scheme.draw(0, scheme.total).astype(int)
    assert scheme.total == scheme.possible == (6 if whole else 8)
    assert np.array_equal(listed[0], np.arange(6))
    assert len(np.unique(listed, axis=0)) == scheme.total
    assert (np.sort(listed, axis=1) == np.arange(6)).all()
    if whole:
        # Rows of a block stay together and in their order.
        assert {tuple(row[[1, 2]]) for row in listed} == {(1, 2), (3, 4), (0, 5)}
    else:
        assert (blocks[listed] == blocks).all()
    drawn = Exchange(blocks, 7, 5, whole)
    assert np.array_equal(drawn.draw(3, 5), drawn.draw(0, 5)[3:])
    for order in drawn.draw(0, 5).astype(int):
        assert sorted(order) == list(range(6))


def test_blocks_of_unequal_size_are_not_exchanged_as_wholes():
    with pytest.raises(WrongDataError, match="same number of rows"):
        Exchange(np.array([0, 0, 1]), 0, 10, whole=True)


def test_one_sided_statistics_look_at_positive_values_alone():
    n = 12
    outcome, _, _ = data(n, 5)
    arm = (np.arange(n) % 2).astype(float)
    model = linear_model.fit(outcome, arm, np.ones((n, 1)))
    scheme = Rerandomisation(arm, np.zeros(n, dtype=int), 0, 2000)
    mask = np.ones((VOXELS, 1, 1), dtype=bool)
    null = permutation_test.run(
        model, scheme, engine.SpatialStructure(neighbours=lattice(mask), threshold=1.0, both=False)
    )
    t = np.stack([engine.statistic(model, scheme, k) for k in range(scheme.total)])
    assert null.maxima["voxel"] == pytest.approx(np.maximum(t, 0).max(axis=1))
    assert np.array_equal(null.reached, (t >= t[0]).sum(axis=0))
    assert null.enhanced is None
    assert set(null.maxima) == {"voxel", "extent", "mass"}


def test_a_contrast_is_parted_as_the_full_model_has_it():  # T6
    design = np.array([[1, 0, 1, 0], [1, 0, 2, 0], [1, 0, 4, 0], [1, 0, 3, 0],
                       [0, 1, 0, 2], [0, 1, 0, 1], [0, 1, 0, 5], [0, 1, 0, 3]], dtype=float)  # fmt: skip
    y = np.array([1, 2.5, 3.9, 3.1, 1, 1.2, 2.0, 1.4])[:, None]
    contrast = np.array([0.0, 0, 1, -1])
    tested, rest = partition(design, contrast)
    model = linear_model.fit(y, tested, rest)
    scheme = Exchange(np.zeros(8, dtype=int), 0, 10)
    assert engine.statistic(model, scheme)[0] == pytest.approx(4.680331, abs=1e-5)
    assert model.effect[0] == pytest.approx(float(contrast @ np.linalg.lstsq(design, y[:, 0], rcond=None)[0]))
    both = np.array([[0, 0, 1, 0], [0, 0, 0, 1]], dtype=float).T
    tested, rest = partition(design, both)
    f = sm.OLS(y[:, 0], design).fit().f_test(both.T).fvalue
    assert engine.statistic(linear_model.fit(y, tested, rest), scheme)[0] == pytest.approx(f, rel=1e-5)
    with pytest.raises(WrongDataError, match="is collinear with the rest of the design"):
        partition(np.column_stack([design, design[:, 0]]), np.array([0.0, 0, 0, 0, 1]))


def test_a_value_that_is_zero_for_everybody_is_refused_in_words():
    outcome, _, _ = data(8)
    with pytest.raises(WrongDataError, match="combination of the covariates"):
        linear_model.fit(outcome, np.zeros(8), np.ones((8, 1)))
