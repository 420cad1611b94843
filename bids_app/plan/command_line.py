"""Words of the command line divided: how to run, and what to compute."""

from __future__ import annotations

import argparse
import os
from typing import Any

from bids_app.dataset.layout import named
from bids_app.dataset.settings_toml import override, read_file
from bids_app.derivatives.paths import alternative_folder
from bids_app.errors import UsageError, suggest
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.options.multiverse import Multiverse
from bids_app.vocabulary.options.validated import validate


def understand(args: argparse.Namespace, words: list[str]) -> tuple[Execution, dict[str, object]]:
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
    folder = args.output_dir or args.bids_dir / "derivatives" / "deqi"
    if args.alternative:
        _take(args.alternative, tables)
        folder = alternative_folder(folder, args.alternative)
    _refuse(args)
    execution = Execution(
        bids_dir=args.bids_dir,
        output_dir=folder,
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
        self_contained=args.self_contained,
        validate=not args.skip_bids_validation,
        blind=args.blind,
        allocation=args.allocation,
        ratings=args.exclusions,
        plan=args.plan,
        ahba_dir=args.ahba_dir,
        multiverse=args.multiverse and not args.alternative,
        verbose=args.verbose,
        argv=tuple(words),
        executor="dask" if args.dask_scheduler or args.dask_scheduler_file else args.executor,
        scheduler=args.dask_scheduler,
        scheduler_file=args.dask_scheduler_file,
        share=args.permutation_share,
        stop_early=args.stop_on_first_crash,
        status=args.status,
        missing=args.missing,
    )
    return execution, tables


def _refuse(args: argparse.Namespace) -> None:
    """Refuse options that mean nothing, or nothing together."""
    if args.nprocs is not None and args.nprocs < 1:
        raise UsageError(f"--nprocs {args.nprocs}: expected 1 or more.")
    if args.executor == "dask" and not (args.dask_scheduler or args.dask_scheduler_file):
        raise UsageError("--executor dask: which? Give --dask-scheduler ADDRESS or --dask-scheduler-file FILE.")
    if args.permutation_share and args.analysis_level != "group":
        raise UsageError("--permutation-share belongs to the group level, which has the relabellings.")
    if args.plan and args.analysis_level != "group":
        raise UsageError("--plan belongs to the group level, whose results are held against it.")
    if args.analysis_level == "meta" and (args.status or args.lock or args.write_slurm_script):
        raise UsageError(
            "--status, --lock and --write-slurm-script are of participants; `meta` is one call of minutes."
        )
    if args.lock_after_unblinding and not args.lock:
        raise UsageError("--lock-after-unblinding is a form of --lock; give both.")
    if args.missing and not args.status:
        raise UsageError("--missing is a form of --status; give both.")


def _take(name: str, tables: dict[str, Any]) -> None:
    """Set what one alternative of the multiverse sets."""
    multiverse = validate(Multiverse, tables.get("multiverse", {}), "multiverse")
    known = {one.name: one for one in multiverse.specifications()}
    if name not in known:
        raise UsageError(f"--alternative {name}: there is none of that name; {suggest(name, list(known))}")
    tables.setdefault("dataset", {}).setdefault("measures", list(multiverse.measures))
    if multiverse.n_permutations:
        tables.setdefault("inference", {})["n_permutations"] = multiverse.n_permutations
    override(tables, known[name].settings)
