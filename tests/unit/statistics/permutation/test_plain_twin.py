"""The engine against relabellings written by hand, in double precision and by other code (`tests/benchmarks`)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.permutation import engine, linear_model
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from plain_twin import Box, Twin


@pytest.mark.parametrize("neighbours", [6, 26])
def test_all_largest_values_are_those_of_a_plain_twin(neighbours):
    rng = np.random.default_rng(9)
    mask = gaussian_filter(rng.standard_normal((20, 22, 70)), 4) > -0.02
    outcome, baseline = (
        np.stack([gaussian_filter(rng.standard_normal(mask.shape), 1)[mask] for _ in range(24)]) for _ in range(2)
    )
    arm, nuisance = np.arange(24) % 2.0, np.column_stack([np.ones(24), rng.standard_normal(24)])
    model = linear_model.fit(outcome, arm, nuisance, baseline)
    scheme = Rerandomisation(arm, np.zeros(24, dtype=int), 0, 40)
    geometry = engine.SpatialStructure(neighbours=lattice(mask, 26, neighbours), threshold=2.0, enhancing=True)
    found = engine.PermutationEngine(model, scheme, geometry)
    found.block(0)
    twin, t = Twin(outcome, baseline, nuisance), np.empty((40, int(mask.sum())))
    twin.fill(scheme.draw(0, 40).astype(float), t)
    expected = [(np.abs(row).max(), *Box(mask, 26).clusters(row, 2.0), Box(mask, neighbours).enhance(row)) for row in t]
    for name, own in zip(engine.STATISTICS, np.array(expected).T, strict=True):
        assert found.maxima[name] == pytest.approx(own, rel=1e-5)
