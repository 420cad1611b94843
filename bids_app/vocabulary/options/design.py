"""Options that designs with arms share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import MinLen

from bids_app.vocabulary.entities import stage_label
from bids_app.vocabulary.near_matches import folded
from bids_app.vocabulary.options.describe import Doc

Name = Annotated[str, MinLen(1)]


def _require_different(words: Iterable[str], what: str) -> None:
    """Refuse names of which two are the same, whatever their case."""
    given = list(words)
    if len({folded(word) for word in given}) < len(given):
        raise ValueError(f"{what} must be different ones; given: {', '.join(given)}")


def _next(options: object, own: type) -> None:
    """Let the next class of the options check what is its own."""
    check = getattr(super(own, options), "__post_init__", None)
    if check:
        check()


@dataclass(frozen=True)
class PeopleOptions:
    """Columns of participants.tsv that any design may use."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "coerce_numbers_to_str": True}

    covariates: Annotated[
        tuple[str, ...], Doc("Columns measured before randomisation, e.g. age; text columns become levels.")
    ] = ()
    strata: Annotated[tuple[str, ...], Doc("Stratification factors of the randomisation, e.g. site.")] = ()
    levels: Annotated[
        tuple[str, ...],
        Doc("Covariates with numeric codes to treat as categorical; those with Levels in their JSON are so already."),
    ] = ()

    @property
    def drawn_within(self) -> tuple[str, ...]:
        """All columns that arms were drawn within, with those that a design adds itself."""
        return self.strata


@dataclass(frozen=True)
class ArmOptions(PeopleOptions):
    """Which column holds the arms, and which arms are compared."""

    parallel: ClassVar[bool] = True
    """False where arms are orders in which all participants get every treatment."""

    column: Annotated[Name, Doc("Column of participants.tsv with the arm.")] = "group"
    active: Annotated[Name, Doc("Value of the active (verum) arm.")] = "verum"
    control: Annotated[Name, Doc("Value of the control (sham) arm.")] = "sham"
    more_arms: Annotated[
        tuple[str, ...], Doc("Further arms, e.g. waiting list; each is compared with the control.")
    ] = ()

    def __post_init__(self) -> None:
        """Refuse arms that are one."""
        _require_different(self.arms, "arms")
        _next(self, ArmOptions)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, active first, control last."""
        return (self.active, *self.more_arms, self.control)


@dataclass(frozen=True)
class BeforeAfter:
    """Which sessions stand before and after treatment."""

    pre: Annotated[str, Doc("Session before treatment.")] = "pre"
    post: Annotated[str, Doc("Session after treatment; empty where the dataset has no sessions.")] = "post"

    def __post_init__(self) -> None:
        """Refuse one session for both."""
        _require_different(self.stages.values(), "sessions before and after treatment")
        _next(self, BeforeAfter)

    @property
    def stages(self) -> dict[str, str]:
        """Session of each stage, without its prefix."""
        return {"pre": stage_label(self.pre), "post": stage_label(self.post)}


def visits_of(design: PeopleOptions) -> tuple[str, ...]:
    """Return the sessions of a design, the one before treatment first; nothing for a design of one session."""
    found = (getattr(design, "pre", ""), *(getattr(design, "posts", ()) or [getattr(design, "post", "")]))
    return found if all(found) else ()
