"""What may be said of predictions: how good they are for people unseen, and that to foretell is not to treat."""

from __future__ import annotations

from collections.abc import Sequence

from bids_app.dataset.tables import TableRow
from bids_app.report.claims.maps import Verdict
from bids_app.report.formats import format_number, says_p
from bids_app.vocabulary.sidecars import PredictionSidecar

WHAT = {"responder": "who responds in", "improvement": "how much people improve in"}

FEW = 100
"""People below whom cross-validated accuracies scatter by ten points and more."""

SMALL = (
    "{n} people: with fewer than 100, cross-validated accuracies scatter by about ten points either way "
    "(Varoquaux 2018, doi:10.1016/j.neuroimage.2017.06.061). It wants other people before anybody relies on it."
)
PROGNOSIS = (
    "A prediction of who improves, whatever the arm, is a prognosis. It does not say who gains more from {first} than "
    "from {other}; that is asked by arm x prediction ({said})."
)

BASELINE = (
    "{outcome} before treatment is among the clinical features, and improvement is measured from it: who began worse "
    "improves more by regression to the mean alone. Clinical features predict that much of pure noise; look at what "
    "the brain adds."
)


def verdict(about: PredictionSidecar, rows: Sequence[TableRow]) -> Verdict:
    """Return what the assessment of one predictor allows to say.

    Parameters
    ----------
    rows : sequence of mapping
        One a set of features: clinical, brain, combined.
    """
    by = {row["features"]: row for row in rows}
    best, plain = by["combined"], by["clinical"]
    name = {"auc": "AUC", "r2": "R2"}[about.statistic]
    low, high = format_number(best["low"], 2), format_number(best["high"], 2)
    value = format_number(best[about.statistic], 2)
    good = f"{name} {value} (95 % limits {low} to {high}, {says_p(best['p_exchanged'])})"
    what = f"{WHAT[about.target]} {about.outcome}"
    head = f"There was no evidence that {what} can be predicted in held-out participants: {good}."
    if best["p_exchanged"] <= about.alpha:
        head = f"Exploratory: {what} was predicted in held-out participants better than chance, {good}."
    remarks = [_gain(about, best, plain)]
    if about.baseline in about.clinical:
        remarks.append(BASELINE.format(outcome=about.outcome))
    if len(about.arms) > 1:
        p = best.get("arm_interaction_p")
        said = says_p(p) if p is not None else "not known"
        remarks.append(PROGNOSIS.format(first=about.arms[0], other=about.arms[-1], said=said))
    if about.participants < FEW:
        remarks.append(SMALL.format(n=about.participants))
    return Verdict(head, False, (*remarks, *about.notes))


def _gain(about: PredictionSidecar, best: TableRow, plain: TableRow) -> str:
    """Say what the brain adds to what the clinic knows."""
    key = about.statistic
    gain = float(best[key]) - float(plain[key])
    return (
        f"What the clinic knows alone gives {format_number(plain[key], 2)}; with the brain it is "
        f"{format_number(abs(gain), 2)} {'more' if gain > 0 else 'less'} (no test of that difference)."
    )
