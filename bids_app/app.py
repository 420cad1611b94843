"""The whole story: words -> settings -> plan -> jobs -> reports -> exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bids_app import cli
from bids_app.errors import IO_ERROR, DeqiError

if TYPE_CHECKING:
    from bids_app.plan.inputs import Plan
    from bids_app.settings import Settings
    from bids_app.vocabulary.execution import Execution


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; user errors are printed without a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)
    try:
        return _main(cli.parse(words), words)
    except DeqiError as error:
        print(f"deqi: {error}\n  More: docs/reference/errors.md#{error.anchor}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(
            f"deqi: {error}. A file or folder cannot be used; check that it is there and your rights.", file=sys.stderr
        )
        return IO_ERROR
    except KeyboardInterrupt:
        print("deqi: stopped. Finished work is kept; the same command goes on from there.", file=sys.stderr)
        return 130


def _end(number: int, _: object) -> None:
    """End at once, as batch systems and `docker stop` ask: files appear whole or not at all, so nothing is lost."""
    os.write(2, b"deqi: ended by SIGTERM. Finished work is kept; the same command goes on from there.\n")
    os._exit(128 + number)


def _main(args: argparse.Namespace, words: list[str]) -> int:
    if _helped(args):
        return 0
    from bids_app import settings
    from bids_app.plan.words import understand

    execution, tables = understand(args, words)
    if execution.status:
        from bids_app.plan.status import tell

        tell(execution, tables)
        return 0
    chosen = settings.resolve(tables)
    if args.write_slurm_script:
        from bids_app.launch.batch import image_around, write_script

        write_script(args.write_slurm_script, words, image_around())
        print(f"Wrote {args.write_slurm_script}. Look through its settings, then: bash {args.write_slurm_script}")
        return 0
    if args.init_config:
        from bids_app.launch.configuration import write_configuration

        described = settings.described(chosen)
        write_configuration(args.init_config, execution.bids_dir, execution.derivatives, described)
        print(f"Wrote {args.init_config}. Read it, change it, and pass it on with --config {args.init_config}")
        return 0
    return _run(execution, chosen)


def _helped(args: argparse.Namespace) -> bool:
    """Do what needs no dataset, and tell whether that was asked for."""
    if args.demo:
        from bids_app.launch.demonstration import write_demonstration

        write_demonstration(args.demo)
    elif args.export_app:
        from bids_app.launch.apps import write_app

        write_app(args.export_app[0], Path(args.export_app[1]))
        print(f"Wrote {args.export_app[1]}; read its README.md.")
    elif args.preset == "list":
        from bids_app.launch.presets import listing

        print(listing(), end="")
    else:
        return False
    return True


def _run(execution: Execution, chosen: Settings) -> int:
    from bids_app.dataset.folders import check_folders
    from bids_app.plan import preprocess

    check_folders(execution.bids_dir, execution.output_dir, execution.work_dir, execution.derivatives)
    if execution.preproc != "none" and execution.level == "participant":
        execution = preprocess.provide(execution, chosen)
        if execution.preproc == "print":
            return 0
    plan = _plan(execution, chosen)
    if execution.dry_run:
        from bids_app.plan import preview

        preview.show(plan, execution.bids_dir, execution.verbose)
        preview.show_alternatives(chosen.multiverse.specifications() if execution.multiverse else [])
        return 0
    from bids_app.execute.child import is_child
    from bids_app.execute.pages import write_pages

    failures = {} if execution.reports_only else _work(execution, plan) | _multiverse(execution, chosen)
    page = None if execution.share else write_pages(execution, _people(plan))
    if failures and not is_child():
        print(f"deqi: {len(failures)} failed; the others are done. Each has a record in "
              f"{execution.output_dir}/logs/failed", file=sys.stderr)  # fmt: skip
        for label, message in failures.items():
            print(f"  {label}: {message}", file=sys.stderr)
    if page:
        print(f"Report: {page}")
    return 1 if failures else 0


def _plan(execution: Execution, chosen: Settings) -> Plan:
    # Only the level that runs is imported.
    if execution.level == "participant":
        from bids_app.plan.participant import plan_participants

        return plan_participants(execution, chosen)
    from bids_app.plan.group import plan_group

    return plan_group(execution, chosen)


def _work(execution: Execution, plan: Plan) -> dict[str, str]:
    """Do the jobs; several participants go to processes of their own, one is done here."""
    from bids_app.execute import jobs, prepare
    from bids_app.execute.child import die_with_parent, is_child

    prepare.choose_cache(execution.work_dir)
    child = is_child()
    if child:
        die_with_parent()
    elif not execution.share:
        _describe(execution, plan)
    elsewhere = execution.executor == "dask" and not child
    if execution.level == "participant" and (len(_people(plan)) > 1 or elsewhere):
        from bids_app.execute.participants import run_participants

        return run_participants(execution, plan.jobs)
    if elsewhere and not execution.share:
        from bids_app.execute.shares import relabel_on_workers

        relabel_on_workers(execution, plan.jobs)
    failures = jobs.run_jobs(plan.jobs, quiet=child, stop_early=execution.stop_early)
    if not child and execution.level == "participant":
        from bids_app.execute.failures import settle

        settle(execution.output_dir, [f"sub-{person}" for person in _people(plan)], {})
    return failures


def _describe(execution: Execution, plan: Plan) -> None:
    """Write what belongs to the whole dataset before any result, and say what is left out."""
    from bids_app import report
    from bids_app.execute import prepare, progress
    from bids_app.settings import described

    tables, mark = described(plan.settings), plan.settings.mark()
    prepare.describe(execution.output_dir, plan.sources, plan.generated_by, tables)
    prepare.keep_notes(execution.output_dir, execution.level, plan.notes, execution.participants)
    report.write_citation(execution.output_dir, tables, mark)
    for note in (*plan.notes, *([mark] if mark else [])):
        progress.say(f"warning: {note}")


def _multiverse(execution: Execution, chosen: Settings) -> dict[str, str]:
    """Do the other analyses that could have been chosen, and set them side by side at the group level."""
    from bids_app.execute.child import is_child

    if not execution.multiverse or is_child() or execution.share:
        return {}
    from bids_app.execute.multiverse import run_alternatives

    specifications = chosen.multiverse.specifications()
    failures = run_alternatives(specifications, execution.argv)
    if execution.level == "group":
        from bids_app.levels.multiverse import collect

        collect(execution.output_dir, specifications, failures)
    return {f"multiverse {name}": message for name, message in failures.items()}


def _people(plan: Plan) -> list[str]:
    return sorted({run.participant for job in plan.jobs for run in getattr(job, "recordings", ())})
