"""Options that designs with arms share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import MinLen

from bids_app.vocabulary.option import Doc

Name = Annotated[str, MinLen(1)]


@dataclass(frozen=True)
class PeopleOptions:
    """Columns of participants.tsv that any design may use."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "coerce_numbers_to_str": True}

    covariates: Annotated[
        tuple[str, ...], Doc("Columns measured before randomisation, e.g. age; text columns become levels.")
    ] = ()
    strata: Annotated[tuple[str, ...], Doc("Columns that randomisation was stratified by, e.g. site.")] = ()

    @property
    def drawn_within(self) -> tuple[str, ...]:
        """All columns that arms were drawn within, with those that a design adds itself."""
        return self.strata


@dataclass(frozen=True)
class ArmOptions(PeopleOptions):
    """Which column holds the arms, and which arms are compared."""

    parallel: ClassVar[bool] = True
    """False where arms are orders in which everybody gets every treatment."""

    column: Annotated[Name, Doc("Column of participants.tsv that holds the arm.")] = "group"
    active: Annotated[Name, Doc("Value of the arm that gets the real treatment.")] = "verum"
    control: Annotated[Name, Doc("Value of the arm that gets the sham.")] = "sham"
    more_arms: Annotated[
        tuple[str, ...], Doc("Further arms, e.g. waiting list; each is compared with the control.")
    ] = ()

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, active first, control last."""
        return (self.active, *self.more_arms, self.control)


@dataclass(frozen=True)
class BeforeAfter:
    """Which sessions stand before and after treatment."""

    pre: Annotated[Name, Doc("Session before treatment.")] = "pre"
    post: Annotated[Name, Doc("Session after treatment.")] = "post"

    @property
    def stages(self) -> dict[str, str]:
        """Session of each stage, without its prefix."""
        return {"pre": self.pre.removeprefix("ses-"), "post": self.post.removeprefix("ses-")}
