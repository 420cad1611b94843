"""The p of an association with a reference: the larger of arms and surrogates; no claim of maps that are smoother."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.dataset.atlases.parcels import AtlasRegion
from bids_app.spatial.reference_maps import compare_references
from bids_app.spatial.reference_readers import Reference
from bids_app.spatial.regional_map import SURROGATES, RegionalContrast, RegionSet
from bids_app.statistics.spatial import correlation_tests, moran
from bids_app.statistics.spatial.correlation_tests import ranks, unit

REGIONS = 40


def part_of(maps, at):
    places = tuple(
        AtlasRegion(number=i + 1, name=f"r{i}", centre=tuple(at[i]), voxels=10, side="left", structure="cortex")
        for i in range(len(at))
    )
    given = RegionalContrast(
        contrast=None,
        places=places,
        voxels=np.full(len(at), 10),
        expected=np.full(len(at), 10),
        maps=maps,
        space="MNI",
        alpha=0.05,
        seed=3,
        smallest_p=0.005,
    )
    return RegionSet(name="left", given=given, columns=np.arange(len(at)), number=199)


def smooth(at, length, rng, count=1):
    distance = moran.distances(at)
    root = np.linalg.cholesky(np.exp(-0.5 * (distance / length) ** 2) + 1e-6 * np.eye(len(at)))
    return rng.standard_normal((count, len(at))) @ root.T


@pytest.fixture
def at():
    return np.random.default_rng(0).uniform([-70, -100, -40], [-5, 65, 75], (REGIONS, 3))


def test_the_claim_has_the_larger_p_of_arms_and_surrogates(at):
    rng = np.random.default_rng(1)
    maps = smooth(at, 20, rng, 200)
    part = part_of(maps, at)
    reference = Reference("r", "file", smooth(at, 20, rng)[0])
    (row,), _ = compare_references(part, [reference])
    column = unit(ranks(reference.values[:, None]))
    alone = {k: correlation_tests.tested(unit(ranks(part.null(k), 1).T).T, column).p[0] for k in ("trial", SURROGATES)}
    assert row["p_arms"] == pytest.approx(alone["trial"])
    assert row["p_surrogate"] == pytest.approx(alone[SURROGATES])
    assert row["p"] == pytest.approx(max(alone.values()))


def test_a_map_that_is_smoother_than_its_relabellings_is_told(at):
    rng = np.random.default_rng(2)
    noise = smooth(at, 3, rng, 200)
    assert not part_of(noise, at).smoother
    noise[0] = smooth(at, 80, rng)[0]
    rough = part_of(noise, at)
    assert rough.smoother
    assert rough.about()["SmootherThanChance"] is True


@pytest.mark.slow
def test_a_smooth_effect_without_association_passes_arms_alone_and_not_both(at):
    """The null of arms is false here, for reasons that have nothing to do with the reference."""
    arms, both = 0, 0
    for number in range(60):
        rng = np.random.default_rng([4, number])
        maps = smooth(at, 8, rng, 200)
        maps[0] += 3 * smooth(at, 45, rng)[0]
        (row,), _ = compare_references(part_of(maps, at), [Reference("r", "file", smooth(at, 45, rng)[0])])
        arms += row["p_arms"] <= 0.05
        both += row["p"] <= 0.05
    assert arms >= 18  # far above the 3 of 60 that a test of size .05 gives
    assert both <= 8  # 99.5 % of binomial counts
