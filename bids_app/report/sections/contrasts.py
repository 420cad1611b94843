"""Every contrast of one analysis: question, map and cluster table of each seed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import read_frame, read_json
from bids_app.dataset.volumes import read_map
from bids_app.derivatives.atomic import write_bytes
from bids_app.derivatives.paths import STAT_OF
from bids_app.report import html, viewer
from bids_app.report.drawing import glass_brain, mosaic
from bids_app.report.drawing.template import template
from bids_app.report.sections.clusters import chance, panels
from bids_app.report.sections.confirmatory import Confirmed, smallest, with_levels
from bids_app.report.sections.participants import motion_left
from bids_app.report.text.wording import NAMES, SCHEMES, statistic_name
from bids_app.statistics.bayes_factor import evidence
from bids_app.vocabulary.entities import parse
from bids_app.vocabulary.grid import Grid, Mask

SHOWN = 8
"""Rows of a cluster table on the page; the file has all."""


class Contrasts:
    """The results of one analysis as they lie on disk.

    Parameters
    ----------
    sidecars : list of Path
        One JSON for each contrast and seed.
    decision : Confirmed or None
        What became of the measure among all that is confirmatory: its primary contrast is held against that level.
    """

    def __init__(self, output_dir: Path, sidecars: list[Path], decision: Confirmed | None = None) -> None:
        self._root = output_dir
        self._abouts = with_levels(sorted(sidecars), decision)

    @cached_property
    def _found(self) -> dict[str, dict[str, tuple[Path, Mapping[str, Any]]]]:
        found: dict[str, dict[str, tuple[Path, Mapping[str, Any]]]] = {}
        for path, about in self._abouts.items():
            entities, _, _ = parse(path.name)
            label = entities.get("seed") or entities.get("meas") or ""
            found.setdefault(entities["contrast"], {})[label] = path, about

        def order(item: tuple[str, dict[str, tuple[Path, Mapping[str, Any]]]]) -> tuple[bool, bool, str]:
            about = next(iter(item[1].values()))[1]
            return not about["Primary"], not about["BetweenArms"], item[0]

        return dict(sorted(found.items(), key=order))

    def by_name(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        """Return the sidecars by contrast and seed; the primary contrast first."""
        return {name: {label: about for label, (_, about) in m.items()} for name, m in self._found.items()}

    def primary(self) -> Mapping[str, Any]:
        """Return the sidecar of one member of the primary contrast."""
        everything = [about for members in self.by_name().values() for about in members.values()]
        return next((about for about in everything if about["Primary"]), everything[0])

    def design(self) -> dict[str, Any]:
        """Return the design matrix of the primary contrast as coloured cells."""
        path, about = next(iter(next(iter(self._found.values())).values()))
        frame = read_frame(_beside(path, "design.tsv"))
        numbers = frame.select_dtypes("number")
        spread = (numbers - numbers.min()) / (numbers.max() - numbers.min()).replace(0, 1)
        shades = [[f"{0.15 + 0.85 * value:.2f}" for value in row] for row in spread.to_numpy()]
        text = frame.astype(str).to_numpy().tolist()
        people = frame["participant_id"].tolist()
        extra = ["own map before treatment"] if "baseline" in frame else []
        return {
            "columns": [*numbers.columns, *extra], "people": people, "shades": shades, "text": text,
            "sign": about["Sign"], "voxelwise": bool(extra),
        }  # fmt: skip

    def sections(self) -> list[dict[str, Any]]:
        """Return each contrast with its seeds, ready for the page."""
        sections = []
        for name, members in self._found.items():
            first = next(iter(members.values()))[1]
            seeds = [self._seed(label, path, about) for label, (path, about) in members.items()]
            seeds.sort(key=lambda seed: seed["p"])
            sections.append(
                {
                    "name": name,
                    "about": first,
                    "seeds": seeds,
                    "passed": sum(seed["passed"] for seed in seeds),
                    "robust": any(seed["robust"] is not None for seed in seeds),
                    "too_small": first.get("Robust", {}).get("TooSmallForVoxels", False),
                    "why": first.get("Robust", {}).get("Absent", ""),
                    "statistic": statistic_name(first),
                    "claim": first["ClaimStatistic"],
                    "claim_name": NAMES[first["ClaimStatistic"]],
                    "scheme": SCHEMES[first["Scheme"]],
                }
            )
        return sections

    def overlap(self) -> list[dict[str, Any]]:
        """Return what both arms have in common, map by map, if the design compares arms."""
        found = []
        for label, (path, about) in next(iter(self._found.values())).items():
            name = path.name.replace(f"_contrast-{parse(path.name)[0]['contrast']}_", "_contrast-commonChange_")
            beside = path.with_name(name.replace("_statmap.json", "_overlap.json"))
            if beside.exists():
                said = read_json(beside)
                dice = next((row["Dice"] for row in said["Dice"] if row["AbsoluteT"] == 2), None)
                found.append({**said, "label": label, "alpha": about["Alpha"], "dice": dice})
        return found

    def _seed(self, label: str, path: Path, about: Mapping[str, Any]) -> dict[str, Any]:
        """Draw the map of one seed and cut its cluster table to what fits."""
        t, grid = read_map(_beside(path, "statmap.nii.gz", f"stat-{about['Statistic']}"))
        floor = 2.0 if about["Statistic"] == "t" else about["ClusterFormingT"] / 2
        claim = STAT_OF[about["ClaimStatistic"]]
        log_p, _ = read_map(_beside(path, "statmap.nii.gz", f"stat-{claim}_desc-joint"))
        corrected = np.nan_to_num(log_p) >= -np.log10(about["PassesAt"] or 1e-300) - 1e-6
        png = mosaic.mosaic(self._underlay, t, grid, (floor, 2 * about["ClusterFormingT"]), corrected)
        picture = (
            self._root / "group" / "figures" / path.name.replace("_statmap.json", f"_stat-{about['Statistic']}.png")
        )
        write_bytes(picture, png)
        words = {
            "id": f"{about['Measure']}-{parse(path.name)[0]['contrast']}-{label}",
            "title": f"{parse(path.name)[0]['contrast']}: {label}",
            "unit": about["Statistic"],
            "note": f"{about['Sign'].capitalize()}. n = {about['Participants']}. Full colour survives correction "
            f"({statistic_name(about)}); pale does not.",
        }
        view = viewer.view(np.nan_to_num(t), grid, (floor, 2 * about["ClusterFormingT"]), words, corrected)
        clusters = read_frame(_beside(path, "clusters.tsv")).fillna({"place": ""})  # far from any name it has none
        p, robust = smallest(about)
        column = f"p_{about['ClaimStatistic']}_fwe"
        ordered = clusters.sort_values(column)
        return {
            "label": label,
            "view": view,
            "floor": floor,
            "about": about,
            "p": p,
            "p_limits": about["SmallestPLimits"][about["ClaimStatistic"]] if not about["Exhaustive"] else None,
            "p_map": about["SmallestP"][about["ClaimStatistic"]],
            "passed": p <= about["PassesAt"],
            "robust": robust if about.get("Robust") else None,
            "answer": _answer(p, robust, about),
            "picture": html.embed(png),
            "glass": self._glass(t, grid, about, corrected) if corrected.any() else "",
            "panels": panels(
                _beside(path, "clustermeans.tsv"),
                ordered[ordered[f"{column}_joint"] <= about["PassesAt"]],
                list(about["ParticipantsByArm"]),
            ),
            "chance": chance(_beside(path, "nullmax.tsv"), about),
            "motion": motion_left(_beside(path, "qcfc.json")),
            "clusters": ordered.head(SHOWN).to_dict("records"),
            "more": max(0, len(clusters) - SHOWN),
            "column": column,
            "file": _beside(path, "clusters.tsv").name,
            "literature": self._literature(path, about),
            "printed": _printed(path),
            "evidence": self._evidence(path),
            "before": self._before(path) if about["Primary"] else None,
        }

    def _literature(self, path: Path, about: Mapping[str, Any]) -> str:
        """Draw the map that a paper would print by random field theory; nothing where it would print none."""
        there = _beside(path, "statmap.nii.gz", "stat-t_desc-literature")
        if not there.exists():
            return ""
        t, grid = read_map(there)
        height = float(about["ClusterFormingT"])
        if not np.nan_to_num(t).any():
            return ""
        return html.embed(mosaic.mosaic(self._underlay, t, grid, (height / 2, 2 * height), np.zeros(t.shape, bool)))

    def _evidence(self, path: Path) -> str:
        """Draw the classes of evidence that the Bayes factors of a map are in; nothing where there are none."""
        there = _beside(path, "statmap.nii.gz", "stat-logbf_desc-r071")
        if not there.exists():
            return ""
        found, grid = read_map(there)
        classes = evidence(found).astype(np.float32)
        pale = np.zeros(classes.shape, bool)  # nothing here is corrected over the map
        return html.embed(mosaic.mosaic(self._underlay, classes, grid, (1.0, 2.0), pale))

    def _glass(self, t: NDArray[Any], grid: Grid, about: Mapping[str, Any], corrected: Mask) -> str:
        """Draw what survives, and pale what formed a cluster and did not."""
        height = float(about["ClusterFormingT"])
        return html.embed(glass_brain.glass(t, grid, (height, 2 * height), corrected))

    def _before(self, path: Path) -> float | None:
        """Return the median |g| between the arms of a contrast before treatment, if that was described."""
        beside = next(path.parent.glob(f"{path.name.partition('_contrast-')[0]}_contrast-*_baseline.json"), None)
        return float(read_json(beside)["MedianAbsoluteG"]) if beside else None

    @cached_property
    def _underlay(self) -> mosaic.Underlay:
        return mosaic.underlay(*template())


def _printed(path: Path) -> list[dict[str, Any]]:
    """Return the clusters that a paper would list by random field theory, the largest first."""
    there = _beside(path, "clusters.tsv", "desc-literature")
    return read_frame(there).fillna({"place": ""}).head(SHOWN).to_dict("records") if there.exists() else []


def _answer(p: float, robust: float | None, about: Mapping[str, Any]) -> str:
    """Return what a map allows to say, in two or three words."""
    if p > about["PassesAt"]:
        return "does not pass"
    if robust is None or not about.get("Robust"):
        return "passes"
    unreliable = about.get("VarianceOfArms", {}).get("Unreliable", False)
    return "means differ" if robust <= about["Alpha"] and not unreliable else "distributions differ"


def _beside(sidecar: Path, ending: str, entities: str = "") -> Path:
    """Return the file of the same contrast and seed with another ending."""
    stem = sidecar.name.removesuffix("_statmap.json")
    return sidecar.with_name("_".join(part for part in (stem, entities, ending) if part))
