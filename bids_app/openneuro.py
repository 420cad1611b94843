"""`deqi-openneuro`: a dataset of OpenNeuro by its accession number, of it only what deqi reads, and then the analysis.

The raw dataset and the derivatives that OpenNeuro keeps of fMRIPrep are cloned by DataLad, which fetches names first
and contents when asked; which contents are needed is what the plan of the analysis says.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bids_app import app, cli
from bids_app.errors import IO_ERROR, DeqiError, MissingInputError, UsageError

RAW = "https://github.com/OpenNeuroDatasets/{}.git"
DERIVATIVES = "https://github.com/OpenNeuroDerivatives/{}-fmriprep.git"
AT_ONCE = 500
"""Files of one call of `datalad get`: a command line has an end."""


def main(argv: Sequence[str] | None = None) -> int:
    """Fetch, analyse and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="deqi-openneuro", allow_abbrev=False, description="Fetches what deqi reads of a dataset, and runs it.",
        usage="deqi-openneuro [--get-only] [--raw URL] [--fmriprep URL] ACCESSION FOLDER LEVEL [options of deqi]",
    )  # fmt: skip
    parser.add_argument("--get-only", action="store_true", help="fetch, and do not analyse")
    parser.add_argument("--raw", default=RAW, metavar="URL", help=f"where datasets are cloned from (default {RAW})")
    parser.add_argument("--fmriprep", default=DERIVATIVES, metavar="URL", help=f"derivatives (default {DERIVATIVES})")
    own, words = parser.parse_known_args(argv)
    try:
        inside = _fetched(own, words)
    except (DeqiError, OSError) as error:
        print(f"deqi-openneuro: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, DeqiError) else IO_ERROR
    return 0 if own.get_only else app.main(inside)


def _fetched(own: argparse.Namespace, words: list[str]) -> list[str]:
    """Clone and get what the words need; return the words of deqi."""
    if len(words) < 3 or not re.fullmatch(r"ds\d{6}", words[0]):
        raise UsageError("expected ACCESSION FOLDER LEVEL, for example: ds000030 study participant")
    if not shutil.which("datalad") or not shutil.which("git-annex"):
        raise MissingInputError("datalad and git-annex are needed: pip install datalad; apt install git-annex")
    accession, folder, level, *options = words
    place = Path(folder).resolve()
    raw, derivatives = place / accession, place / f"{accession}-fmriprep"
    inside = [str(raw), str(place / f"{accession}-deqi"), level, *options]
    args = cli.parse(inside)
    _clone(own.raw.format(accession), raw)
    if not args.derivatives:  # the user's own, for a dataset whose derivatives are not published
        _clone(own.fmriprep.format(accession), derivatives)
        inside += ["-d", f"fmriprep={derivatives}"]
        args = cli.parse(inside)
    _get(raw, _tables_of(raw))
    if args.analysis_level == "participant":
        _get(derivatives, _descriptions_of(derivatives, [p.removeprefix("sub-") for p in args.participant_label]))
        needed = [path for path in _inputs(args, inside) if path.is_relative_to(place)]
        for root in (raw, derivatives):
            _get(root, (path for path in needed if path.is_relative_to(root)))
    return inside


def _clone(url: str, target: Path) -> None:
    """Clone a dataset unless it is there; one broken off is not taken for whole."""
    if target.exists():
        return
    unfinished = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    _datalad("clone", url, str(unfinished), what=f"{url} could not be cloned")
    unfinished.rename(target)


def _tables_of(root: Path) -> Iterator[Path]:
    """Yield what says who took part: tables and descriptions at the top, and phenotypes."""
    for pattern in ("*.json", "*.tsv", "phenotype/*"):
        yield from root.glob(pattern)


def _descriptions_of(root: Path, people: Sequence[str]) -> Iterator[Path]:
    """Yield the sidecars that a plan reads."""
    yield from root.glob("*.json")
    for person in (f"sub-{label}" for label in people or ("*",)):
        yield from root.glob(f"{person}/**/func/*_bold.json")


def _inputs(args: argparse.Namespace, words: list[str]) -> list[Path]:
    """Return the files that the jobs of the participant level read."""
    from bids_app import settings
    from bids_app.plan.command_line import understand
    from bids_app.plan.participant import plan_participants

    args.dry_run = True  # contents may be absent
    execution, tables = understand(args, words)
    plan = plan_participants(execution, settings.resolve(tables))
    return sorted({path for job in plan.jobs for path in job.inputs})


def _get(root: Path, paths: Iterable[Path]) -> None:
    """Get the contents that are not here yet; say how many and how much."""
    absent = sorted({path for path in paths if path.is_symlink() and not path.exists()})
    if not absent:
        return
    sizes = [int(found[1]) for path in absent if (found := re.search(r"-s(\d+)[-.]", path.readlink().name))]
    print(f"{root.name}: getting {len(absent)} files, {sum(sizes) / 1e6:,.1f} MB", file=sys.stderr, flush=True)
    for start in range(0, len(absent), AT_ONCE):
        names = [str(path.relative_to(root)) for path in absent[start : start + AT_ONCE]]
        _datalad("get", "-d", str(root), "-J", "4", *names, what=f"not every file of {root} could be got", cwd=root)


def _datalad(*words: str, what: str, cwd: Path | None = None) -> None:
    ended = subprocess.run([shutil.which("datalad") or "datalad", *words], check=False, cwd=cwd, stdout=sys.stderr)
    if ended.returncode:
        raise MissingInputError(
            f"{what}: datalad ended with code {ended.returncode}, its messages stand above. "
            "What came is kept; the same command goes on from there."
        )
