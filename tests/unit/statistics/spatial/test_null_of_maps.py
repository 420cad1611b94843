"""Error rates of associations with references in trials of nothing, and power where something is planted (T26)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bids_app.statistics.permutation import linear_model
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.spatial import correlation_tests, enrichment, moran, pls, published_recipe
from bids_app.statistics.spatial.regional_null import regional

TRIALS, RELABELLINGS, REGIONS, GENES, PER_ARM = 300, 200, 80, 600, 20
SETS = 30
PLACES = np.random.default_rng(5).uniform([-70, -100, -50], [70, 70, 80], (REGIONS, 3))
SMOOTH = np.linalg.cholesky(np.exp(-moran.distances(PLACES) / 30) + 1e-9 * np.eye(REGIONS))
ARM = np.repeat([1.0, 0.0], PER_ARM)


def expression(rng):
    """Return genes that follow twelve smooth factors, (regions, genes)."""
    factors = SMOOTH @ rng.standard_normal((REGIONS, 12))
    return factors @ rng.standard_normal((12, GENES)) + rng.standard_normal((REGIONS, GENES))


def maps_of_a_trial(rng, effect=None, number=0):
    """Return the relabelled maps of a trial of smooth images, (P, regions)."""
    person = rng.standard_normal((2 * PER_ARM, REGIONS)) @ SMOOTH.T
    pre, post = (person + rng.standard_normal((2 * PER_ARM, REGIONS)) @ SMOOTH.T for _ in range(2))
    if effect is not None:
        post = post + np.outer(ARM, effect)
    model = linear_model.fit(post, ARM, np.ones((2 * PER_ARM, 1)), pre)
    scheme = Rerandomisation(ARM, np.zeros(2 * PER_ARM, dtype=int), number, RELABELLINGS)
    return regional(model, scheme, np.arange(REGIONS), 1, lambda *_: None)[0]


@pytest.fixture(scope="module")
def nothing():
    """What 300 trials of nothing give: p of component 1, of the largest gene, of the least set, and by shuffling."""
    found = {"component": [], "gene": [], "set": [], "shuffled": []}
    rng = np.random.default_rng(17)
    x = expression(rng)
    products, ranked = pls.gram(x), correlation_tests.unit(correlation_tests.ranks(x))
    # Sets of genes that are expressed together, as those of a pathway are: the neighbours of a gene.
    likeness = ranked.T @ ranked
    weights = enrichment.membership([np.argsort(-likeness[i])[:20] for i in range(SETS)], GENES)
    for number in range(TRIALS):
        maps = maps_of_a_trial(np.random.default_rng([18, number]), number=number)
        rows = correlation_tests.unit(correlation_tests.ranks(maps, 1).T).T
        found["component"].append(correlation_tests.share(pls.explained(products, maps))[0])
        found["gene"].append(correlation_tests.tested(rows, ranked).p_fwe.min())
        found["set"].append(enrichment.scored(rows, enrichment.means(ranked, weights)).p[0])
        found["shuffled"].append(published_recipe.shuffled_p(products, maps[:1], 200, rng)[0])
    return {name: np.array(p) for name, p in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize("what", ["component", "gene", "set"])
def test_arms_drawn_anew_keep_the_error_rate(nothing, what):
    low, high = stats.binom.interval(0.99, TRIALS, 0.05)
    assert low <= (nothing[what] <= 0.05).sum() <= high


@pytest.mark.slow
def test_shuffled_regions_pass_in_noise(nothing):
    assert (nothing["shuffled"] <= 0.05).mean() > 0.30


@pytest.mark.slow
def test_random_genes_find_sets_in_noise_and_whole_maps_do_not(nothing):
    """The mean score of a co-expressed set against sets of random genes, as GSEA would have it."""
    rng = np.random.default_rng(19)
    x = expression(rng)
    ranked = correlation_tests.unit(correlation_tests.ranks(x))
    members = np.argsort(-(ranked.T @ ranked)[0])[:20]
    passed = 0
    for number in range(100):
        row = correlation_tests.unit(
            correlation_tests.ranks(maps_of_a_trial(np.random.default_rng([20, number]), number=number)[:1], 1).T
        ).T
        single = (row @ ranked)[0]
        random = np.array([np.abs(single[rng.choice(GENES, 20, replace=False)].mean()) for _ in range(200)])
        passed += (1 + (random >= abs(single[members].mean())).sum()) / 201 <= 0.05
    assert passed > 30
    assert (nothing["set"] <= 0.05).mean() < 0.1


@pytest.mark.slow
def test_planted_genes_and_their_set_are_found():
    hits = {"component": 0, "set": 0, "gene": 0}
    for number in range(20):
        rng = np.random.default_rng([21, number])
        x = expression(rng)
        pattern = SMOOTH @ rng.standard_normal(REGIONS)
        x[:, :20] = pattern[:, None] + 0.5 * rng.standard_normal((REGIONS, 20))
        maps = maps_of_a_trial(rng, effect=1.5 * pattern, number=number)
        rows, ranked = (
            correlation_tests.unit(correlation_tests.ranks(maps, 1).T).T,
            correlation_tests.unit(correlation_tests.ranks(x)),
        )
        hits["component"] += correlation_tests.share(pls.explained(pls.gram(x), maps))[0] <= 0.05
        weights = enrichment.membership([range(20)], GENES)
        hits["set"] += enrichment.scored(rows, enrichment.means(ranked, weights)).p[0] <= 0.05
        hits["gene"] += correlation_tests.tested(rows, ranked).p_fwe[:20].min() <= 0.05
    assert min(hits.values()) >= 16, hits
