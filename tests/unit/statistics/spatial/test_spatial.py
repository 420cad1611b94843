"""Maps of regions beside references: against scikit-learn, statsmodels, BrainSMASH, BrainSpace, fgsea, closed forms."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from sklearn.cross_decomposition import PLSRegression

from bids_app.statistics.permutation import linear_model
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.statistics.spatial import (
    correlation_tests,
    dominance,
    enrichment,
    moran,
    pls,
    published_recipe,
    variogram,
)
from bids_app.statistics.spatial.regional_null import regional

COUNT = 12
PLACES = np.stack([
    10 * np.cos(1.7 * np.arange(COUNT)) + 3 * np.arange(COUNT), 12 * np.sin(2.3 * np.arange(COUNT)),
    (7 * np.arange(COUNT)) % 11 * 2.0,
], axis=1)  # fmt: skip
VALUES = np.sin(0.9 * np.arange(COUNT)) + 0.1 * np.arange(COUNT)
"""Twelve made-up regions and a map; the numbers beside were computed by the programs that are named."""


def smooth(rng, places, count, reach=30.0):
    """Return smooth maps, (count, regions)."""
    covariance = np.exp(-moran.distances(places) / reach) + 1e-9 * np.eye(len(places))
    return rng.standard_normal((count, len(places))) @ np.linalg.cholesky(covariance).T


def test_component_of_the_toy_is_that_of_the_methods():  # T25
    x = np.array([[1, 2, 0, 1], [2, 1, 1, 0], [3, 4, 1, 2], [4, 3, 2, 1], [5, 6, 2, 3], [6, 5, 4, 2]], dtype=float)
    y = np.array([1, 2.5, 2, 4, 5.5, 5])
    found = pls.components(x, y)
    assert found.weights[:, 0] == pytest.approx([0.591555, 0.477060, 0.531303, 0.374424], abs=1e-6)
    assert found.explained == pytest.approx([0.778879], abs=1e-6)
    assert found.scores[:, 0] @ y > 0
    assert pls.explained(pls.gram(x), y[None]) == pytest.approx(found.explained[None])
    turned = pls.components(x, -y)
    assert turned.scores[:, 0] @ -y > 0
    assert turned.weights == pytest.approx(-found.weights)


@pytest.mark.parametrize(("regions", "genes"), [(60, 300), (40, 12)])
def test_components_are_those_of_scikit_learn(regions, genes):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((regions, genes)), rng.standard_normal(regions)
    z, outcome = stats.zscore(x, ddof=1), stats.zscore(y, ddof=1)
    expected = PLSRegression(4, scale=False).fit(z, outcome)
    found = pls.components(x, y, 4)
    shares = [np.corrcoef(expected.x_scores_[:, m], outcome)[0, 1] ** 2 for m in range(4)]
    assert found.explained == pytest.approx(shares, abs=1e-8)
    assert pls.explained(pls.gram(x), np.stack([y, -y, 3 * y + 1]), 4) == pytest.approx(
        np.tile(shares, (3, 1)), abs=1e-8
    )
    for m in range(4):
        assert abs(expected.x_weights_[:, m] @ found.weights[:, m]) == pytest.approx(1)


@pytest.mark.slow
def test_scores_are_correlations_and_p_are_shares_of_maps_counted_one_by_one():
    rng = np.random.default_rng(3)
    reference, maps = rng.standard_normal((30, 70)), rng.standard_normal((150, 30))
    reference[:, 5] = maps[0] + 0.1 * rng.standard_normal(30)
    found = correlation_tests.tested(
        correlation_tests.unit(correlation_tests.ranks(maps, 1).T).T,
        correlation_tests.unit(correlation_tests.ranks(reference)),
    )
    rho = np.array([[stats.spearmanr(m, g).statistic for g in reference.T] for m in maps])
    assert found.score == pytest.approx(rho[0], abs=1e-6)
    assert found.p == pytest.approx((np.abs(rho) >= np.abs(rho[0]) - 1e-6).mean(axis=0))
    largest = np.abs(rho).max(axis=1)
    assert found.p_fwe == pytest.approx([(largest >= abs(r) - 1e-6).mean() for r in rho[0]])
    assert found.p_fwe[5] == 1 / 150


def test_adjusted_ranks_are_a_partial_correlation():
    rng = np.random.default_rng(4)
    a, b, c = rng.standard_normal((3, 25))
    x, y, z = (correlation_tests.ranks(v)[:, None] for v in (a, b, c))
    found = float(correlation_tests.unit(x, z)[:, 0] @ correlation_tests.unit(y, z)[:, 0])
    r = np.corrcoef(np.hstack([x, y, z]).T)
    expected = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    assert found == pytest.approx(expected)


def test_a_column_that_does_not_vary_has_no_score():
    assert not correlation_tests.unit(np.full((9, 1), 7.3)).any()


def test_ranked_scores_lie_in_a_band_of_those_of_chance():
    rng = np.random.default_rng(5)
    maps, reference = rng.standard_normal((300, 40)), rng.standard_normal((40, 500))
    observed, limits = correlation_tests.band(
        correlation_tests.unit(maps.T).T, correlation_tests.unit(reference), points=11
    )
    assert (np.diff(observed) > 0).all()
    assert (limits[0] < limits[1]).all()
    assert ((observed >= limits[0]) & (observed <= limits[1])).mean() > 0.6


def test_moran_i_and_spectrum_are_those_of_brainspace():
    weights = moran.neighbourhood(moran.distances(PLACES))
    assert moran.morans_i(VALUES, weights) == pytest.approx(-0.12450506879675641)
    centring = np.eye(COUNT) - 1 / COUNT
    spectrum = np.linalg.eigvalsh(centring @ weights @ centring)
    expected = [1.9476876e-01, 7.5365901e-02, 0, -1.8206794e-02, -4.3783519e-02, -5.3597119e-02, -7.4079894e-02,
                -9.6973963e-02, -1.1631407e-01, -1.2525670e-01, -1.6578616e-01, -1.9605245e-01]  # fmt: skip
    assert spectrum[::-1] == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("count", [12, 34, 100])
def test_surrogates_keep_moran_i_mean_and_variance(count):
    rng = np.random.default_rng(count)
    places = rng.uniform(-60, 60, (count, 3))
    values = smooth(rng, places, 1)[0] + 4
    weights = moran.neighbourhood(moran.distances(places))
    made = moran.surrogates(values, weights, 500, rng)
    assert moran.morans_i(made, weights) == pytest.approx(np.full(500, moran.morans_i(values, weights)), abs=1e-9)
    assert made.mean(axis=1) == pytest.approx(np.full(500, values.mean()))
    assert made.var(axis=1) == pytest.approx(np.full(500, values.var()))
    assert abs(np.mean([np.corrcoef(values, row)[0, 1] for row in made])) < 0.05


def test_regions_at_one_place_are_neighbours_and_not_infinitely_near():
    places = np.array([[0.0, 0, 0], [0, 0, 0], [4, 0, 0]])
    assert moran.neighbourhood(moran.distances(places)).tolist() == [[0, 0.25, 0.25], [0.25, 0, 0.25], [0.25, 0.25, 0]]


def test_variogram_and_smoothing_are_those_of_brainsmash():
    distance = moran.distances(PLACES)
    found = variogram.variogram(VALUES[None], variogram.pairs_of(distance))[0]
    expected = [0.38355825, 0.33494306, 0.34650394, 0.75603672, 1.35285527, 1.05848935, 0.62466578, 0.42223345,
                0.36719441, 0.81805094, 1.26937318, 1.17295958, 0.9193145, 0.49779627, 0.26662016, 0.26026233,
                0.39090595, 0.56809719, 0.69765595, 0.67009278, 0.32445352, 0.46263073, 0.77646802, 0.92137576,
                0.84549685]  # fmt: skip
    assert found == pytest.approx(expected, abs=1e-7)
    averages = {
        0.3: [0.0355856, 0.68202203, 0.03803848, 0.54780815, 1.13537283, 0.78263373, 1.15150252, 1.09930392,
              0.80228627, 0.17734671, 0.86174993, 1.2498149],
        0.6: [0.59785992, 0.44247047, 0.25855223, 0.46434763, 0.91541773, 0.78451042, 0.66734748, 0.82424253,
              0.62357804, 0.44493182, 0.64875071, 0.81284222],
    }  # fmt: skip
    for width, average in averages.items():
        assert variogram.smoothers(distance, [width])[0] @ VALUES == pytest.approx(average, abs=1e-7)


def test_surrogates_have_the_variogram_of_a_smooth_map():
    rng = np.random.default_rng(9)
    places = rng.uniform(-60, 60, (120, 3))
    distance = moran.distances(places)
    pairs = variogram.pairs_of(distance)
    values = smooth(rng, places, 1, reach=40)[0]
    made = variogram.surrogates(values, distance, 400, rng)
    target = variogram.variogram(values[None], pairs)[0]
    own = variogram.variogram(made, pairs).mean(axis=0)
    assert np.abs(own / target - 1).mean() < 0.15  # few pairs are nearest to each other: single steps scatter
    shuffled = variogram.variogram(rng.permuted(np.tile(values, (400, 1)), axis=1), pairs).mean(axis=0)
    assert ((own - target) ** 2).sum() < 0.2 * ((shuffled - target) ** 2).sum()
    assert abs(np.mean([np.corrcoef(values, row)[0, 1] for row in made])) < 0.05


def loop_boot_ratio(x, y, counts):
    z, outcome = correlation_tests.unit(x), correlation_tests.unit(y[:, None])[:, 0]
    drawn = []
    for row in counts.astype(int):
        rows = np.repeat(np.arange(len(y)), row)
        w = (z[rows] - z[rows].mean(axis=0)).T @ (outcome[rows] - outcome[rows].mean())
        drawn.append(w / np.linalg.norm(w))
    w = z.T @ outcome
    return w / np.linalg.norm(w) / np.std(drawn, axis=0, ddof=1)


def test_boot_ratios_are_those_of_a_loop_over_redrawn_regions():
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((20, 9)), rng.standard_normal(20)
    draws = published_recipe.redrawn(x, 60, rng)
    assert published_recipe.boot_ratio(y, draws) == pytest.approx(loop_boot_ratio(x, y, draws.counts), rel=1e-3)
    assert published_recipe.counted(y[None], draws)[0] == (np.abs(loop_boot_ratio(x, y, draws.counts)) > 3).sum()


def test_shuffled_p_is_right_where_regions_are_independent():
    rng = np.random.default_rng(7)
    x = rng.standard_normal((30, 50))
    p = published_recipe.shuffled_p(pls.gram(x), rng.standard_normal((400, 30)), 200, rng)
    assert stats.binom.interval(0.99, 400, 0.05)[0] <= (p <= 0.05).sum() <= stats.binom.interval(0.99, 400, 0.05)[1]


def test_scores_of_sets_are_means_of_scores_of_genes():
    rng = np.random.default_rng(8)
    maps, reference = (
        correlation_tests.unit(rng.standard_normal((25, 70))).T,
        correlation_tests.unit(rng.standard_normal((25, 40))),
    )
    sets = [[0, 3, 5], [39, 1], list(range(40))]
    weights = enrichment.membership(sets, 40)
    single = maps @ reference
    assert enrichment.means(reference, weights)(maps) == pytest.approx(
        np.stack([single[:, members].mean(axis=1) for members in sets], axis=1)
    )
    assert enrichment.absolute_means(reference, weights)(maps) == pytest.approx(
        np.stack([np.abs(single[:, members]).mean(axis=1) for members in sets], axis=1), abs=1e-6
    )


@pytest.mark.parametrize("count", [3, 70, 2500])
def test_p_of_sets_are_shares_of_maps_counted_one_by_one(count):
    rng = np.random.default_rng(count)
    maps, reference = (
        correlation_tests.unit(rng.standard_normal((25, count))).T,
        correlation_tests.unit(rng.standard_normal((25, 40))),
    )
    sets = [[0, 3, 5], [39, 1]]
    found = enrichment.scored(maps, enrichment.means(reference, enrichment.membership(sets, 40)))
    single = np.stack([(maps @ reference)[:, members].mean(axis=1) for members in sets], axis=1)
    assert found.score == pytest.approx(single[0])
    assert found.p == pytest.approx((np.abs(single) >= np.abs(single[0]) - 1e-6).mean(axis=0))
    assert found.limits == pytest.approx(np.quantile(single[1:], [0.025, 0.975], axis=0), abs=0.03)


def test_running_sum_of_a_set_at_the_top_and_at_the_bottom():
    ranking = np.arange(10, 0, -1) - 5.5
    assert enrichment.running_sum(ranking, np.array([0, 1, 2])) == pytest.approx(1)
    assert enrichment.running_sum(ranking, np.array([8, 9])) == pytest.approx(-1)
    assert np.isnan(enrichment.running_sum(np.zeros(4), np.array([1])))


@pytest.mark.real
def test_running_sums_are_those_of_fgsea(real_data):
    folder = real_data / "genesets" / "fgsea_reference"
    ranking = np.loadtxt(folder / "inputs" / "stats.tsv", skiprows=1)
    lines = (folder / "inputs" / "pathways.tsv").read_text().splitlines()
    sets = [np.array(line.split("\t"), dtype=int) - 1 for line in lines]
    with (folder / "refs" / "ref_calcGseaStatBatchCpp.tsv").open() as stream:
        expected = [float(row["ES"]) for row in csv.DictReader(stream, delimiter="\t")]
    assert len(sets) == len(expected) == 20
    assert [enrichment.running_sum(ranking, members) for members in sets] == pytest.approx(expected, abs=1e-12)


@pytest.mark.slow
def test_running_sums_are_those_of_gseapy():
    gseapy = pytest.importorskip("gseapy")
    rng = np.random.default_rng(1)
    ranking = np.sort(rng.standard_normal(200))[::-1]
    names = [f"G{i}" for i in range(200)]
    members = np.sort(rng.choice(200, 15, replace=False))
    import pandas as pd

    found = gseapy.prerank(
        rnk=pd.DataFrame({"gene": names, "score": ranking}), gene_sets={"set": [names[i] for i in members]}, min_size=1,
        permutation_num=10, seed=1, threads=1, no_plot=True, outdir=None,
    ).res2d  # fmt: skip
    assert enrichment.running_sum(ranking, members) == pytest.approx(float(found["ES"][0]))


def test_dominance_adds_up_and_is_the_share_of_each_where_references_are_unrelated():
    rng = np.random.default_rng(2)
    basis = np.linalg.qr(rng.standard_normal((40, 5)) - 0)[0]
    basis = np.linalg.qr(basis - basis.mean(axis=0))[0]
    outcome = basis @ [3.0, 2, 1, 0, 0.5]
    found = dominance.dominance(basis, outcome)
    assert found == pytest.approx(np.array([9, 4, 1, 0, 0.25]) / 14.25)
    tangled = basis @ rng.standard_normal((5, 5))
    noisy = outcome + 0.3 * rng.standard_normal(40)
    r2 = sm.OLS(noisy, sm.add_constant(tangled)).fit().rsquared
    assert dominance.dominance(tangled, noisy).sum() == pytest.approx(r2)
    assert dominance.explained(tangled, noisy[None]) == pytest.approx([r2])


def test_dominance_of_two_is_the_mean_of_first_and_last():
    rng = np.random.default_rng(12)
    x = rng.standard_normal((30, 2))
    x[:, 1] += x[:, 0]
    y = x @ [1.0, 0.5] + rng.standard_normal(30)
    r2 = [sm.OLS(y, sm.add_constant(x[:, columns])).fit().rsquared for columns in ([0], [1], [0, 1])]
    expected = [(r2[0] + r2[2] - r2[1]) / 2, (r2[1] + r2[2] - r2[0]) / 2]
    assert dominance.dominance(x, y) == pytest.approx(expected)


def test_too_many_references_are_refused():
    with pytest.raises(ValueError, match="at most 12"):
        dominance.dominance(np.random.default_rng(0).standard_normal((30, 13)), np.arange(30.0))


def silent(done, total, height):
    pass


def test_regions_of_relabelled_maps_are_those_of_ols_of_each_voxel():
    rng = np.random.default_rng(10)
    post, pre, age = rng.standard_normal((14, 23)), rng.standard_normal((14, 23)), rng.standard_normal(14)
    arm, site = np.tile([1.0, 0.0], 7), np.repeat([0, 1], 7)
    scheme = Rerandomisation(arm, site, 3, 40)
    nuisance = np.column_stack([np.ones(14), site, age])
    model = linear_model.fit(post, arm, nuisance, pre)
    regions = np.array([0] * 5 + [1] * 6 + [-1] * 4 + [3] * 8)
    means, voxels = regional(model, scheme, regions, 2, silent)
    assert voxels.tolist() == [5, 6, 0, 8]
    assert np.isnan(means[:, 2]).all()
    for k, drawn in enumerate(scheme.draw(0, 40)):
        t = [sm.OLS(post[:, v], np.column_stack([drawn, nuisance, pre[:, v]])).fit().tvalues[0] for v in range(23)]
        expected = [np.mean(np.array(t)[regions == r]) for r in (0, 1, 3)]
        assert means[k, [0, 1, 3]] == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_regions_of_sign_flips_and_threads_do_not_change_a_bit():
    rng = np.random.default_rng(11)
    model = linear_model.fit(rng.standard_normal((9, 50)), np.ones(9), np.empty((9, 0)))
    regions = np.arange(50) % 4
    one, other = (regional(model, SignFlips(9, 1, 300), regions, threads, silent)[0] for threads in (1, 3))
    assert np.array_equal(one, other)
    assert len(one) == 300


def test_a_voxel_without_a_value_belongs_to_no_region():
    rng = np.random.default_rng(13)
    outcome = rng.standard_normal((8, 6))
    outcome[:, 2] = 5.0
    model = linear_model.fit(outcome, np.repeat([1.0, 0], 4), np.ones((8, 1)))
    means, voxels = regional(
        model, Rerandomisation(np.repeat([1.0, 0], 4), np.zeros(8, int), 0, 50), np.zeros(6, int), 1, silent
    )
    assert voxels.tolist() == [5]
    assert np.isfinite(means).all()
