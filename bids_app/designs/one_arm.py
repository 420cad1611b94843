"""One group scanned once: whether maps are other than zero, such as the response to needling; nothing is compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bids_app.trial.cohort import Table, gather, stages_there
from bids_app.trial.contrasts import within
from bids_app.vocabulary.design import IT, ContrastSpec, ContrastText, Design, Response
from bids_app.vocabulary.entities import stage_label
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.options.design import PeopleOptions


@dataclass(frozen=True)
class Options(PeopleOptions):
    """Options of `[designs.one_arm]`."""

    session: Annotated[str, Doc("Session analysed; empty where there is one, or none.")] = ""


METHODS = (
    "There was one group, scanned once: the mean over participants was tested against zero by sign flips. No arms were "
    "compared."
)


def design(table: Table, options: Options) -> Design:
    """Build the design from the participants' table and the maps that there are.

    Raises
    ------
    WrongDataError
        If fewer than three participants have a map, or a covariate cannot be used.
    """
    stages = stages_there(table, {"once": stage_label(options.session)})
    cohort = gather(table, dict.fromkeys(table.participants, "all"), stages, ("once",), options)
    words = ContrastText(
        question=f"Is {IT} other than zero on average? Without a control its cause is not told.",
        sign="positive = above zero (of a response: activation), negative = below zero (deactivation)",
        found=f"{IT} is other than zero on average", absent=f"No sign of {IT}",
    )  # fmt: skip
    mean = within(cohort, ContrastSpec(name="mean", words=words, outcome=Response({"once": 1.0}), primary=True))
    return cohort.design(stages, (mean,))
