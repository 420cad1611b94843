"""Activation likelihood and density against NiMARE 0.22.1, plain NumPy and scipy; slow twins of the kernels.

The real set is that of NiMARE's pain example: 21 studies, 267 foci, 334 people, in FSL's mask of 228,483 voxels.
"""

import json

import nibabel as nib
import numpy as np
import pytest
from real_data import real
from scipy import ndimage, stats

from bids_app.statistics.synthesis.coordinate_clusters import convergences
from bids_app.statistics.synthesis.coordinate_null import Redraws, anywhere, moved_whole, redrawn
from bids_app.statistics.synthesis.coordinate_statistics import Density, Likelihood
from bids_app.statistics.synthesis.coordinates import Brain, Experiment, statistic_map
from bids_app.statistics.synthesis.file_drawer import FileDrawer, spectrum, threshold_of
from bids_app.statistics.synthesis.reported_foci import kernel_deviation
from bids_app.vocabulary.grid import Grid

PLACES = [(38, 4, 2), (40, 12, 2), (-36, 14, 4), (2, 10, 40), (14, -12, 8)]


def brain(mask, edge=2.0, origin=(0.0, 0.0, 0.0)):
    """A mask on cubes."""
    affine = np.diag([edge, edge, edge, 1.0])
    affine[:3, 3] = origin
    return Brain(grid=Grid(mask.shape, affine), mask=mask)


def small(experiments=5, seed=0, shape=(20, 22, 18)):
    """A small brain and experiments with foci in it, some at its edge and one outside the grid."""
    rng = np.random.default_rng(seed)
    mask = np.ones(shape, dtype=bool)
    mask[:3] = False
    place = brain(mask)
    found = [
        Experiment(name=f"s{i}", foci=rng.uniform(0, 2 * np.array(shape), (4, 3)), people=8.0 + 10 * i)
        for i in range(experiments)
    ]
    found[0].foci[0] = (-9.0, 4.0, 4.0)
    return place, found


@pytest.fixture(scope="module")
def pain():
    """The real set in its mask."""
    studies = json.loads(real("pain_meta_coordinates/nidm_pain_dset.json").read_text())
    experiments = []
    for name, study in studies.items():
        one = study["contrasts"]["1"]
        foci = np.array([one["coords"][axis] for axis in "xyz"], dtype=float).T
        experiments.append(Experiment(name=name, foci=foci, people=float(one["metadata"]["sample_sizes"][0])))
    image = nib.load(real("templates/tpl-MNI152NLin6Asym_res-02_desc-brain_mask.nii.gz"))
    mask = np.asarray(image.dataobj) > 0.5
    assert (len(experiments), sum(len(one.foci) for one in experiments)) == (21, 267)
    assert mask.sum() == 228_483
    return Brain(grid=Grid(mask.shape, image.affine), mask=mask), experiments


def test_widths_and_peaks_of_the_kernel():
    """sigma by participants, and the peak on 2 mm (M1)."""
    expected = {8: 4.400454, 10: 4.247700, 12: 4.142736, 16: 4.007667, 20: 3.924395, 25: 3.856482, 30: 3.810535,
                50: 3.716938, 100: 3.645162}  # fmt: skip
    assert {n: kernel_deviation(n) for n in expected} == pytest.approx(expected, abs=1e-6)
    for n, peak in ((10, 0.00662870685), (20, 0.00840461465), (50, 0.00989286711)):
        line = Likelihood([n], 2.0).lines[0]
        assert line.max() ** 3 == pytest.approx(peak, abs=1e-11)
        alone = np.zeros((31, 31, 31))
        alone[15, 15, 15] = 1
        assert ndimage.gaussian_filter(alone, kernel_deviation(n) / 2, mode="constant").max() == pytest.approx(peak)
    one = Likelihood([20], 2.0).lines[0].max() ** 3
    assert 1 - (1 - one) ** 2 == pytest.approx(0.0167385918, abs=1e-10)


