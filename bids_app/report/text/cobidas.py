"""The reporting checklist of COBIDAS (Nichols 2017, doi:10.1038/nn.4500), filled as far as the outputs know.

Items follow the report's sections in our own words. What a BIDS derivative does not tell, such as scanner and task
instructions, says `not reported`: someone who was there must fill it in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bids_app import __version__, plugs
from bids_app.dataset.layout import participants_in, scan_files
from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import Json, read_json, read_tsv
from bids_app.derivatives.files import write_table
from bids_app.derivatives.paths import group_files
from bids_app.report import html
from bids_app.report.messages import N_, _
from bids_app.report.text.wording import scheme_name, statistic_name
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.entities import parse

UNKNOWN = "not reported"
_RESULTS = ("_statmap.json", "_beh.json")


def write_checklist(output_dir: Path) -> None:
    """Write `logs/COBIDAS.tsv` and `logs/COBIDAS.html` from what is on disk."""
    known = _Known(output_dir)
    rows = list(_answers(known))
    said = [(section, item, answer or UNKNOWN) for section, item, answer in rows]
    columns = zip(("section", "item", "answer"), map(list, zip(*said, strict=True)), strict=True)
    write_table(output_dir / "logs" / "COBIDAS.tsv", dict(columns))
    values = {"rows": rows, "open": sum(not answer for _, _, answer in rows)}
    html.write_html(output_dir, "logs/COBIDAS.html", "cobidas.html", values, [])


@dataclass(frozen=True)
class _Known:
    """What lies on disk, each read once; empty where there is none."""

    root: Path

    @cached_property
    def settings(self) -> Json:
        path = self.root / "logs" / "settings.toml"
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    @cached_property
    def primary(self) -> ContrastSidecar | None:
        found = (read_sidecar(path, ContrastSidecar) for path in group_files(self.root, "*_statmap.json"))
        primary = [about for about in found if about.primary]
        return min(primary, key=lambda about: about.measure != "seed_correlation", default=None)

    @cached_property
    def flow(self) -> Mapping[str, list[str]]:
        path = next(iter(group_files(self.root, "*_flow.tsv")), None)
        return read_tsv(path) if path else {}

    def result(self, datatype: str) -> Json:
        """Return what the sidecars of one participant say of a modality, by the folder of its results."""
        for label in participants_in(self.root):
            files = (path for path in scan_files(self.root, label, datatype) if path.name.endswith(_RESULTS))
            if there := [about for path in files if "Cleaning" in (about := read_json(path))]:
                return {key: value for about in reversed(there) for key, value in about.items()}
        return {}

    def labels(self, entity: str) -> list[str]:
        """Return every label of an entity that the maps of people have."""
        files = (path for person in participants_in(self.root) for path in scan_files(self.root, person))
        return sorted({parse(path.name)[0].get(entity, "") for path in files} - {""})

    def inference(self, name: str) -> object:
        return self.settings.get("inference", {}).get(name)


Answers = Iterator[tuple[str, str, str]]
"""Section, item and answer."""


def _answers(known: _Known) -> Answers:
    """Yield the answers: of the design, of what each modality is asked for, of the analysis."""
    yield from _answered(_BEFORE, known)
    for name, options in known.settings.get("modalities", {}).items():
        modality = plugs.modality(name)
        items = modality.reporting_items(options, known.result(modality.datatype))
        yield from ((section, item, answer) for section, part in items.items() for item, answer in part.items())
    yield from _answered(_AFTER, known)


def _answered(sections: Mapping[str, Mapping[str, Callable[[_Known], str]]], known: _Known) -> Answers:
    return ((_(section), _(item), answer(known)) for section, part in sections.items() for item, answer in part.items())


def _nothing(_known: _Known) -> str:
    return ""


def _people(k: _Known) -> str:
    by_arm = k.primary.participants_by_arm if k.primary else {}
    said = ", ".join(f"{n} {arm}" for arm, n in by_arm.items())
    return _("%(n)d analysed (%(arms)s)", n=sum(by_arm.values()), arms=said) if by_arm else ""


def _lost(k: _Known) -> str:
    rows = list(zip(*(k.flow.get(name, []) for name in ("participant_id", "stage", "reason")), strict=True))
    return "; ".join(f"{who}: {why}" for who, stage, why in rows if stage != "analysed") or (_("none") if rows else "")


def _correction(k: _Known) -> str:
    if not k.primary:
        return ""
    return _("%(statistic)s; family: %(family)s, %(n)d members", statistic=statistic_name(k.primary),
             family=k.primary.family, n=k.primary.family_members)  # fmt: skip


def _relabelling(k: _Known) -> str:
    if not (a := k.primary):
        return ""
    return _("%(n)s %(scheme)s, random seed %(seed)s", n=f"{a.relabellings:,}", scheme=scheme_name(a.scheme),
             seed=a.random_seed)  # fmt: skip


_BEFORE: Mapping[str, Mapping[str, Callable[[_Known], str]]] = {
    N_("Experimental design"): {
        N_("Number of participants, by group"): _people,
        N_("Participants left out, and why"): _lost,
        N_("How participants were recruited, with criteria"): _nothing,
        N_("Ethics approval and trial registration"): _nothing,
        N_("How people were allocated to arms, and who was blind"): _nothing,
        N_("Treatments in each arm (STRICTA for acupuncture)"): _nothing,
        N_("Sample size: how it was decided"): _nothing,
        N_("Sessions"): lambda k: ", ".join(k.labels("ses") or k.labels("segment")),
        N_("Tasks"): lambda k: ", ".join(k.labels("task")),
        N_("Instructions, events and their timing"): _nothing,
    },
}

_AFTER: dict[str, dict[str, Callable[[_Known], str]]] = {
    N_("Statistical model and inference"): {
        N_("Measures"): lambda k: ", ".join(k.settings.get("dataset", {}).get("measures", [])),
        N_("Question of the primary contrast"): lambda k: k.primary.question if k.primary else "",
        N_("Sign convention"): lambda k: k.primary.sign if k.primary else "",
        N_("Design and covariates"): lambda k: _designs(k.settings),
        N_("Relabellings"): _relabelling,
        N_("Cluster-forming threshold"): lambda k: f"p = {k.primary.cluster_forming_p:g}" if k.primary else "",
        N_("Search region"): lambda k: _region(k.primary),
        N_("Statistic and multiple testing"): _correction,
        N_("Assumptions on variance"): lambda k: str(k.inference("variances") or ""),
    },
    N_("Results"): {
        N_("Every contrast tested, with its result"): lambda k: "group/*_clusters.tsv, group.html" if k.primary else "",
        N_("Effect sizes with intervals"): lambda k: (
            "group/*_stat-g*_statmap.nii.gz, *_clusters.tsv" if k.primary else ""
        ),
        N_("Unthresholded maps"): lambda k: "group/*_stat-t_statmap.nii.gz" if k.primary else "",
        N_("Quality by group"): lambda k: "group.html, sub-*/**/*_qc.tsv" if k.primary else "sub-*/**/*_qc.tsv",
    },
    N_("Data sharing and reproducibility"): {
        N_("Software of this analysis"): lambda k: f"deqi {__version__}",
        N_("Settings"): lambda k: "logs/settings.toml" if k.settings else "",
        N_("Where data and maps are shared"): _nothing,
        N_("Where code is shared"): _nothing,
    },
}


def _designs(settings: Json) -> str:
    found = settings.get("designs", {})
    return "; ".join(
        _("%(design)s, covariates: %(names)s", design=name, names=", ".join(o.get("covariates", [])) or _("none"))
        for name, o in found.items()
    )


def _region(about: ContrastSidecar | None) -> str:
    if not about:
        return ""
    return _("%(where)s, %(n)s voxels", where=", ".join(about.restricted_to) or _("the brain"), n=f"{about.voxels:,}")
