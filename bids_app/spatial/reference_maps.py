"""Maps from elsewhere beside the map of a contrast, region by region."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.spatial.options import RegionalOptions
from bids_app.spatial.reference_readers import Reference
from bids_app.spatial.region_sets import parts
from bids_app.spatial.regional_map import NULLS, SURROGATES, RegionalContrast, RegionSet
from bids_app.spatial.result_tables import regions_table
from bids_app.statistics.spatial.correlation_tests import ranks, tested, unit

Matrix = NDArray[np.float64]


def parts_of(given: RegionalContrast, options: RegionalOptions, known: Sequence[Reference]) -> list[RegionSet]:
    """Return the parts of the brain that are analysed: regions that any reference knows."""
    return [part for part, _ in _parts(given, options, known) if part is not None]


def _parts(
    given: RegionalContrast, options: RegionalOptions, known: Sequence[Reference]
) -> Iterator[tuple[RegionSet | None, str]]:
    there = {
        place.name: any(bool(np.isfinite(reference.values[i])) for reference in known)
        for i, place in enumerate(given.places)
    }
    return parts(given, options, there)


def all_parts(
    given: RegionalContrast, options: RegionalOptions, known: Sequence[Reference], adjusted: Matrix | None = None
) -> tuple[list[dict[str, object]], list[dict[str, object]], list[str]]:
    """Return rows of references, rows of regions, and notes, over all parts of the brain.

    Raises
    ------
    WrongDataError
        If no part has enough regions.
    """
    rows, regions, notes = list[dict[str, object]](), list[dict[str, object]](), list[str]()
    for part, note in _parts(given, options, known):
        notes.append(note)
        if part is None:
            continue
        own, said = compare_references(part, known, adjusted, options.least)
        rows += own
        notes += said
        values = {reference.name: reference.values[part.columns] for reference in known}
        regions += regions_table(part, values)
    if not rows:
        raise WrongDataError(" ".join(notes))
    return rows, regions, notes


def compare_references(
    part: RegionSet, references: Sequence[Reference], beside: Matrix | None = None, least: int = 10
) -> tuple[list[dict[str, object]], list[str]]:
    """Return how the map of a part correlates with each reference, in rows, and which references are left out.

    Parameters
    ----------
    beside : (regions of the atlas,), optional
        What both are adjusted for, such as the share of grey matter.
    least : int
        Fewest regions that a reference must know.

    Notes
    -----
    Correlations are of ranks; adjusted ones are of what ranks have left beside those of `beside`. P values are
    two-sided, the larger of arms and surrogates, corrected over references by Benjamini and Hochberg.
    """
    rows, said = list[dict[str, object]](), list[str]()
    for reference in references:
        own = reference.values[part.columns]
        known = np.isfinite(own) & (np.isfinite(beside[part.columns]) if beside is not None else True)
        if known.sum() < least or not np.ptp(own[known]):
            what = f"has a value in {known.sum()} regions" if known.sum() < least else "is the same everywhere"
            said.append(f"{part.name}: {reference.name} {what} and is left out.")
            continue
        some = part if known.all() else part.subset(known)
        fixed = None if beside is None else ranks(beside[some.columns])[:, None]
        column = unit(ranks(own[known])[:, None], fixed)
        found = {kind: tested(unit(ranks(some.null(kind), 1).T, fixed).T, column) for kind in NULLS}
        p = {kind: float(one.p[0]) for kind, one in found.items()}
        rows.append({"part": part.name, "map": reference.name, "file": reference.file, "regions": int(known.sum()),
                     "rho": float(found["trial"].score[0]), "p": max(p["trial"], p[SURROGATES]),
                     "p_arms": p["trial"], "p_surrogate": p[SURROGATES], "p_moran": p["moran"],
                     "p_variogram": p["variogram"], "citation": reference.about.get("citation", "")})  # fmt: skip
    for row, q in zip(
        rows, scipy.stats.false_discovery_control([row["p"] for row in rows]) if rows else [], strict=True
    ):
        row["q"] = float(q)
    return rows, said
