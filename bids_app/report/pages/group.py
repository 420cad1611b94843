"""The pages of the group level: the answers on two sides, and what stands behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bids_app.derivatives.files import write_json
from bids_app.report import html, viewer
from bids_app.report.assets import Assets
from bids_app.report.drawing.template import template
from bids_app.report.messages import _
from bids_app.report.results import Analysis, GroupResults
from bids_app.report.sections.summary import TrialSummary, measure_title
from bids_app.report.spec import GROUP_PAGES, Link, Page
from bids_app.vocabulary.entities import parse


def write_pages(output_dir: Path, *, self_contained: bool = False) -> None:
    """Write `group.html` and the pages behind it from what is on disk; pages of what is gone are removed.

    Parameters
    ----------
    self_contained : bool
        True keeps pictures, maps and the viewer in the pages themselves.
    """
    results = GroupResults(output_dir)
    assets = Assets(output_dir, self_contained=self_contained)
    by_page: dict[str, list[Analysis]] = {}
    for analysis in results.analyses:
        by_page.setdefault(analysis.page, []).append(analysis)
    filled = {page.name: page.values(results) for page in GROUP_PAGES}
    links = [Link(name="group.html", title=_("Answers"))]
    links += [Link(name=name, title=measure_title(own[0].measure)) for name, own in by_page.items()]
    links += [Link(name=page.name, title=_(page.title)) for page in GROUP_PAGES if filled[page.name]]
    for name, own in by_page.items():
        values = {"analyses": own, "title": measure_title(own[0].measure), "viewer": _viewer(results, own, assets)}
        _write(results, name, "measure.html", {**values, "links": links}, inside=self_contained)
    for page in GROUP_PAGES:
        if filled[page.name]:
            more = {"title": _(page.title), "sections": _sections(page, filled[page.name]), "links": links}
            _write(results, page.name, "sections.html", {**filled[page.name], **more}, inside=self_contained)
    summary = TrialSummary(results)
    _write(results, "group.html", "group.html", {"summary": summary, "results": results, "links": links}, inside=True)
    _keep_answers(output_dir, summary)
    _remove_others(output_dir, (link.name for link in links))


def _sections(page: Page, filled: Mapping[str, object]) -> list[str]:
    return [section.template for section in page.sections if section.name in filled]


def _write(results: GroupResults, name: str, template_name: str, values: Mapping[str, object], *, inside: bool) -> None:
    sidecars = [flow.with_suffix(".json") for flow in results.flows]
    html.write_html(results.root, name, template_name, values, sidecars, self_contained=inside)


def _keep_answers(output_dir: Path, summary: TrialSummary) -> None:
    """Keep the primary answers for the page that opens first."""
    said = [
        {"Kind": one.kind, "Title": one.title, "Page": one.page, "Sentence": one.verdict.sentence,
         "Positive": one.verdict.positive}
        for one in summary.cards
    ]  # fmt: skip
    write_json(output_dir / "logs" / "answers.json", {"Answers": said})


def _remove_others(output_dir: Path, written: Iterable[str]) -> None:
    """Remove pages of measures and parts that the results on disk do not have any more."""
    kept = set(written)
    for path in output_dir.glob("group-*.html"):
        if path.name not in kept:
            path.unlink()


def _viewer(results: GroupResults, own: list[Analysis], assets: Assets) -> dict[str, object] | None:
    views = [seed.view for one in own for contrast in one.contrasts for seed in contrast.seeds]
    if not views:
        return None
    named = own[0].contrasts[0].about.labels
    atlas = viewer.labels(named, parse(results.flows[0].name)[0].get("space", ""))
    return viewer.content({"0": viewer.background(*template())}, views, assets, atlas)
