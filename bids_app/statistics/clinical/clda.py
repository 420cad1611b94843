"""Constrained longitudinal data analysis: whatever visits each participant has, with one mean before treatment.

Arms were drawn after the first visit, so that its mean is common to all. Who lacks a visit counts with the others; the
answer is unbiased where losses depend on what was seen (missing at random). With complete visits the difference is that
of the ANCOVA (Liang & Zeger 2000; Coffman 2016, doi:10.1136/bmjopen-2016-013096).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.statistics.clinical.ancova import ArmEstimate, OutcomeComparison, concluded
from bids_app.statistics.clinical.visits import Visits, require_unlike
from bids_app.statistics.permutation.linear_model import orthonormal, residual
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

Array = NDArray[np.float64]

STEPS, ENOUGH = 2000, 1e-10


def compare_visits(visits: Visits, endpoint: int, scheme: Rerandomisation) -> OutcomeComparison:
    """Compare two arms at one visit after treatment.

    The covariance of visits is unstructured and found by restricted maximum likelihood; standard errors allow for its
    being estimated (Kenward & Roger 1997, Biometrics 53:983-997), and degrees of freedom are those of an ANCOVA of
    participants seen at the endpoint. p is that of re-randomisation with the covariance that holds without any effect,
    and the limits are the differences at the endpoint that this test does not reject.

    Parameters
    ----------
    endpoint : int
        Its number among the visits, 1 or more.

    Raises
    ------
    WrongDataError
        If too few participants were seen, strata tell the arm, or two visits are the same.
    """
    # One basis of what is adjusted for: a covariate such as a date must not look like the constant.
    visits = replace(visits, nuisance=orthonormal(visits.nuisance))
    require_unlike(visits)
    df = int(visits.seen[:, endpoint].sum()) - orthonormal(visits.nuisance).shape[1] - 2
    if df < 1:
        raise WrongDataError(f"{df + 2} people more than columns were seen at the endpoint; at least 3 are needed.")
    design = visits.design(visits.arm)
    fit = _restricted_likelihood(visits, design)
    spread = _allowing_for_estimation(visits, design, fit.covariance, fit.spread)
    place = -(visits.values.shape[1] - 1) + endpoint - 1
    estimate = ArmEstimate(float(fit.estimates[place]), float(np.sqrt(spread[place, place])), df)

    labels = scheme.draw(0, scheme.total)
    near = _restricted_likelihood(visits, visits.design(None)).covariance

    def p(effect: float) -> float:
        values = visits.values.copy()
        values[:, endpoint] -= effect * visits.arm
        return _reached(replace(visits, values=values), endpoint, labels, near)

    return concluded(estimate, p, scheme.total)


@dataclass(frozen=True)
class _MixedFit:
    """The covariance of visits, the estimates, and their covariance."""

    covariance: Array
    estimates: Array
    spread: Array


def _restricted_likelihood(visits: Visits, design: Array, start: Array | None = None) -> _MixedFit:
    """Fit the covariance of visits and the estimates, by expectation and maximisation."""
    count = visits.values.shape[1]
    covariance = np.diag(np.nanvar(visits.values, axis=0) + 1e-12) if start is None else start
    for _ in range(STEPS):
        estimates, spread = _generalised_least_squares(visits, design, covariance)
        total = np.zeros((count, count))
        for seen, rows in _patterns(visits.seen):
            if not seen.any():
                total += len(rows) * covariance
                continue
            fill = covariance[:, seen] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
            left = visits.values[np.ix_(rows, seen)] - design[np.ix_(rows, seen)] @ estimates
            whole = left @ fill.T
            parts = fill @ design[np.ix_(rows, seen)]
            total += whole.T @ whole + np.einsum("nap,pq,nbq->ab", parts, spread, parts)
            total += len(rows) * (covariance - fill @ covariance[seen])
        new = total / len(visits.values)
        change = np.abs(new - covariance).max() / np.abs(new).max()
        covariance = new
        if change < ENOUGH:
            break
    estimates, spread = _generalised_least_squares(visits, design, covariance)
    return _MixedFit(covariance, estimates, spread)


def _generalised_least_squares(visits: Visits, design: Array, covariance: Array) -> tuple[Array, Array]:
    """Return estimates and their covariance for a known covariance of visits."""
    size = design.shape[2]
    information, product = np.zeros((size, size)), np.zeros(size)
    for seen, rows in _patterns(visits.seen):
        weight = np.linalg.inv(covariance[np.ix_(seen, seen)])
        own = design[np.ix_(rows, seen)]
        weighted = np.einsum("ab,nbp->nap", weight, own)
        information += np.einsum("nap,naq->pq", own, weighted)
        product += np.einsum("nap,na->p", weighted, visits.values[np.ix_(rows, seen)])
    if np.linalg.cond(information) > 1e14:
        raise WrongDataError("Arm is collinear with the strata or covariates at every visit. Leave some of them out.")
    spread = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return spread @ product, spread


def _allowing_for_estimation(visits: Visits, design: Array, covariance: Array, spread: Array) -> Array:
    """Return the covariance of estimates, enlarged because the covariance of visits is an estimate itself."""
    count, size = len(covariance), len(spread)
    pairs = list(zip(*np.tril_indices(count), strict=True))
    units = np.zeros((len(pairs), count, count))
    for unit, (a, b) in zip(units, pairs, strict=True):
        unit[a, b] = unit[b, a] = 1
    first = np.zeros((len(pairs), size, size))
    second = np.zeros((len(pairs), len(pairs), size, size))
    information = np.zeros((len(pairs), len(pairs)))
    for seen, rows in _patterns(visits.seen):
        weight = np.linalg.inv(covariance[np.ix_(seen, seen)])
        moved = weight @ units[:, seen][:, :, seen]
        own = design[np.ix_(rows, seen)]
        first -= np.einsum("nap,iab,bc,ncq->ipq", own, moved, weight, own, optimize=True)
        second += np.einsum("nap,iab,jbc,cd,ndq->ijpq", own, moved, moved, weight, own, optimize=True)
        information += len(rows) * np.einsum("iab,jba->ij", moved, moved)
    crossed = np.einsum("ipq,qr,jrs->ijps", first, spread, first, optimize=True)
    information -= 2 * np.einsum("ijpq,qp->ij", second, spread) - np.einsum("ijpq,qp->ij", crossed, spread)
    weights = np.linalg.pinv(information / 2, hermitian=True)
    more: Array = np.einsum("ij,ijpq->pq", weights, second - crossed)
    return spread + 2 * spread @ more @ spread


def _patterns(seen: NDArray[np.bool_]) -> list[tuple[NDArray[np.bool_], NDArray[np.intp]]]:
    """Return each pattern of visits that there are, and who has it."""
    kinds, which = np.unique(seen, axis=0, return_inverse=True)
    return [(kind, np.flatnonzero(which.ravel() == i)) for i, kind in enumerate(kinds)]


def _reached(visits: Visits, endpoint: int, labels: Array, near: Array) -> float:
    """Return the share of permutations whose statistic reaches the observed one.

    Without any effect labels do not matter, so the covariance is that of a model without arms, found from one that is
    `near`; each permutation is then a few inner products.
    """
    covariance = _restricted_likelihood(visits, visits.design(None), near).covariance
    rows, count = np.nonzero(visits.seen), visits.values.shape[1]
    whiten = np.zeros((len(visits.values), count, count))
    for seen, people in _patterns(visits.seen):
        root = np.linalg.cholesky(np.linalg.inv(covariance[np.ix_(seen, seen)])).T
        whiten[np.ix_(people, seen, seen)] = root
    flat = np.where(visits.seen, visits.values, 0.0)
    outcome = np.einsum("nab,nb->na", whiten, flat)[rows]
    basis = orthonormal(np.einsum("nab,nbp->nap", whiten, visits.design(None))[rows])
    # Column of one arm effect: the labels of participants, spread over their visits.
    carry = np.zeros((count - 1, len(outcome), len(visits.values)))
    for visit in range(1, count):
        carry[visit - 1, np.arange(len(outcome)), rows[0]] = whiten[rows[0], rows[1], visit]
    clean = np.stack([residual(one, basis) for one in carry])
    products = np.stack([labels @ (one.T @ outcome) for one in clean], axis=1)
    crossed = np.array(
        [[np.einsum("pn,nm,pm->p", labels, a.T @ b, labels, optimize=True) for b in clean] for a in carry]
    )
    inverse = np.linalg.pinv(np.moveaxis(crossed, 2, 0), hermitian=True)
    place = endpoint - 1
    statistic = np.abs(np.einsum("pk,pk->p", inverse[:, place], products)) / np.sqrt(inverse[:, place, place])
    # A permutation whose statistic is no number counts as reached: a missing statistic makes no p smaller.
    return float((~(statistic < statistic[0] * (1 - 1e-9))).mean())
