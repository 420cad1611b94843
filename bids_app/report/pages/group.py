"""The group page: the answer, who is in it, and every contrast with its maps and clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bids_app.dataset.derivatives_index import index_outputs
from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import read_json
from bids_app.derivatives.paths import TABLE_SUFFIXES, group_files
from bids_app.report import html, viewer
from bids_app.report.claims import preregistration
from bids_app.report.claims.maps import ClaimText, Finding, Verdict, held_against, in_steps, verdict
from bids_app.report.drawing.template import template
from bids_app.report.sections import multiverse, places
from bids_app.report.sections.brain_symptom import associations
from bids_app.report.sections.confirmatory import Confirmed, JudgedContrast, confirmed, section
from bids_app.report.sections.contrasts import Contrasts
from bids_app.report.sections.outcomes import outcomes
from bids_app.report.sections.participants import people
from bids_app.report.sections.predictions import predictions
from bids_app.report.sections.sensitivity import sensitivity
from bids_app.report.sections.spatial import regional
from bids_app.report.sections.treatment import treatment
from bids_app.report.text.wording import statistic_name
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.entities import companion, parse, without
from bids_app.vocabulary.preregistration import PlanStatus


def write_page(output_dir: Path) -> None:
    """Write `group.html` from what is on disk."""
    layout = index_outputs(output_dir / "group")
    flows = [Path(f.path) for f in layout.get(suffix="flow", extension=".tsv")]
    passed = confirmed(output_dir / "group")
    analyses = [analysis for flow in flows for analysis in _analyses(output_dir, flow, layout, passed)]
    views = _views([(contrast, seed) for a in analyses for contrast in a["contrasts"] for seed in contrast["seeds"]])
    below = {"0": viewer.background(*template())} if views else {}
    named = next((c["about"].labels for a in analyses for c in a["contrasts"]), "")
    atlas = viewer.labels(named, parse(flows[0].name)[0].get("space", "")) if views else None
    folder = output_dir / "group"
    told = (read_json(path).get("Plan") for path in group_files(output_dir, "*.json"))
    plans = [PlanStatus.from_json(one) for one in told if one]
    values = {
        "plan": preregistration.status(plans),
        "analyses": analyses, "viewer": viewer.content(below, views, atlas),
        "outcomes": outcomes(folder, passed), "confirmed": section(folder),
        "treatment": treatment(folder), "associations": associations(folder),
        "predictions": predictions(folder), "regional": regional(folder),
    }  # fmt: skip
    html.write_html(output_dir, "group.html", "group.html", values, [flow.with_suffix(".json") for flow in flows])


VIEWS = 60
"""Maps in the viewer up to which all are kept: at 2 mm each takes a sixth of a megabyte."""


def _views(maps: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return what can be opened: every map, or where there are too many, those of the claim and those that pass."""
    views = [(contrast["about"].primary or seed["passed"], seed.pop("view")) for contrast, seed in maps]
    return [view for matters, view in views if matters or len(views) <= VIEWS]


def _analyses(output_dir: Path, flow_path: Path, layout: Any, passed: Mapping[str, Confirmed]) -> list[dict[str, Any]]:
    """Return the analysis of each measure of one task and space; who is in it stands with the first."""
    entities, _, _ = parse(flow_path.name)
    sidecars = [Path(f.path) for f in layout.get(suffix="statmap", extension=".json")]
    by_measure: dict[str, list[Path]] = {}
    for path in sidecars:
        if _shared(path) == entities and path.parent == flow_path.parent:
            by_measure.setdefault(read_sidecar(path, ContrastSidecar).measure, []).append(path)
    order = sorted(by_measure, key=lambda name: (name != "seed_correlation", name))
    who = people(output_dir, flow_path)
    beside = [Path(f.path) for suffix in TABLE_SUFFIXES for f in layout.get(suffix=suffix, extension=".json")]
    own = [p for p in beside if without(_shared(p), "seg") == entities and p.parent == flow_path.parent]
    tables = places.sections(own, passed)
    maps = [
        {
            **who,
            **_answer(Contrasts(output_dir, by_measure[name], passed.get(name)), who["arms"], passed),
            "measure": name,
        }
        for name in order
    ]
    if not maps and tables:
        maps = [{**who, **_answer_of_tables(tables, who["arms"], passed), "measure": tables[0]["name"]}]
    table = companion(flow_path, "multiverse", ".tsv")
    last = {"tables": tables, "multiverse": multiverse.curves(table)}
    nothing: dict[str, object] = {"tables": [], "multiverse": None}
    return [
        {**analysis, "first": not i, **(last if i == len(maps) - 1 else nothing)} for i, analysis in enumerate(maps)
    ]


