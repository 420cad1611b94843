"""fNIRS: light between optodes on the head, as SNIRF in BIDS; changes of haemoglobin below each pair.

What reads and computes (`_fnirs_cleaning`) is imported by the verbs that need it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from bids_app.dataset import nirs_recordings
from bids_app.modalities import _fnirs_words
from bids_app.vocabulary.found import Found, Search
from bids_app.vocabulary.options.fnirs import KINDS, Options
from bids_app.vocabulary.quality import Alternative, Quality
from bids_app.vocabulary.recording import Recording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bids_app.derivatives.participant import SessionWriter
    from bids_app.vocabulary.domain import Sites
    from bids_app.vocabulary.optics import Optics, PreparedOptics
    from bids_app.vocabulary.run_state import RunState

GIVES, DATATYPE, SUFFIX = "optics", "nirs", "nirs"
SOURCE, ROOTS = "fNIRS", ("",)

find = nirs_recordings.find
ADVICE, QUALITY = _fnirs_words.ADVICE, _fnirs_words.QUALITY
absent, methods_of, reporting_items = _fnirs_words.absent, _fnirs_words.methods_of, _fnirs_words.reporting_items

ALTERNATIVES = (Alternative({"min_coupling": 0.6}, "; channels with less contact are noisier"),)


def recordings(found: Found, search: Search, options: Options) -> list[Recording]:  # noqa: ARG001
    """Return recordings with what their sidecars say, their events, and who was there too."""
    return nirs_recordings.recordings_of(found, search)


def prepare(recording: Recording, options: Options) -> PreparedOptics:
    """Look at the tables beside a recording.

    Raises
    ------
    UsageError, WrongDataError
        If MNE or h5py is not installed, or a table cannot be read.
    """
    from bids_app.modalities import _fnirs_cleaning

    return _fnirs_cleaning.prepare(recording, options)


def load(
    recording: Recording, prepared: PreparedOptics, options: Options, kinds: Collection[str] = KINDS  # noqa: ARG001
) -> Optics:  # fmt: skip
    """Read a recording and return changes of haemoglobin, with those of who was there too.

    Raises
    ------
    MissingInputError, WrongDataError
        If the file cannot be read or used.
    """
    from bids_app.modalities import _fnirs_dyads

    return _fnirs_dyads.with_partner(recording, prepared, options)


def describe(prepared: PreparedOptics, options: Options, kind: str = KINDS[0]) -> dict[str, object]:  # noqa: ARG001
    """Return what was done to a recording, as sidecars carry it."""
    return {"Cleaning": kind, "MinCoupling": options.min_coupling, "ResampledTo": options.rate}


def _loaded(run: RunState) -> Optics | None:
    from bids_app.vocabulary.optics import Optics

    return run.loaded if isinstance(run.loaded, Optics) else None


def too_little(runs: Sequence[RunState], options: Options) -> str:
    """Return why a session cannot be used, or nothing; which channels are good is known once files are read."""
    loaded = [optics for run in runs if (optics := _loaded(run))]
    if not loaded:
        return ""
    from bids_app.derivatives import optics_session

    return optics_session.too_little(loaded, options)


def summary(runs: Sequence[RunState], options: Options) -> str:  # noqa: ARG001  (a verb of every modality)
    """Return what a session has, by names and tables alone."""
    return f"{len(runs)} {'recording' if len(runs) == 1 else 'recordings'}"


def write_session(writer: SessionWriter, runs: Sequence[RunState], domain: Sites) -> None:  # noqa: ARG001
    """Write the channels of a session, and what motion correction did to some of them."""
    from bids_app.derivatives import optics_session

    optics_session.write(writer, [run.recording for run in runs], [one for run in runs if (one := _loaded(run))])


def quality_row(run: RunState) -> dict[str, object]:
    """Return the quality of one recording, whether it was read or left out."""
    from bids_app.derivatives import optics_session

    return optics_session.quality_of(optics) if (optics := _loaded(run)) else {}


def by_arm(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return what pages show of the quality of a session."""
    from bids_app.derivatives import optics_session

    return optics_session.by_arm(runs)


def limits(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, Quality]:
    """Return the qualities of a session over its recordings."""
    from bids_app.derivatives import optics_session

    return optics_session.limits(runs)
