"""The command line: argv -> Execution and Settings."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from bids_app import __version__
from bids_app.errors import AnalysisLevelError, UsageError
from bids_app.launch.arguments import DEMONSTRATIONS, megabytes
from bids_app.launch.descriptor import descriptor
from bids_app.launch.preprocessing import METHODS
from bids_app.vocabulary.options.execution import PermutationShare

LEVELS = ("participant", "group", "meta")
ALONE = {"--demo", "--export-app", "--check-claims", "--explain"}
"""Helpers that need no dataset."""

EXAMPLES = """examples:
  deqi data out participant                          every person: seed maps, quality, reports
  deqi data out group                                verum against sham, from those maps
  deqi studies out meta                              several published studies together: peaks, maps, outcomes
  deqi data out participant --participant-label 01 --seeds PAG 'myACC:2,34,18:6' --dry-run
"""


class _Parser(argparse.ArgumentParser):
    """Raises the errors of deqi, so that the exit code is that of the BIDS execution spec."""

    hint = ""
    """What may be wrong with the order of words."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}.{self.hint} See deqi --help.")


class _Print(argparse.Action):
    """A flag that prints a packaged text and ends."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(nargs=0, **kwargs)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(descriptor(), end="")
        parser.exit()


class _Demo(argparse.Action):
    """A folder, or the kind of a demonstration and a folder."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *_: object) -> None:
        if len(values) > 2 or (len(values) == 2 and values[0] not in DEMONSTRATIONS):
            there = ", ".join(DEMONSTRATIONS)
            parser.error(f"--demo {' '.join(values)}: expected DIR, or a kind ({there}) and DIR")
        setattr(namespace, self.dest, values)


def parser(*, demo: bool = False, configure: bool = False) -> _Parser:
    """Return the parser; every option is spelled as fMRIPrep spells it.

    `demo` and `configure` make those positionals optional that the two helpers do not need.
    """
    top = _Parser(
        prog="deqi", formatter_class=argparse.RawDescriptionHelpFormatter, epilog=EXAMPLES, add_help=False,
        allow_abbrev=False,
        usage="deqi BIDS_DIR OUTPUT_DIR {participant,group,meta} [options]",
        description="Seed connectivity of verum-versus-sham acupuncture trials, from fMRIPrep derivatives.",
    )  # fmt: skip
    _what(top, "?" if demo else None, "?" if demo or configure else None)
    _science(top)
    _how(top)
    _helpers(top)
    return top


def _what(top: argparse.ArgumentParser, bids_dir: str | None, others: str | None) -> None:
    add = top.add_argument_group("what to analyse").add_argument
    add(
        "bids_dir",
        nargs=bids_dir,
        type=Path,
        metavar="BIDS_DIR",
        help="BIDS dataset, or the fMRIPrep derivatives themselves; for meta a folder of published studies",
    )
    add("output_dir", nargs=others, type=Path, metavar="OUTPUT_DIR", help="output folder; created if absent")
    add(
        "analysis_level",
        nargs=others,
        type=_level,
        choices=LEVELS,
        metavar="{participant,group,meta}",
        help="participant first, then group; meta brings published studies together",
    )
    add("-d", "--derivatives", "--datasets", nargs="+", default=[], metavar="[NAME=]PATH",
        help="fMRIPrep derivatives (default: BIDS_DIR/derivatives/fmriprep*)")  # fmt: skip
    add("--participant-label", "--participant_label", nargs="+", default=[], metavar="LABEL",
        help="participants to analyse, with or without 'sub-'")  # fmt: skip
    add("--session-label", "--session-id", nargs="+", default=[], metavar="LABEL", help="sessions to analyse")
    add("-t", "--task-id", "--task_id", nargs="+", default=[], metavar="TASK", help="tasks to analyse")
    add("--space", default="", help="space of the series, e.g. MNI152NLin2009cAsym:res-2")
    add("--bids-filter-file", "--bids_filter_file", type=Path, metavar="FILE", help="JSON filters as for fMRIPrep")
    add("--skip-bids-validation", "--skip_bids_validation", action="store_true",
        help="accept a dataset without a valid dataset_description.json")  # fmt: skip


def _science(top: argparse.ArgumentParser) -> None:
    add = top.add_argument_group("science (all of it can stand in analysis.toml)").add_argument
    add("--config", "--config-file", type=Path, metavar="FILE", help="settings file (analysis.toml), see --init-config")
    add("--set", action="append", default=[], metavar="TABLE.KEY=VALUE", help="override one setting; repeatable")
    add(
        "--seeds", nargs="+", default=[], metavar="SEED", help="NAME, SET, 'LABEL:x,y,z[:radius]' or LABEL=FILE[#label]"
    )
    add("--preset", default="", metavar="NAME", help="seeds, networks and pairs of a condition; 'list' shows them")
    add("--profile", default="", metavar="NAME",
        help="defaults of the cleaning: recommended, or dpabi-legacy (replication only)")  # fmt: skip
    add(
        "--measures",
        nargs="+",
        default=[],
        metavar="NAME",
        help="measures to compute; 'all' for every one that needs no file of yours",
    )
    add("--blind", action="store_true", help="mask the arms as A and B until --allocation is given")
    add(
        "--exclusions",
        type=Path,
        metavar="FILE",
        help="table of ratings (keep, exclude, unsure) by participant and session, as index.html exports it",
    )
    add(
        "--allocation",
        type=Path,
        metavar="FILE",
        help="table of participant_id and arm, kept separately until unblinding",
    )
    add("--ahba-dir", type=Path, metavar="DIR",
        help="microarrays of the Allen Human Brain Atlas, from which abagen (in a Python of its own) makes the "
             "gene table")  # fmt: skip
    add("--plan", type=Path, metavar="FILE", help="locked analysis plan that results are compared with, see --lock")
    add(
        "--multiverse",
        action="store_true",
        help="also run the alternatives of [multiverse] (GSR, band, motion, smoothing): an exploratory "
        "specification curve",
    )
    add(
        "--alternative",
        default="",
        metavar="NAME",
        help="run one of these alternatives alone, in OUTPUT_DIR/derivatives/multiverse-NAME",
    )
    add("--n-permutations", type=int, metavar="N", help="permutations of the group level (default 5000)")
    add("--random-seed", type=int, metavar="N", help="seed of the permutations")


