"""Every contrast of one analysis: question, map and cluster table of each seed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import read_frame, read_json
from bids_app.dataset.volumes import read_map
from bids_app.derivatives.atomic import write_bytes
from bids_app.derivatives.paths import STAT_OF
from bids_app.report import viewer
from bids_app.report.drawing import glass_brain, mosaic
from bids_app.report.drawing.template import template
from bids_app.report.messages import _
from bids_app.report.sections.clusters import chance, panels
from bids_app.report.sections.confirmatory import Confirmed, JudgedContrast, with_levels
from bids_app.report.sections.contrast_section import ContrastSection, MapSection
from bids_app.report.sections.participants import motion_left
from bids_app.report.text.wording import statistic_name
from bids_app.statistics.bayes_factor import evidence
from bids_app.vocabulary.entities import companion, parse
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.group_sidecars import OverlapSidecar

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

    def __init__(self, output_dir: Path, sidecars: Sequence[Path], decision: Confirmed | None = None) -> None:
        self._root = output_dir
        self._abouts = with_levels(sorted(sidecars), decision)

    @cached_property
    def _found(self) -> dict[str, dict[str, tuple[Path, JudgedContrast]]]:
        found: dict[str, dict[str, tuple[Path, JudgedContrast]]] = {}
        for path, about in self._abouts.items():
            entities, _, _ = parse(path.name)
            label = entities.get("seed") or entities.get("meas") or ""
            found.setdefault(entities["contrast"], {})[label] = path, about

        def order(item: tuple[str, dict[str, tuple[Path, JudgedContrast]]]) -> tuple[bool, bool, str]:
            about = next(iter(item[1].values()))[1]
            return not about.primary, not about.between_arms, item[0]

        return dict(sorted(found.items(), key=order))

    def by_name(self) -> dict[str, dict[str, JudgedContrast]]:
        """Return the sidecars by contrast and seed; the primary contrast first."""
        return {name: {label: about for label, (_, about) in m.items()} for name, m in self._found.items()}

    def primary(self) -> JudgedContrast:
        """Return the sidecar of one member of the primary contrast."""
        everything = [about for members in self.by_name().values() for about in members.values()]
        return next((about for about in everything if about.primary), everything[0])

    def design(self) -> dict[str, object]:
        """Return the design matrix of the primary contrast as coloured cells."""
        path, about = next(iter(next(iter(self._found.values())).values()))
        frame = read_frame(companion(path, "design", ".tsv"))
        numbers = frame.select_dtypes("number")
        spread = (numbers - numbers.min()) / (numbers.max() - numbers.min()).replace(0, 1)
        shades = [[f"{0.15 + 0.85 * value:.2f}" for value in row] for row in spread.to_numpy()]
        text = frame.astype(str).to_numpy().tolist()
        people = frame["participant_id"].tolist()
        extra = [_("own map before treatment")] if "baseline" in frame else []
        return {
            "columns": [*numbers.columns, *extra], "people": people, "shades": shades, "text": text,
            "sign": about.sign, "voxelwise": bool(extra),
        }  # fmt: skip

    def sections(self) -> list[ContrastSection]:
        """Return each contrast with its maps."""
        found = []
        for name, members in self._found.items():
            seeds = [self._seed(label, path, about) for label, (path, about) in members.items()]
            found.append(ContrastSection(name=name, seeds=sorted(seeds, key=lambda seed: seed.p)))
        return found

    def overlap(self) -> list[dict[str, object]]:
        """Return what both arms have in common, map by map, if the design compares arms."""
        found = []
        for label, (path, about) in next(iter(self._found.values())).items():
            beside = companion(path, "overlap", ".json", contrast="commonChange")
            if beside.exists():
                said = read_sidecar(beside, OverlapSidecar)
                dice = next((one.dice for one in said.dice if one.absolute_t == 2), None)
                found.append({**vars(said), "label": label, "alpha": about.alpha, "dice": dice})
        return found

    def _seed(self, label: str, path: Path, about: JudgedContrast) -> MapSection:
        """Draw the map of one seed and cut its cluster table to what fits."""
        t, grid = read_map(companion(path, "statmap", ".nii.gz", stat=about.statistic))
        scale = 2.0 if about.statistic == "t" else about.cluster_forming_t / 2, 2 * about.cluster_forming_t
        claim = STAT_OF[about.claim_statistic]
        log_p, _ = read_map(companion(path, "statmap", ".nii.gz", stat=claim, desc="joint"))
        corrected = np.nan_to_num(log_p) >= -np.log10(about.passes_at or 1e-300) - 1e-6
        listed, column = companion(path, "clusters", ".tsv"), f"p_{about.claim_statistic}_fwe"
        clusters = read_frame(listed).fillna({"place": ""}).sort_values(column)  # far from any name it has none
        return MapSection(
            label=label,
            about=about,
            view=viewer.view(np.nan_to_num(t), grid, scale, _words(label, path, about), corrected),
            floor=scale[0],
            p=about.p_held,
            p_limits=about.smallest_p_limits[about.claim_statistic] if not about.exhaustive else None,
            p_map=about.smallest_p[about.claim_statistic],
            robust=about.p_robust_held if about.robust else None,
            answer=_answer(about),
            picture=self._address(path, about.statistic, mosaic.mosaic(self._underlay, t, grid, scale, corrected)),
            glass=self._glass(path, t, grid, about, corrected) if corrected.any() else "",
            panels=panels(
                companion(path, "clustermeans", ".tsv"),
                clusters[clusters[f"{column}_joint"] <= about.passes_at],
                list(about.participants_by_arm),
            ),
            chance=chance(companion(path, "nullmax", ".tsv"), about),
            motion=motion_left(companion(path, "qcfc", ".json")),
            clusters=clusters.head(SHOWN).to_dict("records"),
            more=max(0, len(clusters) - SHOWN),
            column=column,
            file=listed.name,
            literature=self._literature(path, about),
            printed=_printed(path),
            evidence=self._evidence(path),
            before=self._before(path) if about.primary else None,
        )

    def _address(self, path: Path, label: str, png: bytes) -> str:
        """Write a picture and return its address."""
        name = companion(path, "figure", ".png", stat=label).name.replace("_figure", "")
        write_bytes(self._root / "group" / "figures" / name, png)
        return f"group/figures/{name}"

    def _literature(self, path: Path, about: JudgedContrast) -> str:
        """Draw the map that a paper would print by random field theory; nothing where it would print none."""
        there = companion(path, "statmap", ".nii.gz", stat="t", desc="literature")
        if not there.exists():
            return ""
        t, grid = read_map(there)
        height = float(about.cluster_forming_t)
        if not np.nan_to_num(t).any():
            return ""
        nothing = np.zeros(t.shape, bool)
        png = mosaic.mosaic(self._underlay, t, grid, (height / 2, 2 * height), nothing)
        return self._address(path, "literature", png)

    def _evidence(self, path: Path) -> str:
        """Draw the classes of evidence that the Bayes factors of a map are in; nothing where there are none."""
        there = companion(path, "statmap", ".nii.gz", stat="logbf", desc="r071")
        if not there.exists():
            return ""
        found, grid = read_map(there)
        classes = evidence(found).astype(np.float32)
        pale = np.zeros(classes.shape, bool)  # nothing here is corrected over the map
        return self._address(path, "evidence", mosaic.mosaic(self._underlay, classes, grid, (1.0, 2.0), pale))

    def _glass(self, path: Path, t: NDArray[Any], grid: Grid, about: JudgedContrast, corrected: Mask) -> str:
        """Draw what survives, and pale what formed a cluster and did not."""
        height = float(about.cluster_forming_t)
        return self._address(path, "glass", glass_brain.glass(t, grid, (height, 2 * height), corrected))

    def _before(self, path: Path) -> float | None:
        """Return the median |g| between the arms of a contrast before treatment, if that was described."""
        beside = next(path.parent.glob(f"{path.name.partition('_contrast-')[0]}_contrast-*_baseline.json"), None)
        return float(read_json(beside)["MedianAbsoluteG"]) if beside else None

    @cached_property
    def _underlay(self) -> mosaic.Underlay:
        return mosaic.underlay(*template())


def _words(label: str, path: Path, about: JudgedContrast) -> dict[str, str]:
    """Return what the viewer says of a map."""
    contrast = parse(path.name)[0]["contrast"]
    note = _("%(sign)s. n = %(n)s. Full colour survives correction (%(by)s); pale does not.",
             sign=about.sign.capitalize(), n=about.participants, by=statistic_name(about))  # fmt: skip
    return {
        "id": f"{about.measure}-{contrast}-{label}", "title": f"{contrast}: {label}", "unit": about.statistic,
        "note": note,
    }  # fmt: skip


def _printed(path: Path) -> list[dict[str, object]]:
    """Return the clusters that a paper would list by random field theory, the largest first."""
    there = companion(path, "clusters", ".tsv", desc="literature")
    return read_frame(there).fillna({"place": ""}).head(SHOWN).to_dict("records") if there.exists() else []


def _answer(about: JudgedContrast) -> str:
    """Return what a map allows to say, in two or three words."""
    robust, variances = about.p_robust_held, about.variance_of_arms
    if not about.passes:
        return _("does not pass")
    if robust is None or not about.robust:
        return _("passes")
    unreliable = bool(variances and variances.unreliable)
    return _("means differ") if robust <= about.alpha and not unreliable else _("distributions differ")
