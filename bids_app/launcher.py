"""`deqi-docker`: deqi in its container on this machine, after fMRIPrep where derivatives are missing.

Standard library alone, so that it starts at once on hosts that have nothing but Python and an engine.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

from bids_app import __version__, cli
from bids_app.dataset.layout import derivative_roots, named
from bids_app.errors import DeqiError, MissingInputError
from bids_app.launch.container import ENGINES, command, find_engine, translate
from bids_app.launch.preprocessing import Preprocessing, advice, run, without_derivatives

IMAGES = {"apptainer": "deqi.sif", "singularity": "deqi.sif"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run fMRIPrep if asked, then the container; return the exit code of what ran last."""
    parser = argparse.ArgumentParser(
        prog="deqi-docker", allow_abbrev=False, description="Runs deqi in its container, with all paths bound.",
        usage="deqi-docker [--engine NAME] [--image IMAGE] [--print] BIDS_DIR OUTPUT_DIR LEVEL [options of deqi]",
    )  # fmt: skip
    parser.add_argument("--engine", choices=ENGINES, help="default: the first of them that is there")
    parser.add_argument("--image", help=f"default: deqi:{__version__}, for apptainer deqi.sif in this folder")
    parser.add_argument("--print", action="store_true", dest="show", help="print the commands and do nothing")
    own, words = parser.parse_known_args(argv)
    try:
        words = _preprocessed(words, show=own.show)
        if not words:
            return 0
        line = _line(own, words)
    except DeqiError as error:
        print(f"deqi-docker: {error}", file=sys.stderr)
        return error.exit_code
    if own.show:
        print(shlex.join(line))
        return 0
    print(f"RUNNING: {shlex.join(line)}", file=sys.stderr, flush=True)
    return subprocess.run(line, check=False).returncode


def _line(own: argparse.Namespace, words: Sequence[str]) -> list[str]:
    engine = own.engine if own.show and own.engine else find_engine(own.engine or "")
    image = own.image or IMAGES.get(engine, f"deqi:{__version__}")
    return command(engine, image, *translate(words, real=not own.show))


def _preprocessed(words: list[str], *, show: bool) -> list[str]:
    """Run fMRIPrep for people without derivatives, as --preproc asks, and return the words for the container.

    fMRIPrep has a container of its own, so it cannot be started from inside ours. No words: nothing more is to be done.

    Raises
    ------
    MissingInputError
        If nobody has derivatives and fMRIPrep is not asked for, or it cannot run.
    """
    args = cli.parse(words)
    if args.analysis_level != "participant":
        return _dropped(words, "--preproc")
    how = (args.work_dir, args.nprocs or len(os.sched_getaffinity(0)), args.mem)
    everybody = Preprocessing(args.bids_dir, args.output_dir, tuple(args.participant_label), *how)
    roots = derivative_roots(args.bids_dir, named(args.derivatives))
    if args.preproc == "none":
        if not roots and args.bids_dir.is_dir() and not show:
            raise MissingInputError(f"No fMRIPrep derivatives in {args.bids_dir}/derivatives. {advice(everybody)}")
        return words
    folder = everybody.folder
    missing = without_derivatives(args.bids_dir, [*roots.values(), folder], args.participant_label)
    asked = replace(everybody, participants=missing)
    if missing and (show or args.preproc == "print"):
        print(shlex.join(asked.command("apptainer" if args.preproc == "apptainer" else "fmriprep-docker")))
    elif missing:
        run(asked, args.preproc)
    if args.preproc == "print":
        return []
    if folder not in [root.resolve() for root in roots.values()] and (missing or folder.is_dir()):
        roots["preproc"] = folder
    given = [f"{name}={root}" for name, root in roots.items()]
    return [*_dropped(words, "--preproc", "-d", "--derivatives", "--datasets"), "-d", *given]


def _dropped(words: Sequence[str], *options: str) -> list[str]:
    """Return the words without these options and their values."""
    kept, drop = [], False
    for word in words:
        drop = word.partition("=")[0] in options if word.startswith("-") else drop
        if not drop:
            kept.append(word)
    return kept


if __name__ == "__main__":
    sys.exit(main())
