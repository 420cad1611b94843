"""Effects of studies from the numbers that papers report, one a trial: turned so that positive favours the arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bids_app.statistics.synthesis.study_effects import (
    Arm,
    EventCount,
    StudyEffect,
    has_empty_cell,
    log_risk_ratio,
    mean_difference,
    standardised_difference,
    with_shared_comparator,
)
from bids_app.vocabulary.studies import ReportedEffect


@dataclass(frozen=True, kw_only=True)
class TrialEffect:
    """The effect of one trial: positive favours the arm, where it is told what is better.

    `joined` counts the arms that were compared with the same participants and joined; `corrected` tells that .5 was
    added to empty cells.
    """

    study: str
    arm: str
    comparator: str
    effect: float
    variance: float
    n: float
    n_comparator: float
    joined: int = 1
    corrected: bool = False


def trial_effects(rows: Sequence[ReportedEffect], scale: str) -> list[TrialEffect]:
    """Return one effect a study, in the order of the table.

    Parameters
    ----------
    rows : sequence of ReportedEffect
        Of one outcome, time, comparator and form.
    scale : {'SMD', 'MD', 'logRR'}

    Raises
    ------
    ValueError
        If a study has several rows that do not share their comparator; the message names it.
    """
    by_study: dict[str, list[ReportedEffect]] = {}
    for row in rows:
        by_study.setdefault(row.study, []).append(row)
    return [_of_study(own, scale) for own in by_study.values()]


def _of_study(rows: Sequence[ReportedEffect], scale: str) -> TrialEffect:
    found = [_of_row(row, scale) for row in rows]
    first = found[0]
    if len(rows) == 1:
        return first
    same = {tuple(_comparator(row.numbers).items()) for row in rows}
    arms = [row.arm for row in rows]
    if len(same) > 1 or "n_comparator" not in rows[0].numbers or scale != "SMD" or len(set(arms)) < len(arms):
        raise ValueError(
            f"Lines {', '.join(str(row.line) for row in rows)} are of one study ({first.study}) and outcome. Arms with "
            "one comparator are joined where they differ in name, share its numbers and are standardised (SMD); "
            "otherwise keep one row, or tell them apart by time or comparator."
        )
    sizes, effects = (np.array([getattr(one, name) for one in found]) for name in ("n", "effect"))
    joined = with_shared_comparator(effects, sizes, first.n_comparator)
    return TrialEffect(
        study=first.study, arm=" + ".join(arms), comparator=first.comparator, effect=joined.effect,
        variance=joined.variance, n=float(sizes.sum()), n_comparator=first.n_comparator, joined=len(rows),
    )  # fmt: skip


def _comparator(numbers: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in numbers.items() if name.endswith("_comparator")}


def _of_row(row: ReportedEffect, scale: str) -> TrialEffect:
    numbers = row.numbers
    corrected = False
    if row.form == "g":
        one = StudyEffect(numbers["g"], numbers["v"])
    elif row.form == "events":
        arms = [EventCount(numbers[f"events{end}"], numbers[f"n{end}"]) for end in ("", "_comparator")]
        one, corrected = log_risk_ratio(*arms), has_empty_cell(*arms)
    else:
        means = [Arm(numbers[f"mean{end}"], numbers[f"sd{end}"], numbers[f"n{end}"]) for end in ("", "_comparator")]
        one = standardised_difference(*means) if scale == "SMD" else mean_difference(*means)
    sign = -1.0 if row.lower_is_better else 1.0
    return TrialEffect(
        study=row.study, arm=row.arm, comparator=row.comparator, effect=sign * one.effect, variance=one.variance,
        n=numbers.get("n", np.nan), n_comparator=numbers.get("n_comparator", np.nan), corrected=corrected,
    )  # fmt: skip