def _answer(contrasts: Contrasts, arms: tuple[str, ...], passed: Mapping[str, Confirmed]) -> dict[str, object]:
    found = [(label, about) for members in contrasts.by_name().values() for label, about in members.items()]
    return {
        "verdict": _verdict(found, arms, passed),
        "noun": contrasts.primary().noun,
        "design": contrasts.design(),
        "contrasts": contrasts.sections(),
        "sensitivity": sensitivity(contrasts.by_name(), contrasts.primary().alpha),
        "overlap": contrasts.overlap(),
    }


def _answer_of_tables(
    tables: list[dict[str, Any]], arms: tuple[str, ...], passed: Mapping[str, Confirmed]
) -> dict[str, object]:
    """Return the answer where there are tables of regions or networks alone."""
    found = [(table["name"], contrast["about"]) for table in tables for contrast in table["contrasts"]]
    answer = {"verdict": _verdict(found, arms, passed), "noun": tables[0]["noun"], "design": None}
    return {**answer, "contrasts": [], "sensitivity": None, "overlap": []}


def _shared(path: Path) -> dict[str, str]:
    """Return the entities that all results of one analysis have; a subset would let in another analysis."""
    return without(parse(path.name)[0], "seed", "meas", "contrast", "stat", "desc")


def _verdict(
    found: list[tuple[str, JudgedContrast]], arms: tuple[str, ...], passed: Mapping[str, Confirmed]
) -> Verdict:
    primary = next((about for _, about in found if about.primary), found[0][1])
    decision = passed.get(primary.measure)
    if decision and decision.waited_for:
        return held_against([_finding(*one) for one in found], decision.waited_for, primary.noun)
    if not (decision and decision.in_steps):
        return _of_contrast(found, primary.compared, arms, primary.participants_by_arm)
    pairs = sorted({about.compared for _, about in found if about.step == "pair"})
    pairs.sort(key=lambda pair: pair != primary.compared)
    every = next((about for _, about in found if about.step == "any"), None)
    if every is None:
        return held_against([_finding(*one) for one in found], ("all arms together",), primary.noun)
    people = every.participants_by_arm
    first, *others = (_of_contrast(found, arms_of, arms, people) for arms_of in (every.compared, *pairs))
    return in_steps(first, others)


def _of_contrast(
    found: list[tuple[str, JudgedContrast]],
    compared: Sequence[str],
    arms: tuple[str, ...],
    people: Mapping[str, int],
) -> Verdict:
    """Return what one confirmatory contrast allows to say: the primary one, or a step of three arms or more."""
    own = [one for one in found if _confirms(one[1]) and one[1].compared == tuple(compared)]
    findings = [replace(_finding(*one), primary=any(one is other for other in own)) for one in found]
    about = own[0][1] if own else found[0][1]
    where = f"the small volume ({', '.join(about.restricted_to)})" if about.restricted_to else "the brain"
    several = "seeds" if about.measure == "seed_correlation" else "maps"
    return verdict(
        findings, arms, about.alpha, about.smallest_possible_p, min(people.values()),
        ClaimText(
            found=about.found, absent=about.absent, compares=about.compared, noun=about.noun,
            definite=about.definite, members=several, statistic=statistic_name(about), where=where,
            alike=_alike(own) or _alike([one for one in found if one[1].primary]),
        ),
    )  # fmt: skip


def _confirms(about: JudgedContrast) -> bool:
    return bool(about.primary or about.step)


def _alike(own: Sequence[tuple[str, JudgedContrast]]) -> str:
    """Say whether arms were shown to be alike within a declared margin; nothing where none was declared."""
    tested = {label: about.equivalence for label, about in own if about.equivalence}
    if not tested:
        return ""
    first = next(iter(tested.values()))
    within = f"Alike within ±{first.margin:g} {first.units}"
    share = max(one.share_shown for one in tested.values())
    where = f"shown in up to {100 * share:.0f} % of a map" if share else "not shown at any place"
    said = [f"{within}: {where} (two one-sided tests, corrected over the map)."]
    for label, one in tested.items():
        if regions := [(region.region, region.shown) for region in one.regions]:
            each = ", ".join(f"{name} {'shown' if shown else 'not shown'}" for name, shown in regions)
            said.append(f"Means of declared regions alike within it, {label}: {each} (corrected over the regions).")
    return " ".join(said)


def _finding(label: str, about: JudgedContrast) -> Finding:
    why, variances = about.robust and about.robust.absent, about.variance_of_arms
    return Finding(
        label=label, p=about.p_held, arm=about.arm if about.change else "", primary=about.primary,
        robust=about.p_robust_held, why=why or "", unreliable=bool(variances and variances.unreliable),
    )  # fmt: skip
