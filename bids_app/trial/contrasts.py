"""Contrasts of a cohort: between arms, within arms, and slopes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bids_app.trial.cohort import Cohort
from bids_app.vocabulary.design import IT, Contrast, ContrastSpec, ContrastText, Response
from bids_app.vocabulary.entities import as_label

Columns = NDArray[np.float64]

DESCRIPTIVE = "This is not evidence of specificity."


def labels_of(arms: Sequence[str]) -> tuple[str, ...]:
    """Return arms as they stand in file names; arms that would overwrite each other are numbered."""
    plain = [as_label(arm) for arm in arms]
    taken = {"x", "pooled", "both"}
    if len({label.lower() for label in plain}) < len(plain) or taken & {label.lower() for label in plain}:
        return ("active", *(f"arm{i}" for i in range(2, len(arms))), "control") if len(arms) > 1 else ("active",)
    return tuple(plain)


def fixed(cohort: Cohort, rows: NDArray[np.intp]) -> tuple[list[str], list[Columns]]:
    """Return names and columns of strata and covariates that vary among some people."""
    strata = cohort.strata[rows]
    found = {f"stratum_{s}": (strata == s).astype(np.float64) for s in np.unique(strata)[1:]}
    found |= {name: column[rows] for name, column in cohort.covariates.items()}
    varying = {name: column for name, column in found.items() if len(column) and np.ptp(column) > 0}
    return list(varying), list(varying.values())


@dataclass(frozen=True, kw_only=True)
class ArmPair:
    """Two arms that are compared, their stem in file names, and what part of a claim rests on them."""

    first: str
    second: str
    stem: str
    primary: bool
    step: Literal["", "pair"]

    @property
    def arms(self) -> tuple[str, str]:
        """Both arms."""
        return self.first, self.second

    def asked(
        self, name: str, outcome: Response, question: str, differs: str, when: str = "", *, claims: bool = False
    ) -> ContrastSpec:
        """Return a question about these arms; `differs` ends the sentence of a result, and `claims` lets it confirm."""
        between = f"between {self.first} and {self.second}"
        words = ContrastText(
            question=question, sign=f"positive = larger in {self.first}", found=f"{IT} {differs}",
            absent=f"No difference in {IT}{when} {between}", compares=self.arms,
        )  # fmt: skip
        primary, step = (self.primary, self.step) if claims else (False, "")
        return ContrastSpec(name=f"{self.stem}{name}", words=words, outcome=outcome, primary=primary, step=step)


def arm_pairs(cohort: Cohort) -> Iterator[ArmPair]:
    """Yield the pairs of arms that are compared, active and control first."""
    labels = dict(zip(cohort.arms, labels_of(cohort.arms), strict=True))
    main = cohort.arms[0], cohort.arms[-1]
    step: Literal["", "pair"] = "pair" if len(cohort.arms) > 2 else ""
    for first, second in sorted(combinations(cohort.arms, 2), key=lambda pair: pair != main):
        stem = f"{labels[first]}Vs{labels[second][:1].upper()}{labels[second][1:]}"
        yield ArmPair(first=first, second=second, stem=stem, primary=(first, second) == main, step=step)


def any_arm(cohort: Cohort, name: str, when: str, outcome: Response) -> Iterator[Contrast]:
    """Yield whether any of three arms or more differs (F), which stands before their pairs; else nothing."""
    if len(cohort.arms) < 3:
        return
    given = ", given {OWN} baseline" if outcome.baseline else ""
    words = ContrastText(
        question=f"Does {IT}{when} differ between any arms{given}?",
        sign="F has no sign",
        found=f"{IT}{when} differs between the arms",
        absent=f"No difference in {IT} between any arms",
        compares=cohort.arms,
    )
    yield between(cohort, ContrastSpec(name=name, words=words, outcome=outcome, step="any"))


def between(
    cohort: Cohort, asked: ContrastSpec, pair: tuple[str, str] | None = None, *, exchange: bool = False,
    among: NDArray[np.bool_] | None = None,
) -> Contrast:  # fmt: skip
    """Return the comparison of two arms, re-randomised within strata; without a pair that of all arms (F).

    `exchange` exchanges residuals instead (Freedman-Lane): for arms that dropout has changed. `among` keeps to some
    of the participants, such as those of one site.
    """
    rows = cohort.with_stages(*asked.outcome.stages)
    if among is not None:
        rows = rows[among[rows]]
    if pair:
        rows = rows[np.isin(cohort.arm[rows], [cohort.arms.index(arm) for arm in pair])]
        tested = (cohort.arm[rows] == cohort.arms.index(pair[0])).astype(np.float64)[:, None]
        effect = "ancova" if asked.outcome.baseline else "two_sample"
    else:
        tested = (cohort.arm[rows][:, None] == np.arange(len(cohort.arms) - 1)).astype(np.float64)
        effect = "variance"
    names, columns = fixed(cohort, rows)
    tested_names = [f"arm_{pair[0]}"] if pair else [f"arm_{arm}" for arm in cohort.arms[:-1]]
    labels = tested[:, 0] if pair else cohort.arm[rows].astype(np.float64)
    nuisance = np.column_stack([np.ones(len(rows)), *columns])
    scheme = "exchange" if exchange else "rerandomise"
    heads = (*tested_names, "constant", *names)
    return Contrast(
        asked=asked,
        scheme=scheme,
        members=rows,
        tested=tested,
        nuisance=nuisance,
        blocks=cohort.strata[rows],
        effect=effect,
        columns=heads,
        labels=labels,
    )


def within(cohort: Cohort, asked: ContrastSpec, arm: str = "") -> Contrast:
    """Return the mean of one arm, or of all arms weighted alike, under sign flips.

    Covariates are centred; arms are coded so that the mean is that of the means of the arms.
    """
    rows = cohort.with_stages(*asked.outcome.stages)
    if arm:
        rows = rows[cohort.arm[rows] == cohort.arms.index(arm)]
    count = len(cohort.arms)
    arms = (cohort.arm[rows][:, None] == np.arange(count - 1)).astype(np.float64) - 1 / count
    columns = {} if arm or count == 1 else {f"arm_{cohort.arms[i]}": arms[:, i] for i in range(count - 1)}
    columns |= {key: value[rows] - value[rows].mean() for key, value in cohort.covariates.items()}
    columns = {key: value for key, value in columns.items() if np.ptp(value) > 0}
    nuisance = np.column_stack(list(columns.values())) if columns else np.empty((len(rows), 0))
    ones, heads = np.ones((len(rows), 1)), ("constant", *columns)
    return Contrast(
        asked=asked,
        scheme="signflip",
        members=rows,
        tested=ones,
        nuisance=nuisance,
        blocks=cohort.strata[rows],
        effect="one_sample",
        columns=heads,
    )


def slope(
    cohort: Cohort, asked: ContrastSpec, values: Columns, others: Mapping[str, Columns], arm: str = ""
) -> Contrast:
    """Return the slope of maps on a value that was not randomised: residuals are exchanged within arms and strata.

    Parameters
    ----------
    values : (participants of the cohort,)
    others : mapping of (participants of the cohort,)
        Columns beside it, arms among them where several are in it.
    arm : str
        One arm alone; empty takes all.
    """
    rows = cohort.with_stages(*asked.outcome.stages)
    rows = rows[np.isfinite(values[rows])]
    if arm:
        rows = rows[cohort.arm[rows] == cohort.arms.index(arm)]
    names, columns = fixed(cohort, rows)
    more = {key: column[rows] for key, column in others.items() if np.ptp(column[rows]) > 0}
    blocks = cohort.strata[rows] * len(cohort.arms) + cohort.arm[rows]
    nuisance = np.column_stack([np.ones(len(rows)), *more.values(), *columns])
    heads = (asked.name, "constant", *more, *names)
    return Contrast(
        asked=asked,
        scheme="exchange",
        members=rows,
        tested=values[rows][:, None],
        nuisance=nuisance,
        blocks=blocks,
        effect="slope",
        columns=heads,
    )


def moderated(cohort: Cohort, asked: ContrastSpec, values: Columns, arm: Columns) -> Contrast:
    """Return whether the effect of an arm on a value depends on each voxel's map before treatment.

    The partial correlation of a value with arm x map, given arm and map, is the same whichever of both is explained:
    here it is arm x map, so that the engine of the maps can do it. Residuals change signs, with the variance HC2: where
    arms are unequal and vary unequally, values that change places find too much.

    Parameters
    ----------
    values : (participants of the cohort,)
        NaN where it is not known.
    arm : (participants of the cohort,)
        1 active, 0 control.
    """
    rows = cohort.with_stages(*asked.outcome.stages)
    rows = rows[np.isfinite(values[rows])]
    names, columns = fixed(cohort, rows)
    own = arm[rows] - arm[rows].mean()
    blocks = cohort.strata[rows] * len(cohort.arms) + cohort.arm[rows]
    nuisance = np.column_stack([np.ones(len(rows)), own, *columns])
    heads = (asked.name, "constant", "arm", *names)
    return Contrast(
        asked=asked,
        scheme="wild",
        members=rows,
        tested=values[rows][:, None],
        nuisance=nuisance,
        blocks=blocks,
        effect="slope",
        columns=heads,
        times=own,
    )
