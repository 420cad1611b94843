"""Values of regions beside an outcome: how they are related within arms, and what pooled arms would make of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.statistics.clinical.ancova import compare
from bids_app.statistics.clinical.mediation import paths
from bids_app.statistics.clinical.rank_correlation import baseline_with_own_change, pooled_by_arms_alone, spearman
from bids_app.statistics.permutation.schemes import Exchange
from bids_app.trial.association import OutcomeInputs
from bids_app.trial.contrasts import fixed
from bids_app.trial.outcomes import visit_values
from bids_app.trial.region_values import RegionValues, Values, declared_regions, leave_one_out

FEWEST = 5
"""People below whom no correlation is shown."""

NUMBERS = ("estimate", "low", "high", "p", "p_exchanged")


class Coupled:
    """The participants of an association with their arms, strata, covariates and outcome."""

    def __init__(self, given: OutcomeInputs) -> None:
        self._given, self._cohort, self._inference = given, given.cohort, given.inference
        self._to, self._values = given.to, given.to.values

    def rows(self, region: RegionValues) -> Iterator[dict[str, object]]:
        """Yield the lines of one region."""
        change = region.after - region.before
        known = np.isfinite(change) & np.isfinite(self._values)
        arms = self._cohort.arms
        for number, arm in enumerate(arms):
            own = known & (self._cohort.arm == number)
            yield self._line(region, self._to.pairing, f"within {arm}", own, change)
        if len(arms) > 1:
            yield self._line(region, self._to.pairing, "given the arm", known, change, arms=len(arms))
            yield self._difference(region, "slopes of arms differ", known, change)
            if self._to.improves:
                before = np.isfinite(region.before) & np.isfinite(self._values)
                yield self._difference(region, "before treatment: who gains more from which arm", before, region.before)
            yield self._pooled(region, known, change)
        yield self._own_change(region)

    def _others(self, rows: NDArray[np.bool_], arms: int) -> Values:
        """Return the columns of some arms, of strata and of covariates as far as they vary among some people."""
        own = [(self._cohort.arm[rows] == i).astype(np.float64) for i in range(arms - 1)]
        return np.column_stack([np.empty((int(rows.sum()), 0)), *own, *fixed(self._cohort, np.flatnonzero(rows))[1]])

    def _scheme(self, rows: NDArray[np.bool_]) -> Exchange:
        blocks = self._cohort.strata[rows] * len(self._cohort.arms) + self._cohort.arm[rows]
        return Exchange(blocks, self._inference.random_seed, self._inference.n_permutations)

    def _line(
        self, region: RegionValues, what: str, whom: str, rows: NDArray[np.bool_], values: Values, arms: int = 1
    ) -> dict[str, object]:
        row = _row(region, what, whom, int(rows.sum()))
        others = self._others(rows, arms)
        if rows.sum() < FEWEST + others.shape[1] or np.ptp(values[rows]) == 0 or np.ptp(self._values[rows]) == 0:
            return {**row, "remark": f"fewer than {FEWEST + others.shape[1]} people, or all alike"}
        found = spearman(values[rows], self._values[rows], others, self._scheme(rows))
        name = "partial Spearman r" if others.shape[1] else "Spearman r"
        return {**row, "quantity": name, "estimate": found.r, "low": found.low, "high": found.high, "p": found.p,
                "p_exchanged": found.p_exchanged}  # fmt: skip

    def _difference(
        self, region: RegionValues, what: str, rows: NDArray[np.bool_], values: Values
    ) -> dict[str, object]:
        """Return whether a slope differs between the first arm and the last."""
        arms = self._cohort.arms
        rows = rows & np.isin(self._cohort.arm, [0, len(arms) - 1])
        row = _row(region, what, f"{arms[0]} against {arms[-1]}", int(rows.sum()))
        own = (self._cohort.arm[rows] == 0).astype(np.float64)
        if min(own.sum(), len(own) - own.sum()) < FEWEST:
            return {**row, "remark": f"fewer than {FEWEST} people of an arm"}
        centred = values[rows] - values[rows].mean()
        nuisance = np.column_stack([np.ones(len(own)), own, centred, self._others(rows, 1)])
        try:
            found = compare(self._values[rows], own * centred, nuisance, None, self._scheme(rows))
        except WrongDataError as error:
            return {**row, "remark": str(error)}
        return {**row, "quantity": "difference of slopes", "estimate": found.difference, "low": found.low,
                "high": found.high, "p": found.p, "p_exchanged": found.rerandomised_p}  # fmt: skip

    def _pooled(self, region: RegionValues, rows: NDArray[np.bool_], change: Values) -> dict[str, object]:
        """Return what pooling arms gives, and what it would give if nothing went together within any arm."""
        sides = [rows & (self._cohort.arm == i) for i in (0, len(self._cohort.arms) - 1)]
        row = _row(region, "arms pooled, as papers print it", "all", int(rows.sum()))
        if min(side.sum() for side in sides) < 2:
            return row
        gaps = [_gap(v[sides[0]], v[sides[1]]) for v in (change, self._values)]
        alone = pooled_by_arms_alone(*gaps)
        r = float(np.corrcoef(change[rows], self._values[rows])[0, 1])
        said = f"never a result: arms that differ in both make r = {alone:.2f} of nothing"
        return {**row, "quantity": "Pearson r", "estimate": r, "remark": said}

    def _own_change(self, region: RegionValues) -> dict[str, object]:
        """Return how the value before treatment correlates with its own change, and what noise alone makes of that."""
        known = np.isfinite(region.before) & np.isfinite(region.after)
        control = known & (self._cohort.arm == len(self._cohort.arms) - 1)
        row = _row(region, "before treatment and its own change", f"within {self._cohort.arms[-1]}", int(control.sum()))
        if control.sum() < FEWEST:
            return row
        before, after = region.before[control], region.after[control]
        r = float(np.corrcoef(before, after - before)[0, 1])
        alone = baseline_with_own_change(float(np.corrcoef(before, after)[0, 1]))
        said = f"noise alone makes about {alone:.2f}: both hold the same baseline"
        return {**row, "quantity": "Pearson r", "estimate": r, "remark": said}

    def mediation(self, region: RegionValues, draws: int) -> dict[str, object] | None:
        """Return the paths from arm over a region to an outcome, of two arms; None where too few are known."""
        outcome = self._given.outcome
        values = visit_values(outcome, self._cohort.rows)
        last = values[:, outcome.visits.index(outcome.endpoint)]
        whole = np.column_stack([region.before, region.after, values[:, 0], last])
        rows = np.isfinite(whole).all(axis=1) & np.isin(self._cohort.arm, [0, len(self._cohort.arms) - 1])
        others = np.column_stack([np.ones(int(rows.sum())), whole[rows][:, [0, 2]], self._others(rows, 1)])
        if len(self._cohort.arms) < 2 or rows.sum() < others.shape[1] + 2 * FEWEST:
            return None
        arm = (self._cohort.arm[rows] == 0).astype(np.float64)
        found = paths(arm, whole[rows, 1], whole[rows, 3], others, draws, self._inference.random_seed)
        return {"region": region.name, "people": int(rows.sum()), **vars(found)}


def _row(region: RegionValues, what: str, whom: str, people: int) -> dict[str, object]:
    about = {"region": region.name, "chosen": region.chosen, "what": what, "whom": whom, "people": people}
    return {**about, "quantity": "", **dict.fromkeys(NUMBERS, float("nan")), "remark": ""}


def _gap(first: Values, second: Values) -> float:
    """Return a difference in standard deviations."""
    spread = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
    return float((first.mean() - second.mean()) / spread) if spread > 0 else 0.0


class Related:
    """What an association finds in regions: declared ones, and with `clusters` those that all others choose."""

    def __init__(self, given: OutcomeInputs, clusters: str) -> None:
        self._given, self._people = given, Coupled(given)
        self._regions = list(declared_regions(given))
        self._missing = sorted(set(given.regions) - {region.name for region in self._regions})
        if clusters:
            self._regions.append(leave_one_out(given))

    def tables(self, label: str) -> dict[str, list[dict[str, object]]]:
        """Return the lines of every region, and every participant's values, by the label in file names."""
        lines = [row for region in self._regions for row in self._people.rows(region)]
        return {label: lines, f"{label}Values": [row for region in self._regions for row in self._values(region)]}

    def _values(self, region: RegionValues) -> Iterator[dict[str, object]]:
        for i, row in enumerate(self._given.cohort.rows):
            yield {
                "participant_id": row["participant_id"],
                "arm": row["arm"],
                "region": region.name,
                "before": region.before[i],
                "change": region.after[i] - region.before[i],
                self._given.to.column: self._given.to.values[i],
            }

    def paths(self, draws: int) -> list[dict[str, object]]:
        """Return the paths from arm over each region to the outcome."""
        found = [self._people.mediation(region, draws) for region in self._regions]
        return [row for row in found if row]

    def about(self) -> dict[str, object]:
        """Return what the sidecar says."""
        given = self._given
        return {
            "Outcome": given.outcome.title,
            "Units": given.outcome.units,
            "Values": given.to.column,
            "Noun": given.result.map_set.output.noun,
            "Arms": list(given.cohort.arms),
            "Alpha": given.inference.alpha,
            "Notes": [f"Region {name} has no voxel that all participants have." for name in self._missing],
        }
