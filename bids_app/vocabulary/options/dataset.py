"""Options of `[dataset]`: which recordings a call takes, and how their files are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.recording import JOINED
from bids_app.vocabulary.selection import PREPROCESSED, Stage


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Options of `[dataset]`: which runs are taken."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    tasks: Annotated[tuple[str, ...], Doc("Task labels; empty takes all.")] = ()
    sessions: Annotated[tuple[str, ...], Doc("Session labels; empty takes all.")] = ()
    measures: Annotated[
        tuple[str, ...], Doc("Measures to compute; empty: all defaults and those that have a table.")
    ] = ()
    preset: Annotated[
        str, Doc("Condition preset that sets the default seeds, networks and pairs; see --preset list.")
    ] = ""
    profile: Annotated[
        str,
        Doc("Defaults of a way of cleaning or a tracer: recommended, dpabi-legacy (replication only), carfentanil ..."),
    ] = ""
    space: Annotated[
        str,
        Doc(
            "Space, with resolution (res-2, native) or cohort if needed: MNI152NLin2009cAsym:res-2; empty takes the "
            "standard one there is."
        ),
    ] = ""
    desc: Annotated[
        str, Doc("Which preprocessed series is analysed, by its desc label, e.g. nonaggrDenoised of fMRIPost-AROMA.")
    ] = PREPROCESSED
    join: Annotated[
        tuple[Literal["run", "dir", "acq", "ce"], ...],
        Doc("Entities whose values are runs of one session (run, dir, acq, ce); others are analysed separately."),
    ] = JOINED
    stage: Annotated[
        Stage,
        Doc(
            "Entity whose labels are the stages of the design: ses (scanning sessions), or within one session task or "
            "run (rest before and after needling), or segment: parts of one run, see [segments.NAME]."
        ),
    ] = "ses"
