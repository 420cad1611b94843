"""Contrasts of arms before and after treatment: given the baseline, of changes, after it alone, and within arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bids_app.trial.cohort import Cohort
from bids_app.trial.contrasts import DESCRIPTIVE, any_arm, between, compared, labels_of, within
from bids_app.vocabulary.design import IT, OWN, Contrast, Outcome, Question, Words

ADJUSTED = Outcome({"post": 1.0}, "pre")
CHANGE = Outcome({"post": 1.0, "pre": -1.0})
POST = Outcome({"post": 1.0})
LATER = "positive = larger after treatment"


def contrasts(cohort: Cohort, unequal: bool) -> Iterator[Contrast]:
    """Yield every contrast of a cohort with stages pre and post; `unequal` dropout gets a second test beside."""
    labels = dict(zip(cohort.arms, labels_of(cohort.arms), strict=True))
    for first, second, stem, claims in compared(cohort):
        yield from _pair(cohort, (first, second), stem, claims, unequal=unequal and claims["primary"])
    yield from any_arm(cohort, "anyArmAdjusted", " after treatment", ADJUSTED)
    for arm in cohort.arms:
        words = Words(question=f"How does {IT} change within {arm}? {DESCRIPTIVE}", sign=LATER, arm=arm)
        yield within(cohort, Question(name=f"{labels[arm]}Change", words=words, outcome=CHANGE), arm)
    words = Words(question=f"How does {IT} change in all arms together? {DESCRIPTIVE}", sign=LATER, arm="both")
    yield within(cohort, Question(name="pooledChange", words=words, outcome=CHANGE))


def _pair(
    cohort: Cohort, pair: tuple[str, str], stem: str, claims: Mapping[str, Any], *, unequal: bool
) -> Iterator[Contrast]:
    """Yield the comparisons of two arms: adjusted for baseline, of changes, and after treatment alone."""
    first, second = pair

    def asked(name: str, outcome: Outcome, question: str, found: str, **claims: Any) -> Question:
        words = Words(
            question=question, sign=f"positive = larger in {first}", found=f"{IT} {found}",
            absent=f"No difference in {IT} between {first} and {second}", compares=(first, second),
        )  # fmt: skip
        return Question(name=f"{stem}{name}", words=words, outcome=outcome, **claims)

    adjusted = (
        ADJUSTED,
        f"Does {IT} after treatment differ between {first} and {second}, given {OWN} baseline?",
        f"after treatment differs between {first} and {second}, given {OWN} baseline,",
    )
    yield between(cohort, asked("Adjusted", *adjusted, **claims), pair)
    if unequal:
        yield between(cohort, asked("AdjustedExchanged", *adjusted), pair, exchange=True)
    question = f"Does {IT} change more under {first} than under {second} (group x time)?"
    yield between(cohort, asked("Change", CHANGE, question, f"changes differently under {first} and {second}"), pair)
    question = f"Does {IT} after treatment differ between {first} and {second}, ignoring baseline?"
    yield between(cohort, asked("Post", POST, question, f"after treatment differs between {first} and {second}"), pair)
