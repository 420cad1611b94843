"""What may be said of spectra of electrodes beside the claim itself.

A cluster that passes says that something differs within it; the test bounds neither the channels nor the frequencies
(Sassenhagen & Draschkow 2019, doi:10.1111/psyp.13335). Power of a band rises with an oscillation or with the whole
spectrum: only what rises above the aperiodic part tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bids_app.report.messages import _

TOTAL, ABOVE = "spectrum", "flattened"
"""Labels of the same spectra as they are, and less their aperiodic part."""

MOST = 5
"""Channels that are named."""


def remarks(passing: Mapping[str, bool], largest: Sequence[tuple[str, Mapping[str, object]]]) -> list[str]:
    """Return what must stand beside a claim.

    Parameters
    ----------
    passing : mapping of bool
        Whether each set of values passes between the arms, by its label.
    largest : sequence of (label, cluster)
        The largest cluster of each that passes, as its table has it.
    """
    found = [_where(label, cluster) for label, cluster in largest]
    if {TOTAL, ABOVE} <= passing.keys():
        found += _separable(total=passing[TOTAL], above=passing[ABOVE])
    return found


def _where(label: str, cluster: Mapping[str, object]) -> str:
    axis, unit = ("frequency", "Hz") if "frequency_low" in cluster else ("time", "s")
    low, high = (f"{cluster[f'{axis}_{end}']:g}" for end in ("low", "high"))
    return _(
        "%(map)s: the largest cluster lies mostly around %(channels)s, %(low)s to %(high)s %(unit)s. The test says "
        "that something differs there, not which channels or where it begins and ends.",
        map=label, channels=", ".join(str(cluster["channels"]).split()[:MOST]), low=low, high=high, unit=unit,
    )  # fmt: skip


def _separable(*, total: bool, above: bool) -> list[str]:
    if total and not above:
        return [_("The spectra differ, and no difference was shown in what rises above their aperiodic part: the "
                  "finding is not separable from a shift of the aperiodic part.")]  # fmt: skip
    if total and above:
        return [_("What rises above the aperiodic part differs, too: a shift of that part alone would not do this.")]
    if above:
        return [_("What rises above the aperiodic part differs; of the spectra as they are this was not shown.")]
    return []
