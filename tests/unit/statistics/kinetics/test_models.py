"""Reference tissue models against closed forms, and against kinfitr (f4527ba) on its author's simulated curves."""

from __future__ import annotations

import csv
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_data import real
from scipy.integrate import quad
from scipy.optimize import curve_fit

from bids_app.statistics.kinetics.frames import convolved, fine_curve, integrals
from bids_app.statistics.kinetics.graphical import logan
from bids_app.statistics.kinetics.reference import bases, mrtm1, mrtm2, srtm, srtm2, uptake_ratio
from bids_app.vocabulary.curves import Frames

DURATION = np.array([1 / 6] * 6 + [0.5] * 4 + [1.0] * 4 + [2.0] * 4 + [5.0] * 15)
FRAMES = Frames(start=np.cumsum(DURATION) - DURATION, duration=DURATION)
ONES = np.ones(len(DURATION))
RATES = np.array([0.05, 3.0, 0.15])
SIZES = np.array([10 / (0.15 - 0.05), -10 / (0.15 - 3), 0.0])
SIZES[2] = -SIZES[:2].sum()
CASES = ((1.1, 0.15, 1.5), (0.95, 0.10, 0.8), (1.0, 0.12, 0.1), (0.9, 0.10, 0.0), (1.05, 0.11, 3.0), (0.9, 0.13, -0.2))
"""R1, k2 (1/min), binding potential."""

BP = np.array([case[2] for case in CASES])
K2PRIME = np.array([case[1] / case[0] for case in CASES])


def exponentials(r1=1.0, k2=0.0, bp=None):
    """Return sizes and rates of the sum of exponentials that a curve is: the reference, or a target of SRTM."""
    if bp is None:
        return SIZES, RATES
    k = k2 / (1 + bp)
    shared = (k2 - r1 * k) * SIZES / (k - RATES)
    return np.append(r1 * SIZES + shared, -shared.sum()), np.append(RATES, k)


def at(sizes, rates, time):
    return float((sizes * np.exp(-rates * time)).sum())


def means(sizes, rates, frames=FRAMES):
    start, end = frames.start[:, None], frames.end[:, None]
    return ((np.exp(-rates * start) - np.exp(-rates * end)) / rates * sizes).sum(axis=1) / frames.duration


REFERENCE = means(*exponentials())
TARGETS = np.stack([means(*exponentials(*case)) for case in CASES], axis=1)


def test_the_curves_are_those_of_the_closed_form():  # P1
    assert at(*exponentials(), 30.0) == pytest.approx(21.16313742579685, abs=1e-12)
    assert at(*exponentials(*CASES[0]), 30.0) == pytest.approx(56.978284994046576, abs=1e-12)
    assert REFERENCE[[0, 10, 20, 32]] == pytest.approx([0.120049, 22.665994, 23.637302, 1.261884], abs=1e-6)
    assert TARGETS[[0, 10, 20, 32], 0] == pytest.approx([0.132484, 28.120173, 60.00671, 7.057075], abs=1e-6)


def test_integrals_are_exact_at_ends_and_halve_a_frame_at_its_middle():
    found = integrals(FRAMES, REFERENCE[:, None])
    sizes, rates = exponentials()
    exact = [(sizes / rates * (1 - np.exp(-rates * end))).sum() for end in FRAMES.end]
    assert found.end[:, 0] == pytest.approx(exact, rel=1e-12)
    assert found.middle[:, 0] == pytest.approx(found.end[:, 0] - REFERENCE * DURATION / 2)
    gap = Frames(start=np.array([0.0, 4.0]), duration=np.array([2.0, 2.0]))
    assert integrals(gap, np.array([[3.0], [5.0]])).end[:, 0].tolist() == [6.0, 6.0 + 8.0 + 10.0]


def test_the_fine_curve_keeps_every_frame_mean():
    fine = fine_curve(FRAMES, REFERENCE)
    steps = np.diff(fine.times) * (fine.values[1:] + fine.values[:-1]) / 2
    sums = np.concatenate([[0], np.cumsum(steps)])
    kept = (sums[fine.last] - sums[fine.first]) / DURATION
    assert kept == pytest.approx(REFERENCE, rel=0.02, abs=0.02)


