"""Contrasts of arms before and after treatment: given the baseline, of changes, after it alone, and within arms."""

from __future__ import annotations

from collections.abc import Iterator

from bids_app.trial.cohort import Cohort
from bids_app.trial.contrasts import DESCRIPTIVE, ArmPair, any_arm, arm_pairs, between, labels_of, within
from bids_app.vocabulary.design import IT, OWN, Contrast, ContrastSpec, ContrastText, Response

ADJUSTED = Response({"post": 1.0}, "pre")
CHANGE = Response({"post": 1.0, "pre": -1.0})
POST = Response({"post": 1.0})
LATER = "positive = larger after treatment"


def contrasts(cohort: Cohort, unequal: bool) -> Iterator[Contrast]:
    """Yield every contrast of a cohort with stages pre and post; `unequal` dropout gets a second test beside."""
    labels = dict(zip(cohort.arms, labels_of(cohort.arms), strict=True))
    for pair in arm_pairs(cohort):
        yield from _pair(cohort, pair, unequal=unequal and pair.primary)
    yield from any_arm(cohort, "anyArmAdjusted", " after treatment", ADJUSTED)
    for arm in cohort.arms:
        words = ContrastText(question=f"How does {IT} change within {arm}? {DESCRIPTIVE}", sign=LATER, arm=arm)
        yield within(cohort, ContrastSpec(name=f"{labels[arm]}Change", words=words, outcome=CHANGE), arm)
    words = ContrastText(question=f"How does {IT} change in all arms together? {DESCRIPTIVE}", sign=LATER, arm="both")
    yield within(cohort, ContrastSpec(name="pooledChange", words=words, outcome=CHANGE))


def _pair(cohort: Cohort, pair: ArmPair, *, unequal: bool) -> Iterator[Contrast]:
    """Yield the comparisons of two arms: adjusted for baseline, of changes, and after treatment alone."""
    first, second = pair.arms
    adjusted = (
        ADJUSTED,
        f"Does {IT} after treatment differ between {first} and {second}, given {OWN} baseline?",
        f"after treatment differs between {first} and {second}, given {OWN} baseline,",
    )
    yield between(cohort, pair.asked("Adjusted", *adjusted, claims=True), pair.arms)
    if unequal:
        yield between(cohort, pair.asked("AdjustedExchanged", *adjusted), pair.arms, exchange=True)
    question = f"Does {IT} change more under {first} than under {second} (group x time)?"
    changes = f"changes differently under {first} and {second}"
    yield between(cohort, pair.asked("Change", CHANGE, question, changes), pair.arms)
    question = f"Does {IT} after treatment differ between {first} and {second}, ignoring baseline?"
    differs = f"after treatment differs between {first} and {second}"
    yield between(cohort, pair.asked("Post", POST, question, differs), pair.arms)
