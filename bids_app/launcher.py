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
from pathlib import Path

from bids_app import __version__, cli
from bids_app.dataset.layout import derivative_roots, named
from bids_app.dataset.path_safety import check_folders
from bids_app.errors import IO_ERROR, DeqiError, MissingInputError, UsageError
from bids_app.launch.arguments import with_derivatives, without_options
from bids_app.launch.console import console
from bids_app.launch.container import ENGINES, command, find_engine, translate
from bids_app.launch.preprocessing import Preprocessing, advice, provide
from bids_app.launch.slurm_script import write_script

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
        args = _understood(words)
        line = []
        if args.dask_scheduler or args.dask_scheduler_file:
            raise UsageError(
                "The container has no network, and so no Dask: start `deqi` itself, or write a Slurm script."
            )
        if args.write_slurm_script:
            return _script(own, args, words)
        if own.show or args.preproc != "print":  # what is wrong is told before hours of fMRIPrep, not after
            line = _line(own, without_options(words, ["--preproc"]))
        if args.analysis_level == "participant":
            with console():
                preprocessed = _preprocessed(args, words, show=own.show)
            line = _line(own, preprocessed) if preprocessed else []
    except (DeqiError, OSError) as error:
        print(f"deqi-docker: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, DeqiError) else IO_ERROR
    if own.show or not line:
        print(shlex.join(line), end="\n" if line else "")
        return 0
    print(f"RUNNING: {shlex.join(line)}", file=sys.stderr, flush=True)
    return subprocess.run(line, check=False).returncode


def _script(own: argparse.Namespace, args: argparse.Namespace, words: list[str]) -> int:
    """Write the script that runs the container on Slurm, here: inside there is neither Slurm nor the paths of hosts."""
    engine = own.engine or "apptainer"
    if engine not in IMAGES:
        raise UsageError(f"--write-slurm-script: clusters run apptainer or singularity, not {engine}.")
    write_script(args.write_slurm_script, words, own.image or IMAGES[engine], engine)
    print(f"Wrote {args.write_slurm_script}. Look through its settings, then: bash {args.write_slurm_script}")
    return 0


def _understood(words: list[str]) -> argparse.Namespace:
    """Return what the words mean, if a container can do it.

    Raises
    ------
    UsageError
        If they do not begin with the positionals, write files for the host, or would write into the input.
    """
    args = cli.parse(words)
    if args.export_app:
        raise UsageError("--export-app writes files for another platform, which needs no container: use `deqi` itself.")
    first = [str(word) for word in (args.bids_dir, args.output_dir, args.analysis_level) if word]
    if first != [str(Path(word)) for word in words[: len(first)]]:
        raise UsageError("BIDS_DIR, OUTPUT_DIR and the level come first, options after them.")
    if args.bids_dir and args.output_dir:
        check_folders(args.bids_dir, args.output_dir, args.work_dir, named(args.derivatives))
    return args


def _line(own: argparse.Namespace, words: Sequence[str]) -> list[str]:
    engine = own.engine if own.show and own.engine else find_engine(own.engine or "")
    image = own.image or IMAGES.get(engine, f"deqi:{__version__}")
    if engine in IMAGES and not own.show and "://" not in image and not Path(image).exists():
        raise MissingInputError(f"There is no {image} here; build it (see docs/howto/cluster.md) or name it: --image.")
    return command(engine, image, *translate(words, real=not own.show))


def _preprocessed(args: argparse.Namespace, words: list[str], *, show: bool) -> list[str]:
    """Run fMRIPrep for participants without derivatives, as --preproc asks, and return the words for the container.

    fMRIPrep has a container of its own, so it cannot be started from inside ours. No words: nothing more is to be done.

    Raises
    ------
    MissingInputError
        If no one has derivatives and fMRIPrep is not asked for, or it cannot run.
    """
    everyone = Preprocessing(
        bids_dir=args.bids_dir,
        output_dir=args.output_dir,
        participants=tuple(args.participant_label),
        work_dir=args.work_dir,
        nprocs=args.nprocs or len(os.sched_getaffinity(0)),
        memory_mb=args.mem,
        space=args.space,
        tasks=tuple(args.task_id),
    )
    roots = derivative_roots(args.bids_dir, named(args.derivatives))
    if args.preproc == "none":
        if not roots and not show:
            raise MissingInputError(f"No fMRIPrep derivatives in {args.bids_dir}/derivatives. {advice(everyone)}")
        return words
    found = provide(everyone, roots, args.preproc, show=show)
    return [] if args.preproc == "print" else with_derivatives(words, found)


if __name__ == "__main__":
    sys.exit(main())
