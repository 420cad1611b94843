"""Links of a framework over studies and modalities: who looked, which sign they found, in how many it is at least."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from bids_app.errors import UsageError, WrongDataError
from bids_app.statistics.pathways.convergence import agreement
from bids_app.statistics.permutation.corrections import holm
from bids_app.statistics.synthesis.pooling import pool
from bids_app.vocabulary.links import LinkEvidence, LinkRow, LinkSynthesis, link_of
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.studies import Studies, opposite
from bids_app.vocabulary.synthesis import Columns, Subject, SynthesisRequest, SynthesisResult
from bids_app.vocabulary.synthesis_sidecars import StudyUse


@dataclass(frozen=True)
class Options:
    """Options of `[syntheses.links]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    links: Annotated[
        tuple[str, ...], Doc('Links of the framework, such as "needle -> PAG": those that none studied are shown too.')
    ] = ()
    at_least: Annotated[int, Ge(2), Doc("In so many studies a link must be to be counted as found again.")] = 2


ASKS = "links"

METHODS = (
    "Links of the framework were brought together over studies by their signs (two-sided sign test), and by the "
    "partial conjunction of their p [@Benjamini2008]: whether a link is in at least so many studies, in one direction. "
    "Sizes were pooled within one modality, contrast and scale, with random effects and limits of Hartung and Knapp "
    "[@Hartung2001]."
)


def subjects(studies: Studies, options: Options) -> tuple[Subject, ...]:
    """Return the framework, if anything is told of its links."""
    return (Subject("Links of the framework", "framework"),) if studies.links or options.links else ()


def synthesise(request: SynthesisRequest, options: Options) -> SynthesisResult:
    """Bring together what studies say of each link.

    Raises
    ------
    UsageError
        If a link of the options is none.
    WrongDataError
        If participants count twice, or a contrast stands in both directions.
    """
    for one in options.links:
        if not link_of(one):
            raise UsageError(f"syntheses.links.links: {one!r} is no link; expected two ends, such as needle -> PAG.")
    declared = list({one.casefold(): one for one in map(link_of, reversed(options.links))}.values())[::-1]
    evidence = _in_one_spelling(request.studies.links, declared)
    links = tuple(dict.fromkeys([*declared, *(one.link for one in evidence)]))
    modalities = tuple(dict.fromkeys(one.modality for one in evidence))
    rows: list[LinkRow] = []
    for link in links:
        rows += _of_link(link, [one for one in evidence if one.link == link], modalities, options, request)
    rows = _corrected(rows)
    used = {one.study for one in evidence}
    about = LinkSynthesis(
        title=request.subject.title, notes=_reversed(links), links=links, modalities=modalities, rows=tuple(rows),
        at_least=options.at_least, alpha=request.inference.alpha,
        use=tuple(
            StudyUse(study=name, used=name in used, reason="" if name in used else "tells nothing of a link")
            for name in request.studies.studies
        ),
    )  # fmt: skip
    return SynthesisResult(about=about, tables={"convergence": _columns(rows)})


def _in_one_spelling(evidence: Sequence[LinkEvidence], links: Sequence[str]) -> list[LinkEvidence]:
    """Return evidence with links and modalities as they are first written: case does not tell them apart."""
    first: dict[str, str] = {}
    for word in (*links, *(one.link for one in evidence), *(one.modality for one in evidence)):
        first.setdefault(word.casefold(), word)
    return [replace(one, link=first[one.link.casefold()], modality=first[one.modality.casefold()]) for one in evidence]


def _reversed(links: Sequence[str]) -> tuple[str, ...]:
    """Return which links stand in both directions: a correlation has none."""
    pairs = [tuple(one.split(" → ")) for one in links]
    return tuple(
        f"{a} → {b} and {b} → {a} are two links here; a correlation is of both." for a, b in pairs
        if (b, a) in pairs and a < b
    )  # fmt: skip


def _of_link(
    link: str, evidence: Sequence[LinkEvidence], modalities: Sequence[str], options: Options, request: SynthesisRequest
) -> Iterator[LinkRow]:
    """Yield a row for each modality and contrast, for modalities that none looked at, and for all of a contrast."""
    alpha = request.inference.alpha
    _require_one_direction(link, tuple(dict.fromkeys(one.contrast for one in evidence)))
    for modality in modalities:
        own = [one for one in evidence if one.modality == modality]
        contrasts = tuple(dict.fromkeys(one.contrast for one in own))
        for contrast in contrasts or ("",):
            group = [one for one in own if one.contrast == contrast]
            _require_different_people(group)
            yield _row(link, modality, contrast, group, options.at_least, alpha)
    if not modalities:
        yield _row(link, "", "", [], options.at_least, alpha)
    for contrast in dict.fromkeys(one.contrast for one in evidence):
        group = [one for one in evidence if one.contrast == contrast]
        if len({one.modality for one in group}) > 1:
            yield _row(link, "", contrast, group, options.at_least, alpha)


def _require_one_direction(link: str, contrasts: Sequence[str]) -> None:
    for contrast in contrasts:
        if ">" in contrast and opposite(contrast) in contrasts:
            raise WrongDataError(
                f"links.tsv: {link} stands as {contrast} and as {opposite(contrast)}. Write all of them "
                "as one, and turn the sign of the others."
            )


def _require_different_people(group: Sequence[LinkEvidence]) -> None:
    for sample, count in Counter(one.sample for one in group).items():
        if count > 1:
            own = [one for one in group if one.sample == sample]
            told = ", ".join(f"{one.study} ({one.where})" for one in own)
            raise WrongDataError(
                f"links.tsv: participants are the same in {told}. They count once for {own[0].link} "
                f"({own[0].modality}, {own[0].contrast}): keep one row."
            )


def _row(
    link: str, modality: str, contrast: str, group: Sequence[LinkEvidence], at_least: int, alpha: float
) -> LinkRow:  # fmt: skip
    """Return what sources say together. One sample with several modalities counts once by sign, where they agree."""
    by_sample: dict[str, list[LinkEvidence]] = {}
    for one in group:
        by_sample.setdefault(one.sample, []).append(one)
    signs, p = [], []
    for own in by_sample.values():
        alike = {one.sign for one in own}
        signs.append(alike.pop() if len(alike) == 1 else 0)
        known = [one.p for one in own if np.isfinite(one.p)]
        p.append(min(1.0, len(own) * min(known)) if known else float("nan"))  # Bonferroni over modalities
    told = agreement(signs, p, at_least=at_least, alpha=alpha)
    row = LinkRow(
        link=link, modality=modality, contrast=contrast, names=tuple(dict.fromkeys(one.study for one in group)),
        studies=len(signs), positive=told.positive, negative=told.negative, p_signs=_known(told.p_signs),
        p_at_least=_known(told.p_at_least), p_holm=None, sources=told.sources,
    )  # fmt: skip
    return _with_size(row, group) if modality else row


def _with_size(row: LinkRow, group: Sequence[LinkEvidence]) -> LinkRow:
    """Return a row with the pooled size of three sources or more that tell one, if all are on one scale.

    Two cannot tell how effects vary, and a common effect is not what they are pooled for.
    """
    sized = [one for one in group if one.scale]
    scales = {one.scale for one in sized}
    if len(sized) < 3 or len(scales) > 1:
        return row
    y, v = (np.array([[getattr(one, name)] for one in sized]) for name in ("effect", "variance"))
    found = pool(y, v, "REML", conservative=True)
    tau2, numbers = float(found.tau2[0]), [float(found.effect[0]), *(float(end) for end in found.limits()[:, 0])]
    if scales == {"r"}:
        numbers = [float(np.tanh(value)) for value in numbers]
    effect, lower, upper = numbers
    return replace(row, scale=sized[0].scale, pooled=len(sized), effect=effect, lower=lower, upper=upper, tau2=tau2)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _corrected(rows: Sequence[LinkRow]) -> list[LinkRow]:
    """Return rows with p of the partial conjunction corrected over all of them."""
    tested = [i for i, row in enumerate(rows) if row.p_at_least is not None]
    adjusted = dict(zip(tested, holm([float(rows[i].p_at_least or 0) for i in tested]), strict=True)) if tested else {}
    return [replace(row, p_holm=float(adjusted[i])) if i in adjusted else row for i, row in enumerate(rows)]


def _columns(rows: Sequence[LinkRow]) -> Columns:
    names = {"names": "studies_named"}
    found: dict[str, Sequence[object]] = {}
    for name in LinkRow.__dataclass_fields__:
        values = [getattr(row, name) for row in rows]
        found[names.get(name, name)] = ["; ".join(value) if isinstance(value, tuple) else value for value in values]
    return {
        **found, "modality": [row.modality or "all" for row in rows],
        "note": ["" if row.studies else "not studied" for row in rows],
    }  # fmt: skip