def test_a_convolution_is_that_of_quadrature():
    fine, k = fine_curve(FRAMES, REFERENCE), 0.08

    def inflow(time):
        return np.interp(time, fine.times, fine.values)

    def y(time):
        cuts = fine.times[fine.times < time]
        return sum(
            quad(lambda s: inflow(s) * np.exp(-k * (time - s)), a, b)[0]
            for a, b in zip(cuts, [*cuts[1:], time], strict=True)
        )

    frame = 12
    nodes, weights = np.polynomial.legendre.leggauss(12)
    times = FRAMES.middle[frame] + nodes * DURATION[frame] / 2
    expected = sum(w * y(time) for w, time in zip(weights, times, strict=True)) / 2
    assert convolved(fine, np.array([k]))[frame, 0] == pytest.approx(expected, rel=1e-6)


def test_noise_free_curves_give_their_binding_potential():  # P2
    known = bases(FRAMES, REFERENCE, ONES)
    found = srtm(known, TARGETS)
    assert found.bp == pytest.approx(BP, abs=1e-3)
    assert found.bp[[0, 1, 2, 3, 5]] == pytest.approx([1.4998, 0.8, 0.1, 0, -0.2], abs=5e-4)
    assert found.r1 == pytest.approx([case[0] for case in CASES], abs=5e-4)
    assert found.k2 == pytest.approx([case[1] for case in CASES], abs=3e-4)
    assert not found.bounded.any()
    for column, k2prime in enumerate(K2PRIME):
        assert srtm2(known, TARGETS[:, [column]], k2prime).bp == pytest.approx(BP[[column]], abs=1e-3)
    assert mrtm1(FRAMES, REFERENCE, TARGETS, ONES) == pytest.approx(
        [1.4985, 0.7990, 0.0999, -0.0001, 2.9936, -0.2], abs=5e-5
    )
    assert mrtm1(FRAMES, REFERENCE, TARGETS, ONES, 20.0) == pytest.approx(
        [1.4999, 0.7999, 0.1, 0, 2.9993, -0.2], abs=5e-5
    )
    assert mrtm2(FRAMES, REFERENCE, TARGETS, ONES, K2PRIME) == pytest.approx(
        [1.4995, 0.7998, 0.1, 0, 2.9983, -0.2], abs=5e-5
    )
    assert logan(FRAMES, REFERENCE, TARGETS, ONES, 30.0, K2PRIME).bp == pytest.approx(
        [1.4996, 0.7997, 0.1, 0, 2.9975, -0.2], abs=5e-5
    )
    assert logan(FRAMES, REFERENCE, TARGETS, ONES, 30.0, None).bp == pytest.approx(
        [1.4832, 0.7840, 0.0997, -0.0005, 2.8183, -0.1999], abs=5e-5
    )


def test_timing_that_is_wrong_shows():  # P4
    end = integrals(FRAMES, np.column_stack([REFERENCE, TARGETS[:, :3]])).end
    for column, expected in enumerate((1.5154, 0.8102, 0.1005)):
        x = np.column_stack([end[:, 0], end[:, column + 1], REFERENCE])
        found = np.linalg.lstsq(x, TARGETS[:, column], rcond=None)[0]
        assert -found[0] / found[1] - 1 == pytest.approx(expected, abs=1e-4)
    short = FRAMES.end <= 40 + 1e-9
    found = srtm(bases(FRAMES.some(short), REFERENCE[short], ONES[short]), TARGETS[short, :3]).bp
    assert found == pytest.approx([1.4958, 0.7971, 0.0999], abs=5e-3)
    late = FRAMES.start >= 5 - 1e-9
    found = srtm(bases(FRAMES.some(late), REFERENCE[late], ONES[late]), TARGETS[late, :3]).bp
    assert found == pytest.approx([1.5103, 0.8062, 0.1008], abs=6e-3)


def test_what_is_not_decay_corrected_is_wrong_by_half():  # P5
    rate = np.log(2) / 20.364
    left = (np.exp(-rate * FRAMES.start) - np.exp(-rate * FRAMES.end)) / (rate * DURATION)
    found = srtm(bases(FRAMES, REFERENCE * left, ONES), TARGETS[:, :3] * left[:, None]).bp
    assert found == pytest.approx([0.9907, 0.4753, 0.0760], abs=5e-3)


