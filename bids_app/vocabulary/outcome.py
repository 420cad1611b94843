"""An outcome of people outside the scanner: a scale or a count, asked at several visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Lt, MinLen

from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.person_column import Comparable

Share = Annotated[float, Gt(0), Lt(1)]
OutcomeKind = Literal["score", "count", "measurement"]
Scale = Literal["", "log10", "log", "logit"]


@dataclass(frozen=True)
class OutcomeOptions:
    """Options of `[outcomes.<name>]`: any number of tables, named as you like."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    column: Annotated[
        str, Doc("Column name without the visit: vas for vas_pre and vas_post; empty: the name of this table.")
    ] = ""
    mean_of: Annotated[
        Mapping[str, float],
        Doc(
            "Composite: columns whose z values are averaged, each with its sign, such as {HPT = -1, CPT = 1}; z by "
            "mean and SD of all participants before treatment."
        ),
    ] = field(default_factory=dict)
    table: Annotated[
        str, Doc("Table with the column (vas for phenotype/vas.tsv; participants, sessions), where several have it.")
    ] = ""
    visits: Annotated[tuple[str, ...], Doc("Visits in order, baseline first; empty: those of the design.")] = ()
    endpoint: Annotated[str, Doc("Primary endpoint visit; empty: post of the design, else the last.")] = ""
    role: Annotated[
        Literal["primary", "secondary", "exploratory"],
        Doc("Prespecified role: primary and secondary outcomes are corrected among themselves (Holm)."),
    ] = "exploratory"
    kind: Annotated[
        OutcomeKind,
        Doc(
            "score: compared by mean differences; count (headache days): by rate ratios; measurement (alpha power, "
            "heart rate variability): by mean differences, with no better side and no responders."
        ),
    ] = "score"
    scale: Annotated[
        Scale, Doc("Transformed before all analyses: log10, log or logit; empty: as it is. Ratios stand beside.")
    ] = ""
    better: Annotated[
        Literal["", "lower", "higher"], Doc("Which values are better (lower or higher); empty: as in the JSON sidecar.")
    ] = ""
    units: Annotated[str, Doc("Units; empty: as in the JSON sidecar.")] = ""
    minimum: Annotated[float | None, Doc("Smallest possible value; default: as in the JSON sidecar.")] = None
    maximum: Annotated[float | None, Doc("Largest possible value; default: as in the JSON sidecar.")] = None
    important_difference: Annotated[
        float | None, Ge(0), Doc("Minimal clinically important difference; default: as in the JSON sidecar.")
    ] = None
    remission: Annotated[
        float | None, Doc("Remission cut-off (e.g. PSQI 5, HAM-A 7); default: `RemissionCutoff` in the JSON sidecar.")
    ] = None
    responders: Annotated[tuple[Share, ...], MinLen(1), Doc("Responder thresholds as proportions of improvement.")] = (
        0.3,
        0.5,
    )
    days: Annotated[float, Gt(0), Doc("Days of observation of a count.", "days")] = 28.0
    moderators: Annotated[
        tuple[str, ...], Doc("Moderators of the treatment effect (arm x genotype); exploratory.")
    ] = ()
    zeros: Annotated[
        Literal["wilcox", "pratt"],
        Doc("Signed-rank tests within arms: drop participants without a change (wilcox), or rank them (pratt)."),
    ] = "wilcox"


@dataclass(frozen=True, kw_only=True)
class ClinicalOutcome:
    """An outcome of which all is known that an analysis needs.

    Attributes
    ----------
    name, table, stem : str
        As it stands in file names, in the settings, and in columns before the visit.
    columns : tuple of str
        Column of each visit.
    lower_is_better : bool
    important_difference, remission : float or None
    comparable : Comparable or None
        Values of another column within which arms may be compared on it.
    """

    name: str
    table: str
    stem: str = ""
    title: str
    columns: tuple[str, ...]
    visits: tuple[str, ...]
    endpoint: str
    role: Literal["primary", "secondary", "exploratory"]
    kind: OutcomeKind
    scale: Scale = ""
    lower_is_better: bool
    units: str
    minimum: float | None
    maximum: float | None
    important_difference: float | None
    remission: float | None
    responders: tuple[float, ...]
    days: float
    moderators: tuple[str, ...]
    zeros: Literal["wilcox", "pratt"]
    comparable: Comparable | None = None

    @property
    def sign(self) -> float:
        """What turns a difference into an improvement; 1 where no side is better."""
        return -1.0 if self.lower_is_better else 1.0

    @property
    def sided(self) -> bool:
        """Whether one side is better, so that people can improve and respond."""
        return self.kind != "measurement"