def test_likelihood_is_that_of_plain_numpy():
    """Slow twin: a Gaussian for every focus, the largest of an experiment, joined over experiments."""
    place, experiments = small()
    silent = np.ones(place.mask.shape)
    for one in experiments:
        sigma = kernel_deviation(one.people) / 2
        own = np.zeros(place.mask.shape)
        for voxel in np.rint(one.foci / 2).astype(int):
            padded = np.zeros(np.array(place.mask.shape) + 60)
            padded[tuple(voxel + 30)] = 1
            own = np.maximum(own, ndimage.gaussian_filter(padded, sigma, mode="constant")[30:-30, 30:-30, 30:-30])
        silent *= 1 - own
    found = statistic_map(Likelihood([one.people for one in experiments], 2.0), place.layout(experiments))
    assert found == pytest.approx((1 - silent)[place.mask], abs=2e-8)


@pytest.mark.parametrize("others", [0.0, 3.0])
def test_density_is_that_of_distances(others):
    """Slow twin: an experiment counts where one of its foci is within 10 mm."""
    place, experiments = small(seed=1)
    weights, centres = [1.0, 2.0, 3.0, 1.0, 1.0], np.argwhere(place.mask) * 2.0
    expected = np.zeros(len(centres))
    for weight, one in zip(weights, experiments, strict=True):
        away = np.linalg.norm(centres[:, None] - 2.0 * np.rint(one.foci / 2), axis=-1).min(axis=1)
        expected += weight * (away <= 10)
    statistic, peaks = Density(weights, 2.0, 10.0, others), place.layout(experiments)
    assert statistic_map(statistic, peaks) == pytest.approx(expected / (sum(weights) + others), abs=1e-6)
    assert statistic.apart(peaks).sum(axis=0) == pytest.approx(expected / (sum(weights) + others), abs=1e-6)


def test_order_of_calls_leaves_nothing_behind():
    """Buffers are clean after every map, and threads do not matter."""
    place, experiments = small()
    statistic, peaks = Likelihood([one.people for one in experiments], 2.0), place.layout(experiments)
    how = {"redraw": anywhere(peaks, 3), "total": 50}
    one, two = (redrawn(statistic, peaks, 0.004, Redraws(**how, threads=n)) for n in (1, 2))
    for name in one.maxima:
        assert (one.maxima[name] == two.maxima[name]).all()
    assert one.maxima["voxel"][0] == statistic_map(statistic, peaks).max()


def test_voxel_null_of_two_experiments_by_enumeration():
    """Every pair of places of two experiments, against the joined histograms."""
    mask = np.ones((9, 9, 9), dtype=bool)
    place = brain(mask)
    experiments = [Experiment(name=str(n), foci=np.full((1, 3), 8.0), people=n) for n in (10.0, 30.0)]
    statistic, peaks = Likelihood([10, 30], 2.0), place.layout(experiments)
    apart = statistic.apart(peaks).astype(float)
    every = 1 - (1 - apart[0][:, None]) * (1 - apart[1][None])
    for value in (0.002, 0.006, 0.012):
        exact = (every >= value).mean()
        assert statistic.null(statistic.apart(peaks)).p(np.float32([value]))[0] == pytest.approx(exact, rel=0.02)


def test_density_null_is_binomial():
    """With equal weights and shares of the brain the chances are those of a binomial."""
    mask = np.ones((20, 20, 20), dtype=bool)
    place = brain(mask)
    experiments = [Experiment(name=str(i), foci=np.full((1, 3), 20.0), people=10.0) for i in range(6)]
    statistic, peaks = Density([1.0] * 6, 2.0), place.layout(experiments)
    apart = statistic.apart(peaks)
    near, null = (apart[0] > 0).mean(), statistic.null(apart)
    for count in range(1, 7):
        assert null.p(np.float32([count / 6]))[0] == pytest.approx(stats.binom.sf(count - 1, 6, near), rel=1e-9)


