"""The report as it is declared: which pages there are, which sections they hold, and which files each reads.

A section that finds nothing is not shown, and a page without sections is not written. What a modality or a measure
adds is a section in this list, not a page of its own kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bids_app.report.messages import N_
from bids_app.report.results import GroupResults
from bids_app.report.sections.binding_response import responses
from bids_app.report.sections.confirmatory import section as confirmatory
from bids_app.report.sections.outcome_associations import associations
from bids_app.report.sections.pathways import pathways
from bids_app.report.sections.predictions import predictions
from bids_app.report.sections.record import record
from bids_app.report.sections.spatial import regional
from bids_app.report.sections.treatment import treatment


@dataclass(frozen=True, kw_only=True)
class Link:
    """A page of the report: its file and what links to it say."""

    name: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of a page.

    Attributes
    ----------
    name : str
        What its template calls its values; its anchor.
    template : str
    values : callable
        What it shows, from the results on disk; nothing where there is nothing.
    reads : tuple of str
        Files in `group/` that it is made from.
    """

    name: str
    template: str
    values: Callable[[GroupResults], object]
    reads: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of sections."""

    name: str
    title: str
    sections: tuple[Section, ...]

    def values(self, results: GroupResults) -> dict[str, object]:
        """Return what the sections show that have something to show, by their names."""
        found = {section.name: section.values(results) for section in self.sections}
        return {name: shown for name, shown in found.items() if shown}


GROUP_PAGES = (
    Page(
        name="group-outcomes.html",
        title=N_("Clinical outcomes"),
        sections=(
            Section(
                name="outcomes", template="outcomes.html", values=lambda results: results.outcomes,
                reads=("meas-*_outcome.json", "meas-*_outcome.tsv", "meas-*_values.tsv"),
            ),
            Section(
                name="predictions", template="predictions.html", values=lambda results: predictions(results.folder),
                reads=("*_prediction.json", "*_prediction.tsv", "*_predictions.tsv"),
            ),
        ),
    ),
    Page(
        name="group-associations.html",
        title=N_("Associations"),
        sections=(
            Section(
                name="associations", template="associations.html",
                values=lambda results: associations(results.folder),
                reads=("*_statmap.json", "*_desc-brainSymptom*_association.*", "*_desc-coupledChange*_association.*"),
            ),
            Section(
                name="binding_response", template="binding_response.html",
                values=lambda results: responses(results.root), reads=("*_desc-binding*_association.*",),
            ),
            Section(
                name="regional", template="regional.html", values=lambda results: regional(results.folder),
                reads=("*_association.json", "*_association.tsv"),
            ),
        ),
    ),
    Page(
        name="group-pathways.html",
        title=N_("Declared paths"),
        sections=(
            Section(
                name="pathways", template="pathways.html", values=lambda results: pathways(results.root),
                reads=("../pathways/*_diagram.json", "../pathways/*_nodes.tsv"),
            ),
        ),
    ),
    Page(
        name="group-record.html",
        title=N_("Record"),
        sections=(
            Section(
                name="confirmed", template="confirmed.html", values=lambda results: confirmatory(results.folder),
                reads=("desc-trial_multiplicity.json",),
            ),
            Section(
                name="analyses", template="participants.html", values=lambda results: results.analyses,
                reads=("*_flow.*", "*_characteristics.tsv", "*_design.tsv"),
            ),
            Section(
                name="treatment", template="treatment.html", values=lambda results: treatment(results.folder),
                reads=("desc-trial_people.*", "desc-treatment_*", "desc-*_checklist.*"),
            ),
            Section(
                name="record", template="record.html", values=lambda results: record(results.root),
                reads=("../dataset_description.json",),
            ),
        ),
    ),
)  # fmt: skip
