"""Which regions are analysed together, which are left out, and which rows of a table are no region at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.names import BELOW, CEREBELLUM, CORTEX, Match, nearest
from bids_app.dataset.atlases.parcels import AtlasRegion
from bids_app.errors import WrongDataError
from bids_app.spatial.options import RegionalOptions
from bids_app.spatial.regional_map import RegionalContrast, RegionSet

STRANGERS = 0.25
"""Share of the rows of a table that may be no region of the atlas: more, and it was made with another one."""

KINDS = {CORTEX: "cortex", BELOW: "subcortex", CEREBELLUM: "cerebellum"}


def parts(
    given: RegionalContrast, options: RegionalOptions, known: Mapping[str, bool]
) -> Iterator[tuple[RegionSet | None, str]]:
    """Yield each part of the regions that is analysed, or None, with what is to be said of it.

    Parameters
    ----------
    known : mapping
        Whether the reference knows a region, by its name; regions that are not in it are not known.
    """
    covered = given.voxels >= np.maximum(options.coverage * given.expected, 1)
    sided = np.array([options.hemispheres == "both" or place.side == "left" for place in given.places])
    there = np.array([known.get(place.name, False) for place in given.places])
    if not sided.any():
        yield None, 'No region of the atlas lies on the left side; set hemispheres = "both".'
    if all(place.name.isdecimal() for place in given.places):
        yield None, "The atlas has no names: cortex is not separated from what lies below, and all count as cortex."
    for name, structure in _structures(given.places, options):
        wanted = sided & structure
        if not wanted.any():
            continue
        chosen = wanted & covered & there
        said = f"{name}: {chosen.sum()} of {wanted.sum()} regions{_named(given.places, wanted & structure, name)}"
        lost = _lost(given, wanted, covered, there)
        if chosen.sum() < options.least:
            yield None, f"{said}; at least {options.least} are needed, so they are not analysed.{lost}"
        else:
            yield (
                RegionSet(name=name, given=given, columns=np.flatnonzero(chosen), number=options.surrogates),
                f"{said}.{lost}",
            )


def _structures(places: Sequence[AtlasRegion], options: RegionalOptions) -> list[tuple[str, NDArray[np.bool_]]]:
    side = "left " if options.hemispheres == "left" else ""
    if options.structures == "together":
        return [(f"{side}brain", np.ones(len(places), dtype=bool))]
    apart = [(f"{side}{name}", np.array([place.structure == kind for place in places])) for kind, name in KINDS.items()]
    return apart[:1] if options.structures == "cortex" else apart


def _named(places: Sequence[AtlasRegion], wanted: NDArray[np.bool_], name: str) -> str:
    """Return the names of regions below the cortex: names tell what they are, and names can mislead."""
    if not name.endswith(("subcortex", "cerebellum")):
        return ""
    return f" ({', '.join(place.name for place, own in zip(places, wanted, strict=True) if own)})"


def _lost(
    given: RegionalContrast, wanted: NDArray[np.bool_], covered: NDArray[np.bool_], there: NDArray[np.bool_]
) -> str:
    """Return which of the wanted regions are left out and why."""
    names = [place.name for place in given.places]
    uncovered = [names[i] for i in np.flatnonzero(wanted & ~covered)]
    unknown = [names[i] for i in np.flatnonzero(wanted & covered & ~there)]
    said = [
        f" Left out, not covered in all participants: {', '.join(uncovered)}." if uncovered else "",
        f" Left out, without values (or half of them) in the reference: {', '.join(unknown)}." if unknown else "",
    ]
    return "".join(said)


def require_known(found: Match, places: Sequence[AtlasRegion], what: str, least: int) -> str:
    """Return what is to be said of the rows of a table.

    Raises
    ------
    WrongDataError
        If too few rows are regions of the atlas, or too many are none; the message shows the nearest names.
    """
    names, rows, unknown = [place.name for place in places], len(found.rows), found.unknown
    if rows < least or len(unknown) > STRANGERS * (rows + len(unknown)):
        numbers = " Rows that are numbers must be all labels of the atlas." if unknown[:1] and _digits(unknown) else ""
        raise WrongDataError(
            f"{what}: {rows} of its {rows + len(unknown)} rows are regions of the atlas; at least {least} must be, and "
            f"three quarters.{numbers} Not found: {nearest(unknown, names)}. Give the atlas that the table was made "
            "with, or rename its rows."
        )
    if found.numbered:
        first = min(found.rows, key=lambda name: found.rows[name])
        number = next(place.number for place in places if place.name == first)
        return f"{what}: rows are taken as numbers of labels; {number} is {first}."
    return f"{what}: rows that are no region of the atlas: {nearest(unknown, names)}." if unknown else ""


def _digits(names: Sequence[str]) -> bool:
    return all(name.isdecimal() for name in names)
