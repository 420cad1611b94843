"""How maps are related to an outcome of the same participants: slopes within arms, over arms, and their difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import UsageError, WrongDataError
from bids_app.trial.cohort import Cohort
from bids_app.trial.contrasts import labels_of, slope
from bids_app.vocabulary.design import IT, Contrast, ContrastSpec, ContrastText, Response
from bids_app.vocabulary.entities import as_label

LEAVE_ONE_OUT = "leave-one-out"
FEWEST = 3
"""Participants of an arm of whom the outcome must be known."""

CHANGE = Response({"post": 1.0, "pre": -1.0})
QUESTIONS = ("within", "pooled", "difference")


@dataclass(frozen=True, kw_only=True, eq=False)
class RelatedOutcome:
    """What maps are related to: how much participants improved, or what changed where no side is better.

    Attributes
    ----------
    association : str
        The plug that asks.
    name, title : str
        In file names and in words.
    improves : bool
        Whether a side is better, so that positive values are improvements.
    values : (participants,)
        NaN where it is not known.
    """

    association: str
    name: str
    title: str
    improves: bool
    values: NDArray[np.float64]

    @property
    def word(self) -> str:
        """What its values are."""
        return "improvement" if self.improves else "change"

    @property
    def pairing(self) -> str:
        """What is related within a region."""
        return "change and improvement" if self.improves else "changes of both"

    @property
    def column(self) -> str:
        """What its values are called in tables."""
        return "improvement" if self.improves else "outcome_change"

    @property
    def said(self) -> str:
        """What its values are, with its title."""
        return f"improvement of {self.title}" if self.improves else f"the change in {self.title}"

    @property
    def rose(self) -> str:
        """What it did where values are positive."""
        return f"{self.title} {'improved' if self.improves else 'rose'} more"


def named(*words: str) -> str:
    """Return words as one name of a contrast."""
    first, *rest = words
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def asked(to: RelatedOutcome, label: str, words: ContrastText, outcome: Response = CHANGE) -> ContrastSpec:
    """Return a question to maps about an outcome."""
    return ContrastSpec(name=label, words=words, outcome=outcome, association=to.association)


def stem_of(to: RelatedOutcome) -> str:
    """Return the outcome as it stands in names of contrasts."""
    return as_label(f"{to.name} x")[:-1]


def slopes(cohort: Cohort, to: RelatedOutcome, questions: Collection[str] = QUESTIONS) -> Iterator[Contrast]:
    """Yield the contrasts that ask how the change in maps is associated with an outcome.

    Raises
    ------
    WrongDataError
        If the outcome is known of too few participants of an arm, or the same in all of them.
    """
    for i, arm in enumerate(cohort.arms):
        known = to.values[(cohort.arm == i) & np.isfinite(to.values)]
        if len(known) < FEWEST or np.ptp(known) == 0:
            raise WrongDataError(
                f"{to.word} is known of {len(known)} participants of {arm}; at least {FEWEST} are needed who differ."
            )
    stem, what = stem_of(to), f"the change in {IT}"
    labels = dict(zip(cohort.arms, labels_of(cohort.arms), strict=True))
    sign = f"positive = larger change where {to.rose}"
    for arm in cohort.arms if "within" in questions else ():
        words = ContrastText(
            question=f"Is {what} associated with {to.said} within {arm}? An association.", sign=sign, arm=arm
        )
        yield slope(cohort, asked(to, named(labels[arm], stem, "Slope"), words), to.values, {}, arm)
    if len(cohort.arms) < 2:
        return
    if "pooled" in questions:
        arms = {f"arm_{arm}": (cohort.arm == i).astype(np.float64) for i, arm in enumerate(cohort.arms[:-1])}
        words = ContrastText(question=f"Is {what} associated with {to.said}, given the arm? An association.", sign=sign)
        yield slope(cohort, asked(to, named("all", stem, "Slope"), words), to.values, arms)
    if "difference" in questions:
        yield _difference(cohort, to, named(pair_of(cohort), stem, "Slope"))


def pair_of(cohort: Cohort) -> str:
    """Return the first arm against the last as it stands in names of contrasts."""
    labels = labels_of(cohort.arms)
    return named(f"{labels[0]}Vs", labels[-1])


def between_first_and_last(cohort: Cohort, to: RelatedOutcome) -> NDArray[np.float64]:
    """Return the values of the first arm and of the last; NaN elsewhere."""
    return np.where(np.isin(cohort.arm, [0, len(cohort.arms) - 1]), to.values, np.nan)


def _difference(cohort: Cohort, to: RelatedOutcome, name: str) -> Contrast:
    """Return whether the slope of the first arm differs from that of the last."""
    first, control = cohort.arms[0], cohort.arms[-1]
    own = (cohort.arm == 0).astype(np.float64)
    both = between_first_and_last(cohort, to)
    centred = both - np.nanmean(both)
    what = f"the change in {IT}"
    words = ContrastText(
        question=f"Does the slope of {what} on {to.said} differ between {first} and {control}?",
        sign=f"positive = steeper in {first}",
        found=f"{what} is associated differently with {to.said} in {first} and {control}",
        absent=f"No difference between the slopes of {first} and {control}", compares=(first, control),
    )  # fmt: skip
    return slope(cohort, asked(to, name, words), own * centred, {"arm": own, stem_of(to): centred})


def refuse_places_chosen_by_the_data(name: str, regions: Collection[str], clusters: str, output_dir: Path) -> None:
    """Refuse values of places that the same data chose.

    Raises
    ------
    UsageError
        If clusters of the whole sample, or files of the group level, are asked for.
    """
    reason = (
        "A value that is read where the same participants differ most is associated with another of theirs even if "
        "nothing is: what chose the place counts twice (circular). Name regions beforehand (associations."
        f'{name}.regions), or take clusters = "{LEAVE_ONE_OUT}", where no participant chooses the place of their own '
        "value."
    )
    if clusters not in ("", LEAVE_ONE_OUT):
        raise UsageError(f"associations.{name}.clusters = {clusters!r}. {reason}")
    group = (output_dir / "group").resolve()
    for word in regions:
        path = Path(word.partition("=")[2].partition("#")[0] or word)
        made = path.name.endswith((".nii", ".nii.gz")) and ("_contrast-" in path.name or "_clusters" in path.name)
        if made or group in path.resolve().parents:
            raise UsageError(f"associations.{name}.regions: {word} is a result of a group level. {reason}")
