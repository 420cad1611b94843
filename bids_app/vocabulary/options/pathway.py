"""Options of `[pathways.<name>]`: a diagram of declared associations between quantities of the same participants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge

from bids_app.vocabulary.options.describe import Doc

When = Literal["", "before", "treatment", "after"]


@dataclass(frozen=True)
class NodeOptions:
    """Options of `[pathways.<name>.nodes]`: where the values of one node are."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    column: Annotated[str, Doc("Column of participants; of a change without the visit: alpha for alpha_pre.")] = ""
    outcome: Annotated[str, Doc("Name of an outcome ([outcomes.NAME]): its change to the endpoint.")] = ""
    measure: Annotated[str, Doc("Measure whose values are taken, at `place` (tables) or in `region` (maps).")] = ""
    place: Annotated[str, Doc("Row of the table of a measure: a region, an edge, a channel.")] = ""
    label: Annotated[str, Doc("Label of the map or table of a measure: PAG, bpnd, needling; empty: the only one.")] = ""
    region: Annotated[str, Doc("Region of a map, in words as for --seeds, declared beforehand.")] = ""
    also: Annotated[
        tuple[str, ...],
        Doc("Further columns, places or regions: the node is their first component, fixed before treatment."),
    ] = ()
    modality: Annotated[
        str, Doc("Word under which it stands in tables of links, such as fMRI; empty: what the node is.")
    ] = ""
    change: Annotated[bool, Doc("The change from before to the first visit after treatment; false: one value.")] = False
    when: Annotated[
        When,
        Doc("When one value was measured: before, treatment, after; empty: treatment of a column, after of the rest."),
    ] = ""


@dataclass(frozen=True)
class PathwayOptions:
    """Options of `[pathways.<name>]`: any number of tables, named as you like."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    nodes: Annotated[Mapping[str, NodeOptions], Doc("Quantities, by the names that paths use.")] = field(
        default_factory=dict
    )
    paths: Annotated[Mapping[str, tuple[str, ...]], Doc('Parents of each node: relief = ["alpha", "network"].')] = (
        field(default_factory=dict)
    )
    source: Annotated[str, Doc("Where the diagram is from: a citation; it is a hypothesis, no evidence.")] = ""
    within: Annotated[
        Literal["arm", "each arm"], Doc("arm: all arms with an intercept each; each arm: every arm by itself.")
    ] = "arm"
    covariates: Annotated[tuple[str, ...], Doc("Columns measured before randomisation.")] = ()
    draws: Annotated[int, Ge(100), Doc("Samples of participants, drawn within arms, for limits.")] = 5000
    exclusion: Annotated[
        str,
        Doc(
            "Why arms differ in nothing but the first parent of the last node (treatment as an instrument); empty: "
            "not done. For needles that is hardly ever so."
        ),
    ] = ""
