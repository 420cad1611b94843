"""The sample of voxels before and after cleaning, against plain arrays."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.derivatives.carpet_picture import CENSORED, carpet_picture
from bids_app.report.sections import motion
from bids_app.signals.carpet import ROWS, CarpetSample


def _run(voxels=40, frames=60):
    rng = np.random.default_rng(1)
    kept = np.ones(frames, dtype=bool)
    kept[[10, 11, 30]] = False
    shared = rng.standard_normal(frames)
    series = 1000 + 5 * rng.standard_normal((frames, voxels)) + np.outer(shared, np.linspace(0, 20, voxels))
    nuisance = np.column_stack([np.ones(kept.sum()), shared[kept]])
    basis = np.linalg.svd(np.eye(kept.sum()) - nuisance @ np.linalg.pinv(nuisance))[0][:, : kept.sum() - 2]
    return series.astype(np.float32), kept, basis


def _carpet(series, kept, basis, chosen):
    sample = CarpetSample(series.shape[1])
    for block in np.array_split(series[kept], 4):
        sample.take(block)
    coordinates = (basis.T @ series[kept][:, chosen].astype(float)).astype(np.float32)
    return sample.carpet(basis, coordinates, chosen, kept)


def test_rows_are_standardised_series_and_their_residuals_ordered_by_the_mean_of_all():
    series, kept, basis = _run()
    chosen = np.random.default_rng(2).permutation(40)[:35]
    carpet = _carpet(series, kept, basis, chosen)
    plain = series[kept][:, np.sort(chosen)].astype(float)
    plain -= plain.mean(axis=0)
    together = (plain / plain.std(axis=0)).mean(axis=1)
    order = np.argsort([-np.corrcoef(column, together)[0, 1] for column in plain.T], kind="stable")
    assert carpet.before == pytest.approx((plain / plain.std(axis=0))[:, order], abs=2e-3)
    cleaned = basis @ (basis.T @ plain) / plain.std(axis=0)
    assert carpet.after == pytest.approx(cleaned[:, order], abs=2e-3)
    assert np.abs(carpet.after).mean() < np.abs(carpet.before).mean()


def test_dvars_is_the_root_mean_square_step_in_percent_and_unknown_next_to_gaps():
    series, kept, basis = _run()
    carpet = _carpet(series, kept, basis, np.arange(40))
    mean = series[kept].mean(axis=0)
    for frame in range(60):
        if frame == 0 or not (kept[frame] and kept[frame - 1]):
            assert np.isnan(carpet.dvars_before[frame])
        else:
            step = 100 * (series[frame] - series[frame - 1]) / mean
            assert carpet.dvars_before[frame] == pytest.approx(np.sqrt((step**2).mean()), rel=1e-3)
    assert np.nanmedian(carpet.dvars_after) < np.nanmedian(carpet.dvars_before)


def test_a_large_brain_gives_a_few_hundred_voxels_spread_over_it():
    places = CarpetSample(200_000).places
    assert len(places) == ROWS
    assert np.ptp(np.diff(places)) <= 1


def test_the_picture_has_both_and_grey_where_frames_are_left_out():
    series, kept, basis = _run()
    picture = carpet_picture(_carpet(series, kept, basis, np.arange(40)), kept)
    assert picture.shape == (80, 60)
    assert (picture[:, ~kept] == CENSORED).all()
    assert picture[:40, kept].std() > picture[40:, kept].std()


def test_what_was_spent_adds_up_to_the_frames_or_is_not_drawn():
    run = {"volumes": "180", "volumes_kept": "178", "df_confounds": "27", "df_band": "111", "df_res": "39"}
    parts = motion.spent(run)
    assert [part["value"] for part in parts] == [2, 28, 111, 39]
    assert sum(float(part["width"]) for part in parts) == pytest.approx(motion.WIDTH, abs=0.3)
    assert motion.spent({**run, "df_res": "40"}) == []
    assert motion.spent({key: run[key] for key in ("volumes", "volumes_kept", "df_res")}) == []
