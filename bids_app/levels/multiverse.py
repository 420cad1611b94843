"""The contrasts between arms under every specification, at the places that the main analysis points to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy import stats

from bids_app.dataset.sidecars import read_sidecar
from bids_app.derivatives.completion_records import digest
from bids_app.derivatives.files import write_json, write_table
from bids_app.derivatives.paths import alternative_folder
from bids_app.levels.specification_results import Estimate, contrasts_beside, label_of_map, result_of
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.entities import companion, parse
from bids_app.vocabulary.group_sidecars import MultiverseSidecar, SpecificationSidecar
from bids_app.vocabulary.options.multiverse import Specification

MAIN = "main"

COLUMNS = {
    "specification": "Name of the analysis; 'main' is the one that was planned.",
    "contrast": "Contrast between arms: the estimand.",
    "map": "Seed or measure.",
    "x": "mm; where corrected p of the primary contrast is smallest (in a cluster: its peak), y and z alike.",
    "y": "mm.",
    "z": "mm.",
    "place": "Region, edge or point where corrected p of the primary contrast is smallest.",
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
    # What failed may have left results of an earlier run: they are not of this one.
    done = [one.name for one in specifications if one.name not in failures]
    folders = {MAIN: output_dir, **{name: alternative_folder(output_dir, name) for name in done}}
    for flow in sorted((output_dir / "group").rglob("*_flow.tsv")):
        told = {path: read_sidecar(path, ContrastSidecar) for path in contrasts_beside(flow)}
        sidecars = {path: about for path, about in told.items() if about.between_arms and about.statistic == "t"}
        if not sidecars:
            continue
        rows = [row for places in _by_map(sidecars).values() for row in _rows(places, folders, output_dir)]
        # Only maps that were computed again have a curve.
        again = {row["map"] for row in rows if row["specification"] != MAIN}
        rows = [row for row in rows if row["map"] in again]
        path = companion(flow, "multiverse", ".tsv")
        # Maps have coordinates, tables names of rows: a cell that a row has not is n/a.
        names = list(dict.fromkeys(name for row in rows for name in row)) if rows else list(COLUMNS)
        write_table(path, {name: [row.get(name) for row in rows] for name in names})
        first = next((about for about in sidecars.values() if about.primary), next(iter(sidecars.values())))
        primary = next(path for path, about in sidecars.items() if about is first)
        about = MultiverseSidecar(
            columns={name: text for name, text in COLUMNS.items() if name in names},
            specifications={
                one.name: SpecificationSidecar(settings=tuple(one.settings), choices=tuple(one.choices))
                for one in specifications
            },
            not_done=failures,
            alpha=first.alpha,
            primary=parse(primary.name)[0]["contrast"],
            main_results={path.name: digest(path) for path in sidecars},
        )
        write_json(path.with_suffix(".json"), about.to_json())


def _by_map(sidecars: Mapping[Path, ContrastSidecar]) -> dict[str, list[Path]]:
    """Return the contrasts of each seed or measure, the primary one first."""
    found: dict[str, list[Path]] = {}
    for path in sorted(sidecars, key=lambda path: not sidecars[path].primary):
        found.setdefault(label_of_map(path), []).append(path)
    return found


def _rows(
    sidecars: Sequence[Path], folders: Mapping[str, Path], output_dir: Path
) -> Iterator[dict[str, object]]:  # fmt: skip
    """Yield the row of each specification and contrast of one map or table."""
    first = result_of(sidecars[0])
    place = first.best()
    for sidecar in sidecars:
        planned = result_of(sidecar)
        for name, folder in folders.items():
            path = folder / sidecar.relative_to(output_dir)
            own = result_of(path) if path.exists() else None
            both = own.t_beside(planned) if own else None
            found = own.at(place) if own and both else None
            if own is None or both is None or found is None:
                continue
            yield {
                "specification": name, "contrast": parse(sidecar.name)[0]["contrast"], "map": label_of_map(sidecar),
                **first.named(place), **_with_limits(found, own.about.degrees_of_freedom),
                "participants": own.about.participants, "p_corrected": own.about.p,
                "similarity": float(np.corrcoef(*both)[0, 1]) if len(both[0]) > 2 else np.nan,
            }  # fmt: skip


def _with_limits(found: Estimate, df: int | list[int]) -> dict[str, float]:
    reach = float(stats.t.isf(0.025, df) * np.sqrt(found.variance))
    low, high = found.effect - reach, found.effect + reach
    return {"effect": found.effect, "effect_low": low, "effect_high": high, "t": found.t}
