"""What may be said of predictions: how good they are in held-out participants, and that to predict is not to treat."""

from __future__ import annotations

from collections.abc import Sequence

from bids_app.dataset.tables import TableRow
from bids_app.report.claims.maps import Verdict
from bids_app.report.formats import format_number, says_p
from bids_app.report.messages import N_, _
from bids_app.vocabulary.sidecars import PredictionSidecar

SHOWN = {
    "responder": N_(
        "Exploratory: who responds in %(outcome)s was predicted in held-out participants better than chance, %(good)s."
    ),
    "improvement": N_(
        "Exploratory: how much people improve in %(outcome)s was predicted in held-out participants better than "
        "chance, %(good)s."
    ),
}
NOT_SHOWN = {
    "responder": N_(
        "There was no evidence that who responds in %(outcome)s can be predicted in held-out participants: %(good)s."
    ),
    "improvement": N_(
        "There was no evidence that how much people improve in %(outcome)s can be predicted in held-out participants: "
        "%(good)s."
    ),
}
"""Sentences by what is predicted."""

FEW = 100
"""People below whom cross-validated accuracies scatter by ten points and more."""

SMALL = N_(
    "%(n)s people: with fewer than 100, cross-validated accuracies scatter by about ten points either way "
    "(Varoquaux 2018, doi:10.1016/j.neuroimage.2017.06.061). It wants other people before anybody relies on it."
)
PROGNOSIS = N_(
    "A prediction of who improves, whatever the arm, is a prognosis. It does not say who gains more from %(first)s "
    "than from %(other)s; that is asked by arm x prediction (%(said)s)."
)

BASELINE = N_(
    "%(outcome)s before treatment is among the clinical features, and improvement is measured from it: who began worse "
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
    good = _(
        "%(name)s %(value)s (95 %% limits %(low)s to %(high)s, %(p)s)",
        name={"auc": "AUC", "r2": "R2"}[about.statistic],
        value=format_number(best[about.statistic], 2), low=format_number(best["low"], 2),
        high=format_number(best["high"], 2), p=says_p(best["p_exchanged"]),
    )  # fmt: skip
    sentences = SHOWN if best["p_exchanged"] <= about.alpha else NOT_SHOWN
    head = _(sentences[about.target], outcome=about.outcome, good=good)
    remarks = [_gain(about, best, plain)]
    if about.baseline in about.clinical:
        remarks.append(_(BASELINE, outcome=about.outcome))
    if len(about.arms) > 1:
        p = best.get("arm_interaction_p")
        said = says_p(p) if p is not None else _("not known")
        remarks.append(_(PROGNOSIS, first=about.arms[0], other=about.arms[-1], said=said))
    if about.participants < FEW:
        remarks.append(_(SMALL, n=about.participants))
    return Verdict(head, False, (*remarks, *about.notes))


def _gain(about: PredictionSidecar, best: TableRow, plain: TableRow) -> str:
    """Say what the brain adds to what the clinic knows."""
    key = about.statistic
    gain = float(best[key]) - float(plain[key])
    said = {"alone": format_number(plain[key], 2), "gain": format_number(abs(gain), 2)}
    if gain > 0:
        return _("What the clinic knows alone gives %(alone)s; with the brain it is %(gain)s more (no test of that "
                 "difference).", **said)  # fmt: skip
    return _("What the clinic knows alone gives %(alone)s; with the brain it is %(gain)s less (no test of that "
             "difference).", **said)  # fmt: skip
