"""One self-contained HTML file from a template: style inside, pictures inside, no request to anywhere."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bids_app import __version__
from bids_app.dataset.tables import read_json
from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.dataset import DEMONSTRATION, SYNTHETIC_NOTICE
from bids_app.report.text.wording import NAMES


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("bids_app.report"), autoescape=select_autoescape(), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["p"] = format_p
    environment.filters["says_p"] = says_p
    environment.filters["number"] = format_number
    environment.filters["statistic"] = NAMES.__getitem__
    return environment


def write_html(
    output_dir: Path, name: str, template: str, values: Mapping[str, object], sidecars: Iterable[Path]
) -> Path:
    """Fill a template and write the page `name` to the output dataset; marks of `sidecars` stand above it."""
    notices = [text for text in (notice(output_dir), *marks(sidecars)) if text]
    page = (
        _templates()
        .get_template(template)
        .render(version=__version__, notices=notices, page=name, root="../" * name.count("/"), **values)
    )
    write_text(output_dir / name, page)
    return output_dir / name


def marks(sidecars: Iterable[Path]) -> list[str]:
    """Return the warnings that results carry, each once."""
    found = (read_json(path).get("ReplicationOnly", "") for path in sidecars if path.exists())
    return sorted(set(found) - {""})


def notice(output_dir: Path) -> str:
    """Return the warning that must stand on every page of results from synthetic data."""
    path = output_dir / "dataset_description.json"
    made_by = read_json(path).get("GeneratedBy", []) if path.exists() else []
    return SYNTHETIC_NOTICE if any(entry.get("Name") == DEMONSTRATION for entry in made_by) else ""


def session_order(name: str) -> tuple[bool, str]:
    """Sort key of sessions: those before treatment first, where their names say so."""
    return re.search(r"(?:^|ses-)(?:pre|base|bl)", name.lower()) is None, name


def embed(png: bytes) -> str:
    """Return a picture as a data URI."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


LEAST_P = 0.001
"""p values below it are printed as such."""


def format_p(p: Any) -> str:
    """Return a p value as papers print it.

    >>> format_p(0.0312), format_p(0.0025), format_p(0.0002)
    ('.031', '.0025', '<.001')
    """
    if p is None or p != p:
        return "n/a"
    return "<.001" if p < LEAST_P else f"{p:.{4 if p < 0.01 else 3}f}".removeprefix("0")


def says_p(p: Any) -> str:
    """Return a p value in a sentence.

    >>> says_p(0.0312), says_p(0.0002)
    ('p = .031', 'p < .001')
    """
    return f"p < {format_p(p)[1:]}" if p < LEAST_P else f"p = {format_p(p)}"


def format_number(value: Any, digits: int = 3) -> str:
    """Return a number with a few significant digits; n/a for nothing.

    >>> format_number(12.3456), format_number(None)
    ('12.3', 'n/a')
    """
    if value is None or value != value or value == "n/a":
        return "n/a"
    return f"{float(value):.{digits}g}" if abs(float(value)) < 1e4 else f"{float(value):,.0f}"
