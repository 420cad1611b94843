"""fMRI runs of fMRIPrep: cleaned by one projection while the file is read, once.

The status of thousands asks this file what there is: what reads and computes (`_fmri_cleaning`) is imported by the
verbs that need it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from bids_app.dataset import fmriprep_runs
from bids_app.modalities import _fmri_words
from bids_app.vocabulary.found import Found, Search
from bids_app.vocabulary.options.cleaning import KINDS, Options
from bids_app.vocabulary.quality import Alternative, Quality
from bids_app.vocabulary.recording import Recording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bids_app.derivatives.participant import SessionWriter
    from bids_app.signals.cleaning import NuisanceModel
    from bids_app.vocabulary.domain import Voxels
    from bids_app.vocabulary.run_state import RunState
    from bids_app.vocabulary.signals import Signals

GIVES, DATATYPE, SUFFIX, QUALITY_LABEL = "signals", "func", "bold", "fc"
SOURCE, ROOTS, PREPROCESSOR = "fMRIPrep derivatives", ("fmriprep*",), "fmriprep"

find, survey, why_absent = fmriprep_runs.find, fmriprep_runs.survey, fmriprep_runs.why_absent
ADVICE, QUALITY = _fmri_words.ADVICE, _fmri_words.QUALITY
mark, absent = _fmri_words.mark, _fmri_words.absent
methods_of, reporting_items = _fmri_words.methods_of, _fmri_words.reporting_items

_COUNTED = " by counting; what autocorrelation leaves of it is known once series are read"

ALTERNATIVES = (
    Alternative({"low_pass": 0.0}, _COUNTED),
    Alternative({"confounds": "6P+csf+wm"}),
    Alternative({"low_pass": 0.0, "confounds": "6P+csf+wm"}, _COUNTED),
)

_FEWEST_DF = 3
"""Residual degrees of freedom that a run needs to count at all."""


def recordings(found: Found, search: Search, options: Options) -> list[Recording]:
    """Return runs with their sidecars and events, and the further tables of confounds that are asked for.

    Raises
    ------
    UsageError
        If a pattern of tables cannot be understood.
    """
    return fmriprep_runs.recordings_of(found, search, options.more_confounds)


def prepare(recording: Recording, options: Options) -> NuisanceModel:
    """Build the nuisance model of a run from its header and confound tables alone.

    Raises
    ------
    WrongDataError, MissingInputError
        If a table does not fit the series or lacks what the options ask for.
    """
    from bids_app.modalities import _fmri_cleaning

    return _fmri_cleaning.prepare(recording, options)


def load(
    recording: Recording, prepared: NuisanceModel, options: Options, kinds: Collection[str] = KINDS[:1]
) -> Signals:
    """Read and clean one run in a single pass over its file.

    Raises
    ------
    WrongDataError, MissingInputError
        If a file cannot be read, or mask and series lie on different grids.
    """
    from bids_app.modalities import _fmri_cleaning

    return _fmri_cleaning.load(recording, prepared, options, kinds)


def describe(prepared: NuisanceModel, options: Options, kind: str = KINDS[0]) -> dict[str, object]:
    """Return what was done to a run in one kind of cleaning, as sidecars carry it."""
    from bids_app.modalities import _fmri_cleaning

    return _fmri_cleaning.describe(prepared, options, kind)


def unusable(plan: NuisanceModel) -> str:
    """Return why a run cannot count, or nothing."""
    return f"cleaning leaves it {max(plan.df_res, 0)} degrees of freedom" if plan.df_res < _FEWEST_DF else ""


def too_little(runs: Sequence[RunState], options: Options) -> str:
    """Return why a session cannot be used, or nothing; `ADVICE` says what would help.

    Degrees of freedom are counted before series are read; thereafter they are what autocorrelation leaves of them.
    """
    from bids_app.derivatives import fmri_session

    df, minutes = sum(map(_freedom, runs)), sum(fmri_session.plan_of(run).minutes for run in runs)
    if df >= options.min_df_res and minutes >= options.min_minutes:
        return ""
    return (
        f"{df:.0f} residual degrees of freedom (at least {options.min_df_res} needed) and {minutes:.1f} minutes "
        f"kept (at least {options.min_minutes:g} needed)"
    )


def _freedom(run: RunState) -> float:
    from bids_app.derivatives import fmri_session

    signals = fmri_session.signals_of(run)
    worth = signals.effective_df if signals else None
    return float(fmri_session.plan_of(run).df_res if worth is None else worth)


def summary(runs: Sequence[RunState], options: Options) -> str:  # noqa: ARG001  (a verb of every modality)
    """Return what a session has, by its tables and headers."""
    from bids_app.derivatives import fmri_session

    plans = [fmri_session.plan_of(run) for run in runs]
    df, minutes = sum(plan.df_res for plan in plans), sum(plan.minutes for plan in plans)
    return f"{df} residual degrees of freedom, {minutes:.1f} min kept"


def write_run(writer: SessionWriter, run: RunState) -> None:
    """Write what is known of each frame of a run, the confounds regressed out, and a picture of the series."""
    from bids_app.derivatives import fmri_session

    fmri_session.write_frames(writer, run)


def write_session(writer: SessionWriter, runs: Sequence[RunState], domain: Voxels) -> None:
    """Write the mask of voxels that all runs of a session have, and the mean image that figures are drawn on."""
    from bids_app.derivatives import fmri_session

    sources = [run.recording for run in runs]
    writer.mask(domain, sources)
    writer.background(fmri_session.mean_image(runs, domain.mask), domain, sources)


def quality_row(run: RunState) -> dict[str, object]:
    """Return the quality of one run, whether it was read or left out."""
    from bids_app.derivatives import fmri_session

    return fmri_session.quality_row(run)


def by_arm(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return what pages show of the quality of a session."""
    from bids_app.derivatives import fmri_session

    return fmri_session.by_arm(runs)


def limits(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, Quality]:
    """Return the qualities of a session over its runs."""
    from bids_app.derivatives import fmri_session

    return fmri_session.limits(runs)
