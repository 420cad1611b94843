"""Effects on an outcome, pooled over trials: standardised differences, differences of means, ratios of risks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from bids_app.errors import WrongDataError
from bids_app.statistics.synthesis.pooling import Pooled, pool, tau2_limits, without_each
from bids_app.statistics.synthesis.reported_effects import TrialEffect, trial_effects
from bids_app.statistics.synthesis.small_studies import LEAST, egger, trim_and_fill
from bids_app.syntheses import _moderators
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.studies import ReportedEffect, Studies
from bids_app.vocabulary.synthesis import Columns, Subject, SynthesisRequest, SynthesisResult
from bids_app.vocabulary.synthesis_sidecars import OutcomeSynthesis, PooledEffect, StudyUse


@dataclass(frozen=True)
class Options:
    """Options of `[syntheses.outcomes]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    estimator: Annotated[
        Literal["FE", "DL", "HE", "PM", "REML", "ML"],
        Doc("Estimator of the variance between studies; FE: one effect common to all."),
    ] = "REML"
    scale: Annotated[
        Literal["SMD", "MD"], Doc("Of means: standardised (Hedges' g), or in the unit that all studies share.")
    ] = "SMD"
    moderators: _moderators.Moderators = ()
    least: Annotated[
        int, Ge(3), Doc("Studies from which on something may be claimed; with fewer one common effect is shown too.")
    ] = 5
    conservative: Annotated[
        bool, Doc("Never let Hartung and Knapp's limits be narrower than those of 1 / sum of weights.")
    ] = False


ASKS = "effects"

METHODS = (
    "Effects on outcomes were pooled over trials with random effects and limits of Hartung and Knapp "
    "[@Hartung2001]; heterogeneity is told as tau² and I² [@Higgins2002], and as the interval in which the effect "
    "of a further trial is expected [@Higgins2009]."
)

_FEW = "Two studies cannot tell how effects vary: one effect common to both is pooled, and nothing is claimed."
_SOME = "With so few studies both are shown, one common effect and random effects, and nothing is claimed."


def subjects(studies: Studies, _: Options) -> tuple[Subject, ...]:
    """Return each outcome, at each time, against each comparator, as it was told.

    Endpoints and changes are not mixed; given effects (g, v) are taken with endpoints.
    """
    return tuple(dict.fromkeys(_subject(row) for row in studies.effects))


def _subject(row: ReportedEffect) -> Subject:
    told = {"change": "change", "events": "events"}.get(row.form, "")
    about = ", ".join(filter(None, (row.time, told)))
    title = f"{row.outcome}{f' ({about})' if about else ''}{f' against {row.comparator}' if row.comparator else ''}"
    return Subject(title, as_label(" ".join(filter(None, (row.outcome, row.time, told, "vs", row.comparator)))))


def synthesise(request: SynthesisRequest, options: Options) -> SynthesisResult:
    """Pool the effects of one outcome.

    Raises
    ------
    WrongDataError
        If rows of a study cannot be joined, or some rows alone tell what is better.
    """
    rows = [row for row in request.studies.effects if _subject(row) == request.subject]
    scale = "logRR" if rows[0].form == "events" else options.scale
    _require_alike(rows, scale)
    _require_different_people(rows, request.studies)
    try:
        trials = trial_effects(rows, scale)
    except ValueError as error:
        raise WrongDataError(f"effects.tsv: {error}") from error
    y, v = (np.array([[getattr(one, name)] for one in trials]) for name in ("effect", "variance"))
    found = _estimates(y, v, options)
    notes = _notes(rows, trials, options.least)
    told = None if len(trials) < 3 else tau2_limits(y[:, 0], v[:, 0])
    unlike = len(trials) >= LEAST and bool(np.ptp(v) > 1e-9 * v.max())  # errors that are all alike have no slope
    asymmetry = egger(y[:, 0], v[:, 0]).p if unlike else None
    about = OutcomeSynthesis(
        title=request.subject.title, outcome=rows[0].outcome, time=rows[0].time, comparator=rows[0].comparator,
        form=rows[0].form, scale=scale, turned=bool(rows[0].lower_is_better),
        favours_arm=rows[0].lower_is_better is not None, alpha=request.inference.alpha,
        studies=len(trials), participants=_participants(trials),
        pooled=tuple(_told(one, found, options) for one in found),
        tau2_limits=told, egger_p=asymmetry, filled=_filled(y, v, found[-1].estimator) if unlike else None, notes=notes,
        use=_use(request.studies, trials), with_maps=request.studies.with_maps([one.study for one in trials]),
    )  # fmt: skip
    warnings: tuple[str, ...] = ()
    tables = {"effects": _effects(trials, found[-1]), "pooled": _rows(about.pooled)}
    if len(trials) > 2:
        tables["leaveoneout"] = _left_out(trials, y, v, found[-1].estimator)
    if options.moderators:
        regression, said = _regression(request.studies, trials, options)
        tables |= {"regression": regression} if regression else {}
        warnings = (*warnings, *said)
    return SynthesisResult(about=about, tables=tables, warnings=warnings)


def _regression(studies: Studies, trials: Sequence[TrialEffect], options: Options) -> tuple[Columns, tuple[str, ...]]:
    """Return how effects are associated with columns of studies, each coefficient given the others, or why not."""
    names = options.moderators
    columns = _moderators.columns_of(studies, [one.study for one in trials], names, "syntheses.outcomes.moderators")
    y, v = (np.array([[getattr(one, name)] for one in trials]) for name in ("effect", "variance"))
    found = _moderators.regressed(y, v, columns, names, options.estimator)
    if isinstance(found, str):
        return {}, (found,)
    low, high = found.limits()[..., 0]
    df, count = int(found.df[0]), len(low)
    return {
        "column": ["intercept", *names], "coefficient": [*found.coefficients[:, 0]], "error": [*found.errors[:, 0]],
        "lower": [*low], "upper": [*high], "p": [*found.p[:, 0]], "df": [df] * count, "studies": [df + count] * count,
        "tau2": [found.tau2[0]] * count, "r2": [found.r2[0]] * count,
    }, ()  # fmt: skip


def _require_different_people(rows: Sequence[ReportedEffect], studies: Studies) -> None:
    lines: dict[str, dict[str, str]] = {}
    for row in rows:
        lines.setdefault(studies.studies[row.study].sample, {}).setdefault(row.study, f"{row.study} (line {row.line})")
    if twice := [", ".join(who.values()) for who in lines.values() if len(who) > 1]:
        raise WrongDataError(
            f"effects.tsv: participants are the same (sample_id) in {'; '.join(twice)}. Each counts once in "
            f"{rows[0].outcome}: keep one row, or tell them apart by time."
        )


def _require_alike(rows: Sequence[ReportedEffect], scale: str) -> None:
    told = {row.lower_is_better is not None for row in rows}
    if len(told) > 1:
        lines = ", ".join(str(row.line) for row in rows if row.lower_is_better is None)
        raise WrongDataError(
            f"effects.tsv, line {lines}: direction is not told, and others of {rows[0].outcome} tell it. Write lower "
            "or higher (what is better) in all of them, or in none."
        )
    if scale == "MD" and any(row.form == "g" for row in rows):
        raise WrongDataError(
            f"effects.tsv: {rows[0].outcome} has rows of g and v, which have no unit; with syntheses.outcomes.scale = "
            '"MD" every study needs means. Leave them out, or use "SMD".'
        )


def _estimates(y: np.ndarray, v: np.ndarray, options: Options) -> list[Pooled]:
    """Return what is told, that which decides last: with few studies one common effect too."""
    if len(y) < 3:
        return [pool(y, v, "FE")]
    chosen = pool(y, v, options.estimator, conservative=options.conservative)
    common = pool(y, v, "FE")
    beside = len(y) < options.least or bool(chosen.error[0] < common.error[0])
    return [common, chosen] if beside and options.estimator != "FE" else [chosen]


def _told(one: Pooled, found: Sequence[Pooled], options: Options) -> PooledEffect:
    """Return an effect as it is told. One common effect is claimed by no one: its level holds where none vary."""
    low, high = one.limits()[:, 0]
    before, after = one.prediction()[:, 0]
    k = int(one.k[0])
    return PooledEffect(
        estimator=one.estimator, k=k, effect=float(one.effect[0]), error=float(one.error[0]), lower=float(low),
        upper=float(high), p=_known(one.p[0]),
        tau2=float(one.tau2[0]), q=float(one.q[0]), q_p=_known(one.q_p[0]),
        i2=_known(one.i2[0]), prediction_lower=_known(before), prediction_upper=_known(after),
        claimed=k >= max(3, options.least) and one is found[-1] and not one.fixed,
    )  # fmt: skip


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _participants(trials: Sequence[TrialEffect]) -> float | None:
    return _known(sum(one.n + one.n_comparator for one in trials))


def _filled(y: np.ndarray, v: np.ndarray, estimator: str) -> dict[str, object]:
    found = trim_and_fill(y[:, 0], v[:, 0], estimator)
    with_them = pool(found.effects[:, None], found.variances[:, None], estimator)
    return {"missing": found.missing, "side": found.side, "effect": float(with_them.effect[0])}


def _notes(rows: Sequence[ReportedEffect], trials: Sequence[TrialEffect], least: int) -> tuple[str, ...]:
    notes = []
    if rows[0].lower_is_better is None:
        notes.append("No direction is told: positive effects are larger values in the arm, better or not.")
    if joined := [one.study for one in trials if one.joined > 1]:
        notes.append(f"Arms that share their comparator were joined to one effect: {', '.join(joined)}.")
    if corrected := [one.study for one in trials if one.corrected]:
        notes.append(f"0.5 was added to every cell, for one was empty: {', '.join(corrected)}.")
    if len(trials) == 2:
        notes.append(_FEW)
    if 2 < len(trials) < least:
        notes.append(_SOME)
    if len(arms := dict.fromkeys(one.arm for one in trials)) > 1:
        notes.append(f"Arms differ between studies and are pooled as one: {', '.join(filter(None, arms))}.")
    if {row.form for row in rows} == {"g", "endpoint"}:
        notes.append("Effects given as g and v were pooled with those computed from means at the endpoint.")
    return tuple(notes)


def _use(studies: Studies, trials: Sequence[TrialEffect]) -> tuple[StudyUse, ...]:
    used = {one.study for one in trials}
    without = "tells nothing of this outcome and comparator"
    return tuple(
        StudyUse(study=name, used=name in used, reason="" if name in used else without) for name in studies.studies
    )


def _effects(trials: Sequence[TrialEffect], pooled: Pooled) -> Columns:
    weight = np.array([1 / (one.variance + pooled.tau2[0]) for one in trials])
    reach = 1.959963984540054 * np.sqrt([one.variance for one in trials])
    effects = np.array([one.effect for one in trials])
    return {
        "study_id": [one.study for one in trials], "arm": [one.arm for one in trials],
        "comparator": [one.comparator for one in trials], "n": [one.n for one in trials],
        "n_comparator": [one.n_comparator for one in trials], "effect": [*effects],
        "variance": [one.variance for one in trials], "lower": [*(effects - reach)], "upper": [*(effects + reach)],
        "weight_percent": [*(100 * weight / weight.sum())],
    }  # fmt: skip


def _rows(pooled: Sequence[PooledEffect]) -> Columns:
    names = list(PooledEffect.__dataclass_fields__)
    return {name: [getattr(one, name) for one in pooled] for name in names}


def _left_out(trials: Sequence[TrialEffect], y: np.ndarray, v: np.ndarray, estimator: str) -> Columns:
    found = without_each(y, v, estimator)
    limits = [one.limits()[:, 0] for one in found]
    return {
        "left_out": [one.study for one in trials], "effect": [float(one.effect[0]) for one in found],
        "lower": [float(low) for low, _ in limits], "upper": [float(high) for _, high in limits],
        "p": [float(one.p[0]) for one in found], "tau2": [float(one.tau2[0]) for one in found],
    }  # fmt: skip
