"""Options that associations with references share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le

from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True)
class RegionalOptions:
    """Which map is set beside a reference, in which regions, and how many maps of chance imitate it."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    GENES: ClassVar[str] = "table"
    """Option that names a table of regions x genes, which `--ahba-dir` can give; most maps do without one."""

    atlas: Annotated[
        str,
        Doc("Label image of the regions, in the space of the maps, with its table beside (.tsv, or .csv of abagen)."),
    ] = ""
    contrast: Annotated[str, Doc("Contrast whose unthresholded t map is taken; empty: the primary one.")] = ""
    maps: Annotated[tuple[str, ...], Doc("Labels of the maps (seeds or measures) that are asked; empty: all.")] = ()
    hemispheres: Annotated[
        Literal["left", "both"],
        Doc("Regions of the left side alone (two of six donors of the Allen atlas have a right one), or of both."),
    ] = "left"
    structures: Annotated[
        Literal["apart", "cortex", "together"],
        Doc("Cortex and what lies below it apart, cortex alone, or together (that step comes first then)."),
    ] = "apart"
    least: Annotated[int, Ge(10), Doc("Fewest regions that are analysed.")] = 20
    coverage: Annotated[float, Gt(0), Le(1), Doc("Share of a region that everybody's maps must cover.")] = 0.5
    surrogates: Annotated[int, Ge(100), Doc("Surrogate maps of each kind that keep the spatial autocorrelation.")] = (
        10000
    )