def test_peak_of_a_plateau_is_its_middle():
    """All experiments at one voxel: the density is 1 in a ball, whose middle is that voxel."""
    place = brain(np.ones((30, 30, 30), dtype=bool))
    experiments = [Experiment(name=str(i), foci=np.full((1, 3), 30.0), people=20.0) for i in range(10)]
    statistic, peaks = Density([1.0] * 10, 2.0), place.layout(experiments)
    null = redrawn(statistic, peaks, 0.5, Redraws(redraw=anywhere(peaks, 1), total=30))
    apart = statistic.apart(peaks)
    _, (one,) = convergences(
        statistic_map(statistic, peaks), peaks, 0.5, null, lambda voxel: statistic.shares(apart, voxel)
    )
    assert place.positions[one.cluster.peak].tolist() == [30, 30, 30]
    assert one.shares == pytest.approx(0.1)


def test_p_of_a_voxel_is_never_zero():
    """Rounded bins of twenty experiments at one voxel end below their likelihood."""
    place, _ = small()
    for count in (10, 20, 25):
        experiments = [Experiment(name=str(i), foci=np.full((1, 3), 20.0), people=15.0) for i in range(count)]
        statistic, peaks = Likelihood([15.0] * count, 2.0), place.layout(experiments)
        null = statistic.null(statistic.apart(peaks))
        assert null.p(statistic_map(statistic, peaks)).min() > 0


def test_experiments_move_as_wholes():
    """Foci of one experiment keep their distances, and stay in the mask."""
    place, experiments = small()
    peaks = place.layout(experiments[1:])
    inside = place.holds(peaks.layout.places)
    redraw = moved_whole(peaks, 5)
    seen = {redraw(k).tobytes() for k in range(1, 30)}
    assert len(seen) > 20
    for k in range(1, 30):
        moved = redraw(k)
        assert place.holds(moved[inside]).all()
        for a, b in zip(peaks.layout.first, peaks.layout.first[1:], strict=False):
            assert len(np.unique(moved[a:b] - peaks.layout.places[a:b], axis=0)) == 1


def test_all_experiments_alike():
    """A degenerate null: p is never 0."""
    place, _ = small()
    experiments = [Experiment(name=str(i), foci=np.full((1, 3), 20.0), people=20.0) for i in range(10)]
    statistic, peaks = Likelihood([20.0] * 10, 2.0), place.layout(experiments)
    null = redrawn(statistic, peaks, 0.01, Redraws(redraw=anywhere(peaks, 1), total=40))
    values = statistic_map(statistic, peaks)
    assert null.p("voxel", values).min() == pytest.approx(1 / 40)


def test_spectra_join_as_histograms_do():
    """The threshold of the file drawer is that of the exact null."""
    place, experiments = small(experiments=8)
    statistic, peaks = Likelihood([one.people for one in experiments], 2.0), place.layout(experiments)
    apart = statistic.apart(peaks)
    product = np.prod([spectrum(one) for one in apart], axis=0)
    for p in (0.05, 0.01, 0.002):
        assert threshold_of(product, p) == pytest.approx(statistic.null(apart).threshold(p), abs=4e-5)


def test_noise_takes_a_weak_cluster_first():
    """A cluster of many experiments bears more noise than one of few; draws do not depend on threads."""
    rng = np.random.default_rng(2)
    place = brain(np.ones((40, 40, 40), dtype=bool))
    strong, weak = np.full(3, 20.0), np.full(3, 60.0)
    experiments = [
        Experiment(name=str(i), people=20.0, foci=np.vstack([
            strong + rng.normal(0, 2, 3), weak + rng.normal(0, 2, 3) if i < 5 else rng.uniform(0, 78, 3)
        ])) for i in range(10)
    ]  # fmt: skip
    peaks = [
        int(np.flatnonzero((place.indices == np.rint(at / 2).astype(int)).all(axis=1))[0]) for at in (strong, weak)
    ]
    found = [
        FileDrawer(
            experiments=experiments, brain=place, peaks=peaks, p=0.001, alpha=0.05, redraws=100, seed=1, threads=n
        ).smallest(3)
        for n in (1, 2)
    ]  # fmt: skip
    assert (found[0] == found[1]).all()
    assert np.median(found[0][:, 0]) > np.median(found[0][:, 1])


