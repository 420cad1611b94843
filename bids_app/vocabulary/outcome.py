"""An outcome of people outside the scanner: a scale or a count, asked at several visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Lt, MinLen

from bids_app.vocabulary.options.describe import Doc

Share = Annotated[float, Gt(0), Lt(1)]


@dataclass(frozen=True)
class OutcomeOptions:
    """Options of `[outcomes.<name>]`: any number of tables, named as you like."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    column: Annotated[
        str, Doc("Column without its visit: vas stands for vas_pre, vas_post; empty: the name of the table.")
    ] = ""
    table: Annotated[
        str, Doc("Table with the column (vas for phenotype/vas.tsv; participants, sessions), where several have it.")
    ] = ""
    visits: Annotated[
        tuple[str, ...], Doc("Visits in their order, the one before treatment first; empty: those of the design.")
    ] = ()
    endpoint: Annotated[str, Doc("Visit that answers the question; empty: post of the design, else the last.")] = ""
    role: Annotated[
        Literal["primary", "secondary", "exploratory"],
        Doc("What was declared beforehand: primary and secondary outcomes are corrected among themselves (Holm)."),
    ] = "exploratory"
    kind: Annotated[
        Literal["score", "count"], Doc("A score is compared by differences, a count (headache days) by rates.")
    ] = "score"
    better: Annotated[
        Literal["", "lower", "higher"], Doc("Which values are better; empty: as the JSON beside the table says.")
    ] = ""
    units: Annotated[str, Doc("Units; empty: as the JSON says.")] = ""
    minimum: Annotated[float | None, Doc("Smallest possible value; absent: as the JSON says.")] = None
    maximum: Annotated[float | None, Doc("Largest possible value; absent: as the JSON says.")] = None
    important_difference: Annotated[
        float | None, Ge(0), Doc("Smallest difference that matters to patients; absent: as the JSON says.")
    ] = None
    remission: Annotated[
        float | None, Doc("Value from which on somebody counts as well (PSQI 5, HAM-A 7); absent: as the JSON says.")
    ] = None
    responders: Annotated[
        tuple[Share, ...], MinLen(1), Doc("Shares of improvement from which on somebody is a responder.")
    ] = (0.3, 0.5)
    days: Annotated[float, Gt(0), Doc("Days that a count is of.", "days")] = 28.0
    moderators: Annotated[
        tuple[str, ...], Doc("Columns that the effect of the arm may depend on (arm x genotype); exploratory.")
    ] = ()
    zeros: Annotated[
        Literal["wilcox", "pratt"], Doc("Whether rank tests within arms drop people without a change, or rank them.")
    ] = "wilcox"


@dataclass(frozen=True, kw_only=True)
class ClinicalOutcome:
    """An outcome of which all is known that an analysis needs.

    Attributes
    ----------
    name, table : str
        As it stands in file names, and in the settings.
    columns : tuple of str
        Column of each visit.
    lower_is_better : bool
    important_difference, remission : float or None
    """

    name: str
    table: str
    title: str
    columns: tuple[str, ...]
    visits: tuple[str, ...]
    endpoint: str
    role: Literal["primary", "secondary", "exploratory"]
    kind: Literal["score", "count"]
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

    @property
    def sign(self) -> float:
        """What turns a difference into an improvement."""
        return -1.0 if self.lower_is_better else 1.0