def _how(top: argparse.ArgumentParser) -> None:
    add = top.add_argument_group("how to run").add_argument
    add("--nprocs", "--nthreads", "--n_cpus", "--n-cpus", type=int, metavar="N", help="processors (default: all)")
    add("--mem", "--mem_mb", "--mem-mb", type=_memory, metavar="MB", help="memory in MB, or with K, M, G, T")
    add("-w", "--work-dir", type=Path, metavar="DIR", help="working directory for caches; may be deleted afterwards")
    add("--executor", choices=("local", "dask"), default="local",
        help="run participants in processes on this machine, or on the workers of a Dask scheduler")  # fmt: skip
    add("--dask-scheduler", default="", metavar="ADDRESS", help="tcp://HOST:PORT or tls://HOST:PORT; implies dask")
    add(
        "--dask-scheduler-file",
        type=Path,
        metavar="FILE",
        help="scheduler file written by `dask scheduler`; implies dask",
    )
    add("--stop-on-first-crash", action="store_true", help="start no more participants after one has failed")
    add("--permutation-share", type=_share, metavar="I/N",
        help="group level: compute permutation block I of N and save it for the final merge run")  # fmt: skip
    add("--preproc", choices=METHODS, default="none",
        help="if derivatives are missing: stop, print the fMRIPrep command, or run it in a container")  # fmt: skip
    add(
        "--dry-run", action="store_true", help="print the jobs with the files that they would read and write, then exit"
    )
    add("--reports-only", action="store_true", help="rebuild the reports from the existing results")
    add("--self-contained", action="store_true", help="keep maps and the viewer in the pages instead of in assets/")
    add("--notrack", action="store_true", help="accepted for compatibility; deqi never tracks anything")
    add("-v", "--verbose", action="count", default=0, help="increase verbosity")


def _helpers(top: argparse.ArgumentParser) -> None:
    add = top.add_argument_group("helpers").add_argument
    add("--status", action="store_true", help="list completed, failed and missing sessions, then exit")
    add(
        "--missing",
        action="store_true",
        help="with --status: print only the labels of participants who are not completed",
    )
    add("--write-slurm-script", type=Path, metavar="FILE", help="write the Slurm script that runs this command")
    add(
        "--lock",
        type=Path,
        metavar="FILE",
        help="lock the analysis plan of this command while allocations are still unreadable",
    )
    add(
        "--lock-after-unblinding",
        action="store_true",
        help='lock the plan although allocations are readable; all results are marked "locked after unblinding"',
    )
    add("--check-claims", metavar="FILE", help="check the numbers printed in a paper (no other argument needed)")
    add("--explain", metavar="ERROR", help="explain a kind of error named in a message, e.g. wrong-data")
    add("--init-config", type=Path, metavar="FILE", help="write a commented analysis.toml for BIDS_DIR")
    add(
        "--demo",
        nargs="+",
        action=_Demo,
        metavar=("[KIND]", "DIR"),
        help="write a small synthetic trial; eeg DIR: one with EEG, needling DIR: rest, needle and rest in one scan",
    )
    add(
        "--export-app",
        nargs=2,
        metavar=("PLATFORM", "DIR"),
        help="write the files that BABS, brainlife or nipoppy needs",
    )
    add("--bids-exec-spec", action=_Print, help="print the Boutiques descriptor")
    add("--version", action="version", version=f"deqi {__version__}", help="print the version")
    add("-h", "--help", action="help", help="print this help")


def _memory(text: str) -> int:
    try:
        return megabytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _share(text: str) -> PermutationShare:
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a part such as 3/8")
    return PermutationShare(int(number), int(of))


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the words of the command line.

    Raises
    ------
    UsageError, AnalysisLevelError
        If they cannot be understood.
    """
    words = list(argv)
    # Some helpers work before there is anything to analyse: their positionals may be absent.
    demo, configure = bool(ALONE & set(words)) or words == ["--preset", "list"], "--init-config" in words
    top = parser(demo=demo, configure=configure)
    first = next((i for i, word in enumerate(words) if word[:1] == "-"), len(words))
    if first < (0 if demo else 1 if configure else 3):
        top.hint = " BIDS_DIR, OUTPUT_DIR and the level come first, options after them."
    return top.parse_args(words)


def _level(word: str) -> str:
    if word not in LEVELS:
        raise AnalysisLevelError(
            f"argument {{participant,group,meta}}: invalid choice: {word!r} (choose from 'participant', 'group', "
            "'meta'). Expected 'participant', 'group' or 'meta' as third word."
        )
    return word