@pytest.mark.parametrize(
    ("share", "closed", "fitted"),
    [
        (0.05, (1.3256, 0.6744, 0.0233), (1.3245, 0.6731, 0.0297)),
        (0.10, (1.1739, 0.5652, -0.0435), (1.1732, 0.5638, -0.0510)),
    ],
)
def test_binding_in_the_reference_takes_from_all(share, closed, fitted):  # P6
    mixed = (1 - share) * REFERENCE + share * TARGETS[:, 0]
    assert (BP[:3] - share * 1.5) / (1 + share * 1.5) == pytest.approx(closed, abs=1e-4)
    assert srtm(bases(FRAMES, mixed, ONES), TARGETS[:, :3]).bp == pytest.approx(fitted, abs=2e-3)


def test_tissue_that_is_mixed_in_and_a_head_that_moves():  # P7
    known = bases(FRAMES, REFERENCE, ONES)
    assert srtm(known, 0.7 * TARGETS[:, :3] + 0.3 * REFERENCE[:, None]).bp == pytest.approx(0.7 * BP[:3], abs=1e-3)
    moved, late = TARGETS[:, :1].copy(), FRAMES.start >= 45 - 1e-9
    moved[late, 0] = 0.9 * moved[late, 0] + 0.1 * REFERENCE[late]
    assert srtm(known, moved).bp == pytest.approx([1.4354], abs=2e-3)
    assert mrtm1(FRAMES, REFERENCE, moved, ONES) == pytest.approx([1.4340], abs=1e-4)
    assert logan(FRAMES, REFERENCE, moved, ONES, 30.0, K2PRIME[:1]).bp == pytest.approx([1.4383], abs=1e-4)


def test_a_ratio_of_uptake_is_no_binding_potential():  # P8
    late, early = (uptake_ratio(FRAMES, REFERENCE, TARGETS[:, :3], *edges) - 1 for edges in ((60, 90), (30, 60)))
    assert late == pytest.approx([3.9033, 2.3819, 0.1776], abs=1e-4)
    assert early == pytest.approx([2.3579, 1.3185, 0.1493], abs=1e-4)
    assert np.isnan(uptake_ratio(FRAMES, REFERENCE, TARGETS, 100, 120)).all()


def noisy(bp, count, share, seed):
    """Return curves with noise of counting, scaled so that the largest is a share of the peak."""
    clean = means(*exponentials(1.1, 0.15, bp))
    left = np.exp(-np.log(2) / 20.364 * FRAMES.middle)
    spread = np.sqrt(clean / (DURATION * left))
    spread *= share * clean.max() / spread.max()
    return clean[:, None] + spread[:, None] * np.random.default_rng(seed).standard_normal((len(clean), count))


@pytest.mark.parametrize(("share", "sd"), [(0.02, 0.019), (0.05, 0.047), (0.10, 0.095)])
def test_noise_of_regions_gives_its_spread_and_the_error_says_it(share, sd):  # P9
    found = srtm(bases(FRAMES, REFERENCE, ONES), noisy(1.5, 2000, share, 0))
    assert found.bp.std() == pytest.approx(sd, rel=0.15)
    assert abs(found.bp.mean() - 1.5) < 0.01
    if share < 0.1:  # of equal weights the error is of the right size
        assert 0.4 < np.median(found.error) / found.bp.std() < 2.5


def test_the_error_is_that_of_nonlinear_least_squares():
    curve = noisy(1.5, 1, 0.03, 3)
    fine = fine_curve(FRAMES, REFERENCE)

    def model(_, r1, k2, bp):
        k = k2 / (1 + bp)
        return r1 * REFERENCE + (k2 - r1 * k) * convolved(fine, np.array([k]))[:, 0]

    best, covariance = curve_fit(model, FRAMES.middle, curve[:, 0], [1.0, 0.1, 1.0])
    found = srtm(bases(FRAMES, REFERENCE, ONES), curve)
    assert found.bp[0] == pytest.approx(best[2], abs=1e-3)
    assert (found.r1[0], found.k2[0]) == pytest.approx(best[:2], abs=1e-3)
    assert found.error[0] == pytest.approx(np.sqrt(covariance[2, 2]), rel=0.02)


