"""The results of a group level as they lie on disk, read once for all of its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import read_json
from bids_app.derivatives.paths import TABLE_SUFFIXES, group_files
from bids_app.report.claims import preregistration, sensors
from bids_app.report.claims.contrasts import verdict_of
from bids_app.report.claims.maps import Verdict
from bids_app.report.sections import multiverse, optics, pairings, places
from bids_app.report.sections.confirmatory import Confirmed, confirmed
from bids_app.report.sections.contrast_section import ContrastSection
from bids_app.report.sections.contrasts import Contrasts
from bids_app.report.sections.optics import ProbeFigure
from bids_app.report.sections.outcomes import OutcomeSection, outcomes
from bids_app.report.sections.pairings import PairingsShown
from bids_app.report.sections.participants import Participants, participants
from bids_app.report.sections.places import PlaceSection
from bids_app.report.sections.sensitivity import sensitivity
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.entities import companion, parse, without
from bids_app.vocabulary.preregistration import PlanStatus


@dataclass(frozen=True, eq=False, kw_only=True)
class Analysis:
    """One measure of one task and space.

    Attributes
    ----------
    measure : str
    noun : str
        What is compared.
    who : Participants
    verdict : Verdict
    contrasts : sequence of ContrastSection
        Of maps; the primary one first.
    tables : sequence of PlaceSection
        Of values that are no images.
    """

    measure: str
    noun: str
    who: Participants
    verdict: Verdict
    contrasts: Sequence[ContrastSection] = ()
    tables: Sequence[PlaceSection] = ()
    design: object = None
    sensitivity: object = None
    overlap: Sequence[object] = ()
    multiverse: object = None
    probes: Sequence[ProbeFigure] = ()
    pairings: Sequence[PairingsShown] = ()

    @property
    def page(self) -> str:
        """File name of the page that it stands on."""
        return f"group-{self.measure}.html"


class GroupResults:
    """What a group level has written.

    Parameters
    ----------
    output_dir : Path
    """

    def __init__(self, output_dir: Path) -> None:
        self.root = output_dir
        self.folder = output_dir / "group"

    @cached_property
    def flows(self) -> list[Path]:
        """The table of participants of each task, space and datatype."""
        return group_files(self.root, "*_flow.tsv")

    @cached_property
    def passed(self) -> dict[str, Confirmed]:
        """What became of each confirmatory hypothesis, by its name."""
        return confirmed(self.folder)

    @cached_property
    def plan(self) -> dict[str, object]:
        """What may be said of the locked plan."""
        told = (read_json(path).get("Plan") for path in group_files(self.root, "*.json"))
        return preregistration.status([PlanStatus.from_json(one) for one in told if one])

    @cached_property
    def outcomes(self) -> list[OutcomeSection]:
        """Every outcome, the declared ones first."""
        return outcomes(self.folder, self.passed)

    @cached_property
    def analyses(self) -> list[Analysis]:
        """Every measure of every task and space, seed connectivity first."""
        found = [analysis for flow in self.flows for analysis in self._of_flow(flow)]
        return sorted(found, key=lambda one: (one.measure != "seed_correlation", one.measure))

    def _of_flow(self, flow: Path) -> list[Analysis]:
        entities, who = parse(flow.name)[0], participants(self.root, flow)
        maps: dict[str, list[Path]] = {}
        tables: dict[str, list[Path]] = {}
        for path in sorted(flow.parent.glob("*_contrast-*.json")):
            suffix = parse(path.name)[1]
            # Tables may be told apart by `seg`, or share the segmentation that all of an analysis come from.
            own = [_shared(path), *([] if suffix == "statmap" else [without(_shared(path), "seg")])]
            if suffix in ("statmap", *TABLE_SUFFIXES) and entities in own:
                kind = maps if suffix == "statmap" else tables
                kind.setdefault(read_sidecar(path, ContrastSidecar).measure, []).append(path)
        curves = multiverse.curves(companion(flow, "multiverse", ".tsv"))
        found = [self._of_maps(measure, paths, who) for measure, paths in maps.items()]
        found += [self._of_tables(measure, paths, who) for measure, paths in tables.items()]
        return [replace(found[0], multiverse=curves), *found[1:]] if found and curves else found

    def _of_maps(self, measure: str, paths: list[Path], who: Participants) -> Analysis:
        contrasts = Contrasts(self.root, paths, self.passed.get(measure))
        every = [(label, about) for members in contrasts.by_name().values() for label, about in members.items()]
        primary = contrasts.primary()
        return Analysis(
            measure=measure, noun=primary.noun, who=who, verdict=verdict_of(every, who.arms, self.passed),
            contrasts=contrasts.sections(), design=contrasts.design(), overlap=contrasts.overlap(),
            sensitivity=sensitivity(contrasts.by_name(), primary.alpha),
        )  # fmt: skip

    def _of_tables(self, measure: str, paths: list[Path], who: Participants) -> Analysis:
        tables = places.sections(paths, self.passed.get(measure))
        every = [one for table in tables for contrast in table.contrasts for one in contrast.findings]
        verdict, primary = verdict_of(every, who.arms, self.passed), {t.name: t.contrasts[0] for t in tables}
        clusters = [(name, c.figures.clusters[0]) for name, c in primary.items() if c.figures and c.figures.clusters]
        beside = sensors.remarks({name: c.passed for name, c in primary.items()}, clusters)
        firsts = {path: c.about for path in paths for c in primary.values() if path.stem == Path(c.file).stem}
        probes = [one for path, about in firsts.items() if (one := optics.figure(path, about, self.root))]
        beside += [remark for one in probes for remark in one.remarks]
        return Analysis(
            measure=measure, noun=tables[0].noun, who=who, tables=tables, probes=probes,
            pairings=[shown for path in firsts for shown in pairings.pairings(path)],
            verdict=replace(verdict, remarks=(*beside, *verdict.remarks)),
        )  # fmt: skip


def _shared(path: Path) -> dict[str, str]:
    """Return the entities that all results of one analysis have; a subset would let in another analysis."""
    return without(parse(path.name)[0], "seed", "meas", "contrast", "stat", "desc")
