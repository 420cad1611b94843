"""Writes the pages of the reference from the code: options, settings, outputs, presets and errors."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bids_app import cli, errors, plugs, settings
from bids_app.dataset import presets
from bids_app.derivatives.cluster_tables import CLUSTER_COLUMNS
from bids_app.derivatives.contrast_sidecar import STATISTICS_TEXT
from bids_app.derivatives.fmri_session import FRAMES
from bids_app.derivatives.participant import FIRST, LAST
from bids_app.derivatives.trial import LINES
from bids_app.spatial.result_columns import COLUMNS, TABLES
from bids_app.vocabulary.options.dataset import Dataset
from bids_app.vocabulary.options.describe import describe
from bids_app.vocabulary.options.segments import SegmentOptions
from bids_app.vocabulary.outcome import OutcomeOptions

MADE = "*Made from the code; do not edit.*\n"


def write_all(folder: Path) -> None:
    """Write every page into a folder."""
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text("\n".join([*page(), ""]), encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a Markdown table."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def command_line() -> Iterator[str]:
    """Yield the options of the command, group by group."""
    parser = cli.parser()
    yield from ("# Command line", "", MADE, f"`{parser.usage}`", "")
    for group in parser._action_groups:  # noqa: SLF001  (argparse has no other way to its groups)
        actions = [a for a in group._group_actions if a.help != argparse.SUPPRESS]  # noqa: SLF001
        if actions:
            title = str(group.title)
            yield from (f"## {title[:1].upper()}{title[1:]}", "")
            yield from table(("option", "what it does"), ((_spelt(action), str(action.help)) for action in actions))


def _spelt(action: argparse.Action) -> str:
    value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
    value = " ".join(value) if isinstance(value, tuple) else value
    names = ", ".join(f"`{name}`" for name in action.option_strings)
    return (
        f"{names} {value}".strip() if names else f"`{value if action.choices is None else '{participant,group,meta}'}`"
    )


def all_settings() -> Iterator[str]:
    """Yield every option of every table, those of plugs among them."""
    yield from ("# Settings", "", MADE)
    yield "Tables of `analysis.toml`; each option can also be given as `--set TABLE.KEY=VALUE`."
    yield "`deqi BIDS_DIR --init-config analysis.toml` writes them for your dataset."
    yield ""
    tables: dict[str, type[Any]] = {
        "dataset": Dataset,
        **settings.GENERAL,
        "segments.NAME": SegmentOptions,
        "outcomes.NAME": OutcomeOptions,
    }
    for kind in ("modalities", "measures", "designs", "associations", "predictors", "syntheses"):
        tables |= {f"{kind}.{name}": plugs.load(kind, name).options for name in plugs.names(kind)}
    for name, options in tables.items():
        yield from (f"## `[{name}]`", "")
        rows = ((f"`{o.name}`", f"`{o.default!r}`", o.doc.text, o.doc.unit) for o in describe(options))
        yield from table(("option", "default", "meaning", "unit"), rows)


def outputs() -> Iterator[str]:
    """Yield the files of both levels and the columns of their tables."""
    yield from ("# Outputs", "", MADE)
    yield NAMES
    yield from ("", "## Of each session, by measure", "")
    made = [(name, output) for name in plugs.names("measures") for output in plugs.measure(name).outputs]
    rows = ((f"`{name}`", f"`{_ending(o)}`", o.description, o.units) for name, o in made)
    yield from table(("measure", "end of the name", "what it is", "units"), rows)
    yield from ("## Quality of a session: `desc-fc_qc.tsv`", "")
    yield from table(
        ("column", "meaning"), ((f"`{k}`", v) for k, v in {**FIRST, **plugs.modality("fmri").quality, **LAST}.items())
    )
    yield from ("## Frames of a run: `desc-denoised_outliers.tsv`", "")
    yield from table(("column", "meaning"), ((f"`{k}`", str(v["Description"])) for k, v in FRAMES.items()))
    yield from ("## Maps of the group level: `group/*_stat-<stat>_statmap.nii.gz`", "")
    yield from table(("stat", "meaning"), ((f"`{k}`", v) for k, v in STATISTICS_TEXT.items()))
    yield from ("## Clusters: `group/*_clusters.tsv`", "", ", ".join(f"`{name}`" for name in CLUSTER_COLUMNS) + ".", "")
    yield OF_CLUSTERS
    yield from ("", "## Outcomes of people: `group/meas-<outcome>_outcome.tsv`", "")
    yield from table(("column", "meaning"), ((f"`{k}`", v) for k, v in LINES.items()))
    yield from ("## Beside references: `group/*_desc-<label>_association.tsv`", "")
    yield from table(("label", "what it holds"), ((f"`{k}`", v) for k, v in TABLES.items()))
    yield from table(("column", "meaning"), ((f"`{k}`", v) for k, v in COLUMNS.items()))
    yield from ("## Further tables of the group level", "")
    yield from table(("file", "what it holds"), GROUP_FILES.items())


def _ending(output: Any) -> str:
    """Return how the name of an output ends; its label stands in its own entity."""
    entities = {**({output.entity: "<label>"} if output.entity else {}), **output.entities}
    return "_".join([*(f"{key}-{value}" for key, value in entities.items()), output.suffix])


NAMES = """Names follow BIDS-Derivatives; every file that is not in BIDS yet is listed in `.bidsignore`. Maps are
float32, NaN where there is nothing to say. Each map has a JSON sidecar with its sources and settings."""

OF_CLUSTERS = """`p_*_fwe` is corrected over the map, `p_*_fwe_joint` over its family too; the statistics are voxel (the
smallest p of the cluster), extent, mass and tfce. Effects at peaks and means of clusters are of places chosen for being
large."""

ERRORS = """A user error is one sentence on what was found, what was expected and what to do, and the name of a part of
this page. There is no traceback; where you see one, it is a fault of deqi. 0 means done, 1 that some jobs failed (they
are listed, the others are finished), 74 trouble with a file that no message foresaw, 130 stopped by Ctrl-C."""

GROUP_FILES = {
    "`*_flow.tsv`": "All participants of participants.tsv: analysed, or lost at which stage and why.",
    "`*_characteristics.tsv`": "Who is in each arm: mean and SD, or count and percent, with standardised differences.",
    "`*_clustermeans.tsv`": "The mean of each of the twelve largest clusters in each person, by session.",
    "`*_design.tsv`": "The design matrix, one row a person.",
    "`*_nullmax.tsv`": "The largest statistic under each relabelling; the first row is what was observed.",
    "`*_qcfc.json`": "How the maps of the primary contrast are still associated with head motion.",
    "`*_baseline.json`, `*_overlap.json`": "How arms differed before treatment, and what their changes have in common.",
    "`*_edges.tsv`": "Edges of matrices and values of networks, with their statistics.",
    "`*_heterogeneity.json`": "How the effect differs between sites.",
    "`*_multiverse.tsv`": "Effects under other choices.",
    "`meas-<outcome>_values.tsv`": "An outcome of each person at each visit.",
    "`desc-trial_people.tsv`": "Who was randomised, scanned or not, and who is left out of the outcomes and why.",
    "`desc-treatment_characteristics.tsv`": "Dose, sensations and expectation by arm, and when they arose.",
    "`desc-treatment_points.tsv`": "Points needled, in how many people of each arm.",
    "`desc-treatment_blinding.json`": "What people guessed, with the indices of Bang and James.",
    "`desc-<name>_checklist.tsv`": "STRICTA, TIDieR-Placebo and CONSORT as far as the record goes.",
}


def all_presets() -> Iterator[str]:
    """Yield every preset with its description and what it rests on."""
    yield from ("# Presets", "", MADE)
    for kind in ("seeds", "networks", "conditions", "confounds", "profiles"):
        yield from (f"## {kind.capitalize()}", "")
        for name in presets.names(kind):
            content = presets.load(kind, name)
            cited = content.get("citation", "")
            said = "; ".join(cited) if isinstance(cited, list) else cited
            yield from (f"**`{name}`** {content.get('description', '')} {said}", "")
            if measures := content.get("measures"):
                yield from (f"Measures of these reports: {', '.join(f'`{one}`' for one in measures)}.", "")
            seeds = content.get("seeds", {})
            if isinstance(seeds, dict) and seeds:
                rows = ((f"`{k}`", str(v.get("centre", "")), v.get("citation", "")) for k, v in seeds.items())
                yield from table(("seed", "centre (MNI mm)", "citation"), rows)


def all_errors() -> Iterator[str]:
    """Yield what each kind of error means and what mends it."""
    yield from ("# Errors and exit codes", "", MADE)
    yield from (ERRORS, "")
    kinds = [k for k in vars(errors).values() if inspect.isclass(k) and issubclass(k, errors.DeqiError)]
    for kind in kinds[1:]:
        meaning, _, remedy = inspect.cleandoc(kind.__doc__ or "").partition("Remedy\n------\n")
        yield from (
            f"({kind().anchor})=",
            f"## {kind().anchor.replace('-', ' ').capitalize()}",
            "",
            f"Exit code {kind.exit_code}. {meaning.strip()}",
        )
        yield from ("", f"*What to do.* {remedy.strip()}", "")


PAGES = {
    "command-line": command_line,
    "settings": all_settings,
    "outputs": outputs,
    "presets": all_presets,
    "errors": all_errors,
}