def test_a_target_that_is_the_reference_times_a_number_has_its_binding_potential():  # P17
    curve = means(*exponentials(0.8, 0.15, -0.2))[:, None]
    found = srtm(bases(FRAMES, REFERENCE, ONES), curve)
    assert (found.bp[0], found.r1[0]) == pytest.approx((-0.2, 0.8), abs=1e-4)


def test_a_curve_beyond_the_rates_is_nan_and_counted():
    curve = means(*exponentials(1.0, 0.1, 60.0))[:, None]
    found = srtm(bases(FRAMES, REFERENCE, ONES), np.concatenate([curve, TARGETS[:, :1]], axis=1))
    assert found.bounded.tolist() == [True, False]
    assert np.isnan(found.bp[0])


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(0.01, 1000.0), shuffle=st.randoms(use_true_random=False))
def test_binding_potential_knows_no_units_of_activity_and_no_order(scale, shuffle):
    order = list(range(6))
    shuffle.shuffle(order)
    plain = srtm(bases(FRAMES, REFERENCE, ONES), TARGETS).bp
    other = srtm(bases(FRAMES, scale * REFERENCE, ONES), scale * TARGETS[:, order]).bp
    assert other == pytest.approx(plain[order], rel=1e-6, abs=1e-9)


def simulated():
    path = real("pet_kinfitr/simref_tacs_SIMULATED.csv")
    with path.open() as stream:
        rows = [row for row in csv.DictReader(stream) if float(row["Duration"]) > 0]
    for name, own in groupby(rows, key=lambda row: row["PET"]):
        table = list(own)
        column = {key: np.array([float(row[key]) for row in table]) for key in table[0] if key != "PET"}
        frames = Frames(start=column["StartTime"], duration=column["Duration"])
        yield (
            name,
            frames,
            column["Reference"],
            np.stack([column[f"ROI{i}"] for i in (1, 2, 3)], axis=1),
            column["Weights"],
        )


@pytest.mark.real
def test_kinfitr_gives_the_same():  # P3
    found = {"srtm": [], "mrtm1": [], "mrtm2": []}
    for name, frames, reference, targets, weights in simulated():
        fitted = srtm(bases(frames, reference, weights), targets)
        one, two = mrtm1(frames, reference, targets, weights), mrtm2(frames, reference, targets, weights, 0.1)
        for key, values in zip(found, (fitted.bp, one, two), strict=True):
            found[key].append(values)
        if name == "hukw_1":
            assert one == pytest.approx([1.496721, 0.804573, 0.348295], abs=1e-6)
            assert two == pytest.approx([1.439310, 0.783777, 0.348627], abs=1e-6)
            assert fitted.bp == pytest.approx([1.489526, 0.800404, 0.350017], abs=0.0213)
            assert fitted.r1[0] == pytest.approx(1.233901, abs=0.005)
            first = frames.middle[-10]
            plain = logan(frames, reference, targets, np.ones(len(weights)), first, 0.1).bp
            assert plain[0] == pytest.approx(1.484258, abs=1e-6)
            # The weighted value on record, 1.512318, is no weighted line through these ten points: this is one.
            late = frames.middle >= first
            both = integrals(frames, np.column_stack([reference, targets[:, 0]])).middle[late]
            x = (both[:, 0] + reference[late] / 0.1) / targets[late, 0]
            slope = np.polyfit(x, both[:, 1] / targets[late, 0], 1, w=np.sqrt(weights[late]))[0]
            weighted = logan(frames, reference, targets, weights, first, 0.1).bp[0]
            assert weighted == pytest.approx(slope - 1, abs=1e-9)
            assert weighted == pytest.approx(1.484975, abs=1e-6)
        if name == "ybnx_1":
            assert [one[0], two[0]] == pytest.approx([1.950748, 2.079819], abs=1e-6)
            assert fitted.bp[0] == pytest.approx(1.931482, abs=0.0213)
    averages = {key: np.mean(values, axis=0) for key, values in found.items()}
    assert averages["mrtm1"] == pytest.approx([1.51262, 0.82659, 0.29752], abs=1e-5)
    assert averages["mrtm2"] == pytest.approx([1.49579, 0.82184, 0.29345], abs=1e-5)
    assert averages["srtm"] == pytest.approx([1.50277, 0.82076, 0.29541], abs=0.0213)
