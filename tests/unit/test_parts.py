"""A stopped run of relabellings goes on where it was, and gives the same bits; nothing stale is taken up."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.derivatives.parts import Files
from bids_app.statistics import clusters, linear_model, permutation, sweep, terrain
from bids_app.statistics.allocation import Rerandomisation

MASK = np.ones((5, 5, 4), dtype=bool)
N = 24
ARM = (np.arange(N) % 2).astype(float)


def data(seed=0):
    return np.random.default_rng(seed).standard_normal((N, MASK.sum()))


def run(outcome, keeper=None, threads=1, progress=permutation.silent, threshold=2.0, requested=1500, neighbours=26):
    model = linear_model.fit(outcome, ARM, np.ones((N, 1)))
    scheme = Rerandomisation(ARM, np.zeros(N, dtype=int), 1, requested)
    geometry = sweep.Geometry(clusters.neighbourhood(MASK, neighbours), terrain.terrain(MASK, 6), threshold)
    return permutation.run(model, scheme, geometry, threads, progress, keeper)


def stop(done, total, height):
    if done > 1024:
        raise KeyboardInterrupt


def same(one, other):
    assert one.maxima.keys() == other.maxima.keys()
    for name, values in one.maxima.items():
        assert np.array_equal(values, other.maxima[name])
    assert np.array_equal(one.reached, other.reached)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(permutation, "WORTH_KEEPING", 0.0)
    return Files(tmp_path / "parts")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_stopped_run_goes_on_and_gives_the_same_bits(kept, tmp_path, threads):
    whole = run(data())
    with pytest.raises(KeyboardInterrupt):
        run(data(), kept, progress=stop)
    assert len(list((tmp_path / "parts").glob("*.npz"))) == 2
    seen = []
    resumed = run(data(), kept, threads, lambda done, total, height: seen.append((done, height)))
    same(whole, resumed)
    assert min(done for done, _ in seen) > 1024  # the finished parts are not done again
    assert seen[-1][0] == 1500
    assert np.isfinite(seen[-1][1])
    kept.forget()
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize("change", [{"outcome": data(1)}, {"threshold": 2.5}, {"requested": 1400}, {"neighbours": 6}])
def test_parts_of_another_run_are_not_taken(kept, change):
    run(data(), kept)
    words = {"outcome": data(), **change}
    same(run(**words), run(**words, keeper=kept))


def test_a_damaged_part_is_done_again(kept, tmp_path):
    whole = run(data(), kept)
    first, *_ = sorted((tmp_path / "parts").glob("*_0.npz"))
    first.write_bytes(first.read_bytes()[:100])
    same(whole, run(data(), kept))


def test_short_work_leaves_nothing(tmp_path):
    run(data(), Files(tmp_path / "parts"))
    assert not (tmp_path / "parts").exists()
