"""Sets of genes: GMT files, and tables of genes with a class each, such as markers of types of cells."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from bids_app.dataset.atlases.tables import read_rows
from bids_app.dataset.tables import require_content
from bids_app.errors import MissingInputError, UsageError, WrongDataError

Sets = dict[str, tuple[str, ...]]

TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


@lru_cache(maxsize=8)
def read_gene_sets(path: Path) -> Sets:
    """Return the genes of each set, each once, in the order of the file.

    Raises
    ------
    MissingInputError, UsageError, WrongDataError
        If the file cannot be read, is of another kind, or a set stands twice.
    """
    if path.name.endswith((".gmt", ".gmt.gz")):
        return _gmt(path)
    if path.name.endswith(TABLES):
        return _classes(path)
    raise UsageError(
        f"{path} is no set of genes; expected a .gmt file, or a table (.csv, .tsv) with the columns gene and class. "
        "Nothing is fetched by name: give a file."
    )


def _gmt(path: Path) -> Sets:
    content = require_content(path).read_bytes()
    try:
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise MissingInputError(f"{path} breaks off or is damaged ({error}). Copy it again.") from error
    except UnicodeDecodeError as error:
        raise WrongDataError(f"{path} is not a text file: {error}") from error
    found: Sets = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, *rest = (word.strip() for word in line.split("\t"))
        if not line.strip():
            continue
        if len(rest) < 2 or not name:
            raise WrongDataError(
                f"{path}, line {number} has {len(rest) + 1} words; expected a name, a description and genes, separated "
                "by tabs."
            )
        if name in found:
            raise WrongDataError(f"{path} has the set {name} twice, again in line {number}. Each name may stand once.")
        # Enrichr writes weights behind genes: GENE,1.0
        found[name] = _once([gene.partition(",")[0] for gene in rest[1:]])
    return _some(found, path)


def _classes(path: Path) -> Sets:
    header, *rows = read_rows(path) or [[]]
    names = [name.strip().lower() for name in header]
    if not {"gene", "class"} <= set(names):
        raise WrongDataError(f"{path} has columns {', '.join(header)}; expected gene and class.")
    gene, kind = names.index("gene"), names.index("class")
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row[kind].strip(), []).append(row[gene].strip())
    return _some({name: _once(genes) for name, genes in found.items() if name}, path)


def _once(genes: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, genes)))


def _some(found: Sets, path: Path) -> Sets:
    if not found:
        raise WrongDataError(f"{path} has no set of genes.")
    return found
