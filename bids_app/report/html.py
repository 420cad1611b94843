"""One self-contained HTML file from a template: style inside, pictures inside, no request to anywhere."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined, select_autoescape
from jinja2.bccache import Bucket

from bids_app import __version__
from bids_app.dataset.tables import read_json
from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.dataset import DEMONSTRATION, SYNTHETIC_NOTICE
from bids_app.report import messages
from bids_app.report.formats import effect_with_limits, format_number, format_p, says_p
from bids_app.report.text.wording import against, claim_name, listed, word


class _Kept(FileSystemBytecodeCache):
    """Compiled templates in a folder; where it is full or gone they are compiled anew, and nothing is said."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket from its file, if it can be read."""
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write the file of a bucket, if there is room."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled() -> FileSystemBytecodeCache | None:
    """Return where compiled templates are kept: of the user, or beside compiled kernels; None if neither can be had."""
    home, kernels = os.environ.get("XDG_CACHE_HOME") or "~/.cache", os.environ.get("NUMBA_CACHE_DIR")
    for place in filter(None, (f"{home}/deqi", kernels)):
        with suppress(OSError, RuntimeError):  # no home, or one of another
            folder = Path(place).expanduser() / f"pages-{__version__}"
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return _Kept(str(folder))
    return None


@cache
def _templates() -> Environment:
    environment = Environment(
        bytecode_cache=_compiled(), loader=PackageLoader("bids_app.report"), autoescape=select_autoescape(),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        messages.gettext, messages.number_form, newstyle=True
    )
    environment.globals["in_script"] = messages.in_script
    environment.filters["p"] = format_p
    environment.filters["says_p"] = says_p
    environment.filters["number"] = format_number
    environment.globals["with_limits"] = effect_with_limits
    environment.filters["statistic"] = claim_name
    environment.filters["word"] = word
    environment.filters["against"] = against
    environment.filters["listed"] = listed
    return environment


def write_html(
    output_dir: Path, name: str, template: str, values: Mapping[str, object], sidecars: Iterable[Path],
    *, self_contained: bool = False,
) -> Path:  # fmt: skip
    """Fill a template and write the page `name` to the output dataset; marks of `sidecars` stand above it.

    Pictures lie in the page, but for those that are loaded when a reader comes to them (`loading="lazy"`).

    Parameters
    ----------
    self_contained : bool
        True puts these into the page as well.
    """
    notices = [text for text in (notice(output_dir), *marks(sidecars)) if text]
    page = (
        _templates()
        .get_template(template)
        .render(version=__version__, notices=notices, page=name, root="../" * name.count("/"), **values)
    )
    path = output_dir / name
    write_text(path, _PICTURE.sub(lambda found: _inside(found, path.parent, everything=self_contained), page))
    return path


_PICTURE = re.compile(r'<img [^>]*?src="([^":]+\.png)"[^>]*>')
"""A picture whose address is a file."""


def _inside(found: re.Match[str], folder: Path, *, everything: bool) -> str:
    tag, address = found[0], found[1]
    if not everything and 'loading="lazy"' in tag:
        return tag
    path = folder / address
    return tag.replace(address, embed(path.read_bytes())) if path.exists() else tag


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
    return re.search(r"(?:^|ses-|segment-)(?:pre|base|bl|before)", name.lower()) is None, name


def address(path: Path, root: Path) -> str:
    """Return where a page in the root folder finds a file."""
    return path.relative_to(root).as_posix()


def embed(png: bytes) -> str:
    """Return a picture as a data URI."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
