"""The contrasts between arms under every specification, at the places that the main analysis points to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.volumes import read_map
from bids_app.derivatives.completion_records import digest
from bids_app.derivatives.files import write_json, write_table
from bids_app.derivatives.paths import STAT_OF, alternative_folder, group_path
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.entities import companion, parse, without
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.group_sidecars import MultiverseSidecar, SpecificationSidecar
from bids_app.vocabulary.options.multiverse import Specification

MAIN = "main"

COLUMNS = {
    "specification": "Name of the analysis; 'main' is the one that was planned.",
    "contrast": "Contrast between arms: the estimand.",
    "map": "Seed or measure.",
    "x": "mm; where corrected p of the primary contrast is smallest (in a cluster: its peak), y and z alike.",
    "effect": "Effect at that place in the units of the outcome, with its 95 % interval (effect_low, effect_high).",
    "t": "t at that place.",
    "participants": "Participants in this contrast.",
    "p_corrected": "Smallest corrected p anywhere in this map, over its family.",
    "similarity": "Correlation of the t map with that of the main analysis, over voxels that both have.",
}


def collect(output_dir: Path, specifications: Sequence[Specification], failures: Mapping[str, str]) -> None:
    """Write a table of every specification for each analysis of `output_dir`.

    Parameters
    ----------
    failures : mapping
        What kept a specification from being done, by name.
    """
    analyses: dict[tuple[tuple[str, str], ...], list[Path]] = {}
    for path in sorted((output_dir / "group").glob("*_statmap.json")):
        contrast = read_sidecar(path, ContrastSidecar)
        if contrast.between_arms and contrast.statistic == "t":
            shared = without(parse(path.name)[0], "seed", "meas", "contrast")
            analyses.setdefault(tuple(shared.items()), []).append(path)
    # What failed may have left results of an earlier run: they are not of this one.
    done = [one.name for one in specifications if one.name not in failures]
    folders = {MAIN: output_dir, **{name: alternative_folder(output_dir, name) for name in done}}
    for entities, sidecars in analyses.items():
        rows = [row for places in _by_map(sidecars).values() for row in _rows(places, folders)]
        # Only maps that were computed again have a curve.
        again = {row["map"] for row in rows if row["specification"] != MAIN}
        rows = [row for row in rows if row["map"] in again]
        path = group_path(output_dir, dict(entities), "multiverse", ".tsv")
        write_table(path, {name: [row[name] for row in rows] for name in (rows[0] if rows else COLUMNS)})
        primary = next((path for path in sidecars if read_sidecar(path, ContrastSidecar).primary), sidecars[0])
        about = MultiverseSidecar(
            columns=COLUMNS,
            specifications={
                one.name: SpecificationSidecar(settings=tuple(one.settings), choices=tuple(one.choices))
                for one in specifications
            },
            not_done=failures,
            alpha=read_sidecar(primary, ContrastSidecar).alpha,
            primary=parse(primary.name)[0]["contrast"],
            main_results={path.name: digest(path) for path in sidecars},
        )
        write_json(path.with_suffix(".json"), about.to_json())


def _by_map(sidecars: Sequence[Path]) -> dict[str, list[Path]]:
    """Return the contrasts of each seed or measure, the primary one first."""
    found: dict[str, list[Path]] = {}
    for path in sorted(sidecars, key=lambda path: not read_sidecar(path, ContrastSidecar).primary):
        entities, _, _ = parse(path.name)
        found.setdefault(entities.get("seed") or entities["meas"], []).append(path)
    return found


def _rows(sidecars: Sequence[Path], folders: Mapping[str, Path]) -> Iterator[dict[str, object]]:
    """Yield the row of each specification and contrast of one map."""
    grid, peak = _place(sidecars[0])
    x, y, z = grid.affine[:3, :3] @ np.array(peak) + grid.affine[:3, 3]
    for sidecar in sidecars:
        entities, _, _ = parse(sidecar.name)
        planned = _t(sidecar, grid)
        for name, folder in folders.items():
            own = folder / "group" / sidecar.name
            t = _t(own, grid) if own.exists() else None
            if t is None or planned is None:
                continue
            yield {
                "specification": name, "contrast": entities["contrast"],
                "map": entities.get("seed") or entities["meas"], "x": x, "y": y, "z": z,
                **_at(own, peak, float(t[peak])), **_whole(own, t, planned),
            }  # fmt: skip


def _place(sidecar: Path) -> tuple[Grid, tuple[np.intp, ...]]:
    """Return the grid, and the voxel of the smallest corrected p; of a cluster, where |t| is largest."""
    t, grid = read_map(companion(sidecar, "statmap", ".nii.gz", stat="t"))
    claim = STAT_OF[read_sidecar(sidecar, ContrastSidecar).claim_statistic]
    decides, _ = read_map(companion(sidecar, "statmap", ".nii.gz", stat=claim, desc="joint"))
    best = np.where(decides == np.nanmax(decides), np.where(np.isfinite(t), np.abs(t), -1.0), -1.0)
    return grid, np.unravel_index(int(np.argmax(best)), t.shape)


def _t(sidecar: Path, grid: Grid) -> NDArray[np.float32] | None:
    """Return the t map of a result, NaN where there is none; nothing if it lies on another grid."""
    t, own = read_map(companion(sidecar, "statmap", ".nii.gz", stat="t"))
    return t if own.shape == grid.shape and own.displacement(grid.affine) < 1e-3 else None


def _at(sidecar: Path, place: tuple[np.intp, ...], t: float) -> dict[str, float]:
    effect, variance = (
        float(read_map(companion(sidecar, "statmap", ".nii.gz", stat=stat))[0][place])
        for stat in ("effect", "variance")
    )
    effect = effect if np.isfinite(t) else np.nan
    reach = float(stats.t.isf(0.025, read_sidecar(sidecar, ContrastSidecar).degrees_of_freedom) * np.sqrt(variance))
    return {"effect": effect, "effect_low": effect - reach, "effect_high": effect + reach, "t": t}


def _whole(sidecar: Path, t: NDArray[np.float32], planned: NDArray[np.float32]) -> dict[str, object]:
    about = read_sidecar(sidecar, ContrastSidecar)
    both = np.isfinite(t) & np.isfinite(planned)
    return {
        "participants": about.participants,
        "p_corrected": about.p,
        "similarity": float(np.corrcoef(t[both], planned[both])[0, 1]) if both.sum() > 2 else np.nan,
    }
