"""Random field theory against constants of SPM and of DPABI's formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from bids_app.statistics.clusters import random_field, random_field_report
from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.clusters.random_field import Smoothness

VOXELS = 50_000
Z = (2.326348, 2.575829, 3.090232, 3.290527)


def of_fwhm(fwhm: float) -> Smoothness:
    return Smoothness((fwhm,) * 3, (4 * np.log(2)) ** 1.5 / fwhm**3, VOXELS)


@pytest.mark.parametrize(
    ("z", "alpha", "sizes"),
    [
        (Z[0], 0.05, (43, 113, 219)),
        (Z[1], 0.025, (33, 87, 171)),
        (Z[2], 0.05, (14, 33, 62)),
        (Z[3], 0.025, (12, 29, 54)),
    ],
)
def test_smallest_extents(z, alpha, sizes):  # T7
    assert tuple(random_field.smallest_extent(z, of_fwhm(fwhm), alpha) for fwhm in (2, 3, 4)) == sizes


@pytest.mark.parametrize(("z", "p"), list(zip(Z, (0.0828689, 0.0119710, 9.64400e-5, 1.12244e-5), strict=True)))
def test_p_of_a_hundred_voxels(z, p):  # T8
    assert random_field.cluster_p(100, z, of_fwhm(3)) == pytest.approx(p, rel=1e-5)


@pytest.mark.parametrize(("extent", "p"), [(50, 0.555862), (100, 0.0569321), (200, 0.000903816)])
def test_p_of_a_t_field(extent, p):  # T9
    assert random_field.cluster_p_t(extent, 2.4286, 38, of_fwhm(3)) == pytest.approx(p, rel=1e-4)


@pytest.mark.parametrize(("fwhm", "expected"), [(2, 1.96), (3, 2.95), (4, 3.93)])
def test_smoothness_of_smoothed_noise(fwhm, expected):  # T10
    rng = np.random.default_rng(0)
    sigma = fwhm / np.sqrt(8 * np.log(2))
    noise = ndimage.gaussian_filter(rng.standard_normal((24, 50, 50, 50)), (0, sigma, sigma, sigma))[
        :, 10:40, 10:40, 10:40
    ]
    found = random_field.smoothness(noise.reshape(24, -1).astype(np.float32), np.ones((30, 30, 30), dtype=bool), 0)
    assert found.fwhm == pytest.approx((expected,) * 3, rel=0.03)
    assert found.resels == pytest.approx(30**3 / np.prod(found.fwhm))


def test_correction_for_few_residuals_is_that_of_the_published_table():
    """FSL interpolates these values in a table."""
    for df, value in (
        (6, 1.3757105),
        (10, 1.1606988),
        (20, 1.0632924),
        (50, 1.0219834),
        (100, 1.0104851),
        (500, 1.0020191),
    ):
        assert random_field._few_residuals(df) == pytest.approx(value, abs=2e-6)


def test_the_map_that_a_paper_would_print_has_the_clusters_that_are_large_enough_alone():
    mask = np.ones((12, 12, 12), dtype=bool)
    t = np.zeros(mask.shape, dtype=np.float32)
    t[1:4, 1:4, 1:4], t[8:10, 8:10, 8:10], t[6, 1, 1] = 5, -6, 9
    around, df = lattice(mask), 30
    printed = random_field_report.as_printed(t[mask], df, around, 8).reshape(mask.shape)
    assert (printed != 0).sum() == 27 + 8
    assert (random_field_report.as_printed(t[mask], df, around, 9) != 0).sum() == 27
    assert not random_field_report.as_printed(t[mask], df, around, None).any()
