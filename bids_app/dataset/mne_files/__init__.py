"""Files of electrodes and optodes (`deqi[eeg]`, `deqi[fnirs]`): the one place that imports MNE-Python."""

from __future__ import annotations

from importlib.util import find_spec

from bids_app.errors import UsageError


def require_mne(what: str, extra: str, *also: str) -> None:
    """Say so if files cannot be read for lack of MNE, or of what it reads them with.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    absent = [name for name, module in (("MNE", "mne"), *((one, one) for one in also)) if find_spec(module) is None]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        raise UsageError(
            f"{what} was asked for ([modalities.{extra}]) and {' and '.join(absent)} {verb} not installed: "
            f"pip install 'deqi[{extra}]'."
        )
