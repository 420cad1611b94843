"""What must stand beside responses of haemoglobin: both kinds of it, and the scalp."""

from __future__ import annotations

from collections.abc import Collection

from bids_app.report.messages import _


def remarks(up: Collection[str], down: Collection[str], only: Collection[str], *, short: bool) -> list[str]:
    """Return what must stand beside a difference between arms.

    Parameters
    ----------
    up : collection of str
        Channels, or regions, of which oxygenated haemoglobin is larger and deoxygenated smaller in the first arm, both
        passing.
    down : collection of str
        The same the other way round.
    only : collection of str
        Channels of which one kind of haemoglobin passes alone.
    short : bool
        Whether short channels were taken out of all runs of all participants.
    """
    found = []
    if not short:
        found.append(_("Short channels were not taken out of every run: a change of blood flow of the scalp, with "
                       "arousal, blood pressure or touch, is not distinguished from one below it."))  # fmt: skip
    if up:
        found.append(_("%(names)s: oxygenated haemoglobin is larger and deoxygenated smaller in the first arm, as "
                       "where activity is larger.", names=", ".join(up)))  # fmt: skip
    if down:
        found.append(_("%(names)s: oxygenated haemoglobin is smaller and deoxygenated larger in the first arm.",
                       names=", ".join(down)))  # fmt: skip
    if only:
        found.append(_("%(names)s: one kind of haemoglobin passes alone; a change of the whole body (blood pressure, "
                       "arousal) is not excluded.", names=", ".join(only)))  # fmt: skip
    if short:
        found.append(_("Short channels reduce what the scalp adds to about a tenth; they do not remove it."))
    return found
