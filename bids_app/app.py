"""The whole story: words -> settings -> plan -> jobs -> reports -> exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bids_app import cli
from bids_app.errors import IO_ERROR, DeqiError

if TYPE_CHECKING:
    from bids_app.plan.inputs import Plan
    from bids_app.settings import Execution, Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; user errors are printed without a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
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


def _main(args: argparse.Namespace, words: list[str]) -> int:
    if args.demo:
        from bids_app.launch.demonstration import write_demonstration

        write_demonstration(args.demo)
        return 0
    if args.export_app:
        from bids_app.launch.apps import write_app

        write_app(args.export_app[0], Path(args.export_app[1]))
        print(f"Wrote {args.export_app[1]}; read its README.md.")
        return 0
    if args.preset == "list":
        from bids_app.launch.presets import listing

        print(listing(), end="")
        return 0
    from bids_app import settings
    from bids_app.plan.words import understand

    execution, tables = understand(args, words)

    chosen = settings.resolve(tables)
    if args.init_config:
        from bids_app.launch.configuration import write_configuration

        described = settings.described(chosen)
        write_configuration(args.init_config, execution.bids_dir, execution.derivatives, described)
        print(f"Wrote {args.init_config}. Read it, change it, and pass it on with --config {args.init_config}")
        return 0
    return _run(execution, chosen)


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
    failures = {} if execution.reports_only else _work(execution, plan) | _multiverse(execution, chosen)
    page = _report(execution, _people(plan))
    if failures and not _is_child():
        print(f"deqi: {len(failures)} failed; the others are done. Each has a record in "
              f"{execution.output_dir}/logs/failed", file=sys.stderr)  # fmt: skip
        for label, message in failures.items():
            print(f"  {label}: {message}", file=sys.stderr)
    if page and not _is_child():
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
    """Do the jobs; several participants go to child processes, one is done here."""
    from bids_app import report
    from bids_app.execute import children, jobs, prepare, progress
    from bids_app.settings import described

    prepare.choose_cache(execution.work_dir)
    if children.is_child():
        children.die_with_parent()
    else:
        tables = described(plan.settings)
        prepare.describe(execution.output_dir, plan.sources, plan.generated_by, tables)
        prepare.keep_notes(execution.output_dir, execution.level, plan.notes)
        mark = plan.settings.mark()
        report.write_citation(execution.output_dir, tables, mark)
        for note in (*plan.notes, *([mark] if mark else [])):
            progress.say(f"warning: {note}")
    people = _people(plan)
    if len(people) < 2:
        failures = jobs.run_jobs(plan.jobs, quiet=children.is_child())
    else:
        slots = children.slots(execution.nprocs, execution.memory_mb, len(people))
        failures = children.run_children(people, execution.argv, slots)
    if not children.is_child():
        jobs.settle(execution.output_dir, people, failures)
    return failures


def _multiverse(execution: Execution, chosen: Settings) -> dict[str, str]:
    """Do the other analyses that could have been chosen, and set them side by side at the group level."""
    if not execution.multiverse or _is_child():
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


def _report(execution: Execution, people: list[str]) -> Path | None:
    """Write the pages of what is on disk and return the one to open first."""
    from bids_app import report

    if execution.reports_only:
        _methods_again(execution.output_dir)
    # With several people each child has written the page of its own.
    if len(people) == 1 or execution.reports_only:
        report.write_participants(execution.output_dir, people)
    if _is_child():
        return None
    if execution.level == "group" or execution.reports_only:
        report.write_group(execution.output_dir)
    return report.write_index(execution.output_dir)


def _methods_again(output_dir: Path) -> None:
    """Write the methods text from the settings that the run left beside its results."""
    from bids_app import report, settings
    from bids_app.dataset.settings_words import read_file

    path = output_dir / "logs" / "settings.toml"
    if path.exists():
        made = settings.resolve(read_file(path))
        report.write_citation(output_dir, settings.described(made), made.mark())


def _is_child() -> bool:
    from bids_app.execute.children import is_child

    return is_child()