@pytest.mark.real
def test_pain_likelihood(pain):
    """Values and exact p of NiMARE (M1)."""
    place, experiments = pain
    whole = Brain(grid=place.grid, mask=np.ones(place.mask.shape, dtype=bool))
    statistic = Likelihood([one.people for one in experiments], 2.0)
    volume = statistic_map(statistic, whole.layout(experiments)).reshape(place.mask.shape)
    at = [tuple(voxel) for voxel in place.nearest(np.array(PLACES, dtype=float))]
    expected = [0.0341202021, 0.0143756913, 0.0181965631, 0.0109102251, 0.0044833748]
    assert [volume[one] for one in at] == pytest.approx(expected, abs=4e-9)
    assert volume.argmax() == np.ravel_multi_index(at[0], volume.shape)
    peaks = place.layout(experiments)
    values = statistic_map(statistic, peaks)
    assert values.sum(dtype=float) == pytest.approx(217.27352, abs=1e-4)
    assert (~place.holds(peaks.layout.places)).sum() == 26
    apart = statistic.apart(peaks)
    null = statistic.null(apart)
    p = null.p(np.array([volume[one] for one in at], dtype=np.float32))
    assert p == pytest.approx([8.5427e-12, 8.50295e-5, 5.15836e-6, 9.79966e-4, 0.0540134], rel=2e-5)
    assert stats.norm.isf(p) == pytest.approx([6.728982, 3.759786, 4.410426, 3.096238, 1.607126], abs=2e-6)
    assert null.threshold(0.001) == pytest.approx(0.01089, abs=1e-9)
    sizes = np.bincount(place.lattice.label(values, null.threshold(0.001)))[1:]
    assert sorted(sizes, reverse=True)[:6] == [805, 658, 325, 199, 194, 143]


@pytest.mark.real
def test_pain_redraws_and_carriers(pain):
    """Corrected thresholds and the shares of single studies (M1)."""
    place, experiments = pain
    statistic, peaks = Likelihood([one.people for one in experiments], 2.0), place.layout(experiments)
    apart = statistic.apart(peaks)
    how = Redraws(redraw=anywhere(peaks, 11), total=300, threads=2)
    null = redrawn(statistic, peaks, 0.01089, how)
    assert null.critical("voxel") == pytest.approx(0.02131, rel=0.08)
    assert null.critical("extent") == pytest.approx(98, rel=0.08)
    values = statistic_map(statistic, peaks)
    _, clusters = convergences(values, peaks, 0.01089, null, lambda voxel: statistic.shares(apart, voxel))
    first = clusters[0]
    assert [one.cluster.extent for one in clusters[:3]] == [805, 658, 325]
    order = np.argsort(-first.shares)
    assert [experiments[i].name for i in order[:3]] == ["pain_12.nidm", "pain_18.nidm", "pain_13.nidm"]
    assert 100 * first.shares[order[:3]] == pytest.approx([18.63, 18.12, 17.44], abs=0.005)
    assert (first.shares > 0.01).sum() == 9
    assert not first.carried_by_few
    assert first.passes(0.05)


@pytest.mark.real
def test_pain_density(pain):
    """Largest count of studies within 10 mm (M2)."""
    place, experiments = pain
    values = statistic_map(Density([1.0] * 21, 2.0), place.layout(experiments)) * 21
    assert values.max() == pytest.approx(10, abs=1e-5)
    assert place.positions[values.argmax()].tolist() == [38, 0, 0]
