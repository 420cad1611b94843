"""Words of the command line divided: how to run, and what to compute."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bids_app.dataset.settings_words import override, read_file
from bids_app.errors import UsageError
from bids_app.settings import Execution


def understand(args: argparse.Namespace, words: list[str]) -> tuple[Execution, dict[str, Any]]:
    """Divide the words into how to run and what to compute."""
    tables = read_file(args.config)
    override(tables, args.set)
    given = {
        "dataset": {
            "tasks": args.task_id,
            "sessions": args.session_label,
            "measures": args.measures,
            "space": args.space,
            "preset": args.preset,
            "profile": args.profile,
        },
        "inference": {"n_permutations": args.n_permutations, "random_seed": args.random_seed},
    }
    for table, values in given.items():
        for key, value in values.items():
            if value not in (None, [], ""):
                tables.setdefault(table, {})[key] = value
    if args.seeds:
        tables.setdefault("measures", {}).setdefault("seed_correlation", {})["seeds"] = args.seeds
    if args.nprocs is not None and args.nprocs < 1:
        raise UsageError(f"--nprocs {args.nprocs}: expected 1 or more.")
    execution = Execution(
        bids_dir=args.bids_dir,
        output_dir=args.output_dir or args.bids_dir / "derivatives" / "deqi",
        level=args.analysis_level or "participant",
        derivatives=named(args.derivatives),
        participants=tuple(args.participant_label),
        filter_file=args.bids_filter_file,
        preproc=args.preproc,
        nprocs=args.nprocs or len(os.sched_getaffinity(0)),
        memory_mb=args.mem,
        work_dir=args.work_dir,
        dry_run=args.dry_run,
        reports_only=args.reports_only,
        validate=not args.skip_bids_validation,
        blind=args.blind,
        allocation=args.allocation,
        verbose=args.verbose,
        argv=tuple(words),
    )
    return execution, tables


def named(words: Sequence[str]) -> tuple[tuple[str, Path], ...]:
    """Return named derivative datasets; a bare path is named after its folder."""
    pairs = []
    for word in words:
        name, equals, path = word.partition("=")
        pairs.append((name, Path(path)) if equals else (Path(word).name or "fmriprep", Path(word)))
    return tuple(pairs)
