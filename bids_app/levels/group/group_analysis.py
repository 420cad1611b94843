"""One task in one space: every seed, every contrast, one family, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bids_app import plugs
from bids_app.dataset.atlases import coordinates
from bids_app.dataset.participant_maps import region_masks
from bids_app.derivatives.contrast_sidecar import Family
from bids_app.derivatives.group import GroupWriter
from bids_app.derivatives.group_amounts import write_amounts
from bids_app.derivatives.group_descriptives import GroupDescriptivesWriter
from bids_app.errors import DeqiError, WrongDataError
from bids_app.levels.design_summary import describe_design
from bids_app.levels.group import arm_similarity, contrast_test, descriptives, dyads, motion
from bids_app.levels.group.arm_similarity import Stacks
from bids_app.levels.group.contrast_test import Progress
from bids_app.levels.group.inputs import checkpoints_of, load_kind, map_keys, participants_of
from bids_app.levels.group.outcome_associations import associate
from bids_app.levels.group.reference_associations import ReferenceAssociations
from bids_app.statistics.joint_p import JointP, joint_p_of
from bids_app.statistics.permutation import corrections
from bids_app.statistics.result import Result
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.domain import Coverage, Sensors
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.job import GroupJob, MapKey, Summary
from bids_app.vocabulary.options.inference import Inference

Floats = NDArray[np.float32]


def run(job: GroupJob, progress: Progress = lambda of, what, done, total, height: None) -> Summary:
    """Do the group analysis of one task and return what was written and what was left out.

    A map that cannot be analysed is a note; the others go on.

    Raises
    ------
    DeqiError
        If the design cannot be built, or no map can be analysed.
    """
    named = coordinates.namer(job.inference.labels, job.entities.get("space", ""))
    everyone, covered = participants_of(job)
    modality = plugs.modality(job.modality.name)
    mark = " ".join(filter(None, (modality.mark(job.modality.options), job.mark)))
    writer = GroupWriter(job, modality.datatype, mark, named)
    kept, regions = checkpoints_of(job), dict[str, Mask]()
    if covered:
        writer.mask(covered)
        regions = region_masks(job.inference.equivalence_regions, covered.domain.grid, job.entities["space"])
    group = _Group(
        run=contrast_test.GroupContext(job=job, schemes={}, progress=progress, keeper=kept, regions=regions),
        writer=writer,
        notes=[*everyone.notes, *(covered.notes if covered else ())],
    )
    for key in map_keys(job):
        try:
            group.analyse(key, everyone, covered)
        except DeqiError as error:
            group.problems.append(error)
            group.notes.append(f"{key.entity} {key.label} is not analysed: {error}")
    if not group.results:
        raise group.problems[0]
    answers = _write(group.results, writer, job.inference)
    writer.flow(everyone, group.notes)
    writer.characteristics(everyone)
    kept.forget()
    said = describe_design(everyone, job.design.name, job.design.options, job.label)
    lines = (*said, *answers)
    return Summary(frozenset(writer.files), tuple(group.notes), {"Participants": len(everyone.rows)}, lines)


@dataclass(kw_only=True)
class _Group:
    """What has come out of a group analysis so far."""

    run: contrast_test.GroupContext
    writer: GroupWriter
    notes: list[str]
    results: list[Result] = field(default_factory=list)
    problems: list[DeqiError] = field(default_factory=list)

    def analyse(self, key: MapKey, everyone: Design, covered: Coverage | None) -> None:
        """Do every contrast of one kind of map, and let go of the maps."""
        name = f"{key.entity} {key.label}"
        loaded = load_kind(self.run.job, key, covered)
        map_set, stacks = loaded.map_set, loaded.stacks
        self.notes += [*loaded.notes, *_absent(name, everyone, map_set.design)]
        own: list[Result] = []
        parts: dict[str, tuple[Floats, Floats]] = {}
        for contrast in map_set.design.contrasts:
            try:
                inferred = contrast_test.test_of_contrast(map_set, stacks, contrast, self.run)
                own.append(inferred.result)
                if contrast.name in map_set.design.parts:
                    parts[contrast.name] = inferred.maps["effect"], inferred.maps["variance"]
                self.writer.maps(inferred.result, inferred.maps)
            except WrongDataError as error:
                if contrast.asked.primary:
                    raise  # without it the others answer nothing
                self.problems.append(error)
                self.notes.append(f"{contrast.name} of {name} is not analysed: {error}")
        self._describe(own, stacks, parts)
        self.results += own

    def _describe(self, own: list[Result], stacks: Stacks, parts: dict[str, tuple[Floats, Floats]]) -> None:
        """Write what stands beside the contrasts of one kind of map and is no test of any arm."""
        primary = next((result for result in own if result.contrast.asked.primary), None)
        if primary and parts:
            GroupDescriptivesWriter(self.writer).heterogeneity(primary, parts)
        if primary and not primary.map_set.domain.is_map:
            self._describe_table(primary, stacks)
        if not primary or not primary.map_set.domain.is_map:
            return
        if coupled := motion.left_over(primary, stacks, self.run.job):
            GroupDescriptivesWriter(self.writer).about(primary, "qcfc", coupled)
        if before := descriptives.difference(primary.contrast, stacks):
            GroupDescriptivesWriter(self.writer).before(primary, descriptives.name_of(primary), before)
        self._associate(primary, own, stacks)
        if pair := arm_similarity.changes(own):
            said = arm_similarity.likeness(stacks, *pair, self.run.job.inference)
            GroupDescriptivesWriter(self.writer).common(*pair, arm_similarity.common(*pair), said)

    def _describe_table(self, primary: Result, stacks: Stacks) -> None:
        """Write what stands beside contrasts of values that are no images."""
        if primary.map_set.domain.clustered:
            GroupDescriptivesWriter(self.writer).means(primary.map_set, stacks)
        if isinstance(primary.map_set.domain, Sensors):
            GroupDescriptivesWriter(self.writer).sensors(primary.map_set.domain)
        if plugs.measure(primary.map_set.key.measure).pairings:
            dyads.write(self.writer, primary, self.run.job)
        if primary.map_set.output.amounts:
            write_amounts(self.writer, primary, stacks)
            for name, found in associate(self.run.job, primary, stacks):
                GroupDescriptivesWriter(self.writer).association(primary, name, found.tables, found.about)

    def _associate(self, primary: Result, own: list[Result], stacks: Stacks) -> None:
        """Write associations with an outcome and with references from elsewhere; what cannot be asked is a note."""
        for name, found in associate(self.run.job, primary, stacks):
            GroupDescriptivesWriter(self.writer).association(primary, name, found.tables, found.about)
        for result, name, there in ReferenceAssociations(run=self.run, results=own, stacks=stacks).associations():
            if isinstance(there, DeqiError):
                self.notes.append(f"{name} of {result.map_set.key.label}, {result.contrast.name}: {there}")
            else:
                GroupDescriptivesWriter(self.writer).association(result, name, there.tables, there.about)


def _absent(name: str, everyone: Design, own: Design) -> list[str]:
    """Say who lacks a map that others have."""
    present = {row["participant_id"] for row in own.rows}
    gone = [row["participant_id"] for row in everyone.rows if row["participant_id"] not in present]
    return [f"{name} is analysed without {', '.join(gone)}, who lack its map."] if gone else []


def _write(results: Sequence[Result], writer: GroupWriter, inference: Inference) -> list[str]:
    """Write every result with the p that its family gives it, and Holm's over the families of like contrasts.

    Returns the answer of each primary contrast in a line.
    """
    answers = []
    families: dict[tuple[str, ...], list[Result]] = {}
    for result in results:
        families.setdefault(_family(result, inference), []).append(result)
    joint = {key: joint_p_of(members) for key, members in families.items()}
    least: dict[tuple[tuple[str, ...], str], float] = {}
    for key, members in families.items():
        for result, found in zip(members, joint[key], strict=True):
            name = key, result.contrast.name
            least[name] = min(_least(result, found, inference), least.get(name, 1.0))
    for key, members in families.items():
        for result, p in zip(members, joint[key], strict=True):
            alike = [other for other, name in least if name == result.contrast.name]
            holm = corrections.holm([least[other, result.contrast.name] for other in alike])
            family = Family(len(members), len(alike), holm[alike.index(key)])
            writer.conclusion(result, p, inference, family)
            if result.contrast.asked.primary:
                what = f"{result.map_set.key.entity} {result.map_set.key.label}, {result.contrast.name}"
                answers.append(
                    f"  {what}: smallest corrected p {_least(result, p, inference):.4f}{_robust(result, p, inference)}"
                )
    return answers


def _least(result: Result, p: JointP, inference: Inference) -> float:
    """Return the smallest p of the statistic that decides: of tables without clusters the single one."""
    return float(np.nanmin(p.own[result.map_set.claim(inference.claim)], initial=1.0))


def _robust(result: Result, p: JointP, inference: Inference) -> str:
    """Return the smallest robust p of the statistic that decides, in words; nothing where there is none."""
    found = p.robust.get(result.map_set.claim(inference.claim), p.robust.get("voxel"))
    return "" if found is None else f", robust p {float(np.nanmin(found, initial=1.0)):.4f}"


def _family(result: Result, inference: Inference) -> tuple[str, ...]:
    """Return what a result shares with those that it is corrected together with."""
    measure, contrast, scheme = result.map_set.key.measure, result.contrast.name, result.contrast.scheme
    return {
        "maps": (measure, contrast), "contrasts": (measure, scheme), "measures": (contrast, scheme), "all": (scheme,),
    }[inference.family]  # fmt: skip
