"""A stopped run of relabellings goes on where it was, and gives the same bits; nothing stale is taken up."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.derivatives.permutation_checkpoints import CheckpointFiles
from bids_app.errors import OutputError
from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.permutation import engine, linear_model, permutation_test
from bids_app.statistics.permutation.checkpoints import PermutationBlock
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.vocabulary.options.execution import PermutationShare

MASK = np.ones((5, 5, 4), dtype=bool)
N = 24
ARM = (np.arange(N) % 2).astype(float)


def data(seed=0):
    return np.random.default_rng(seed).standard_normal((N, MASK.sum()))


def run(
    outcome, keeper=None, threads=1, progress=permutation_test.silent, threshold=2.0, requested=1500, neighbours=26
):
    model = linear_model.fit(outcome, ARM, np.ones((N, 1)))
    scheme = Rerandomisation(ARM, np.zeros(N, dtype=int), 1, requested)
    geometry = engine.SpatialStructure(neighbours=lattice(MASK, neighbours), threshold=threshold, enhancing=True)
    return permutation_test.run(model, scheme, geometry, threads, progress, keeper)


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
    monkeypatch.setattr(permutation_test, "WORTH_KEEPING", 0.0)
    return CheckpointFiles(tmp_path / "parts")


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


def test_no_bit_of_a_part_can_change_a_result(kept, tmp_path):
    """Damage shows in many ways, and in none at all: what is taken up is what was kept, or nothing."""
    run(data(), kept)
    path = min((tmp_path / "parts").glob("*_0.npz"))
    whole, sound = path.read_bytes(), kept.load(path.stem)
    rng = np.random.default_rng(0)
    lost = 0
    for place in rng.integers(len(whole), size=400):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << rng.integers(8)]) + whole[place + 1 :])
        found = kept.load(path.stem)
        if found is None or not found.fits(slice(0, 512), int(MASK.sum()), sound.maxima):
            lost += 1
        else:
            assert np.array_equal(found.reached, sound.reached)
            assert all(np.array_equal(found.maxima[name], sound.maxima[name]) for name in sound.maxima)
    assert lost > 300


def test_a_part_under_the_name_of_another_is_not_counted_twice(kept, tmp_path):
    whole = run(data(), kept)
    first, second, _ = sorted((tmp_path / "parts").glob("*.npz"), key=lambda path: int(path.stem.split("_")[1]))
    second.write_bytes(first.read_bytes())
    assert kept.load(second.stem) is None
    same(whole, run(data(), kept))


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_shares_make_each_part_once_and_all_of_them(kept, tmp_path, of):
    model = linear_model.fit(data(), ARM, np.ones((N, 1)))
    scheme = Rerandomisation(ARM, np.zeros(N, dtype=int), 1, 1500)
    geometry = engine.SpatialStructure(neighbours=lattice(MASK), threshold=2.0, enhancing=True)
    made: list[set] = []
    for number in range(of, 0, -1):
        own = permutation_test.PermutationRun(model, scheme, geometry, 1, permutation_test.silent, kept)
        own.fill(PermutationShare(number, of).takes)
        made.append({path.name for path in (tmp_path / "parts").glob("*.npz")})
    assert len(made[-1]) == 3
    assert sum(len(now - before) for before, now in zip([set(), *made], made, strict=False)) == 3
    assert of == 1 or len(made[0]) < 3
    said = []
    null = permutation_test.run(model, scheme, geometry, 1, lambda *_: said.append(1), kept)
    same(run(data()), null)
    assert not said  # none was made again


def test_a_share_that_cannot_be_kept_is_an_error(tmp_path):
    (tmp_path / "parts").write_text("in the way")
    part = PermutationBlock(0, {"voxel": np.zeros(1, np.float32)}, np.zeros(1, np.int32))
    CheckpointFiles(tmp_path / "parts").save("x", part)
    with pytest.raises(OutputError):
        CheckpointFiles(tmp_path / "parts", needed=True).save("x", part)


def test_short_work_leaves_nothing(tmp_path):
    run(data(), CheckpointFiles(tmp_path / "parts"))
    assert not (tmp_path / "parts").exists()
