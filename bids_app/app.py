"""The whole story: words -> settings -> plan -> jobs -> reports -> exit code."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bids_app import __version__, cli
from bids_app.errors import IO_ERROR, DeqiError
from bids_app.execute.call_messages import written
from bids_app.launch.console import console

if TYPE_CHECKING:
    from bids_app.plan.inputs import JobPlan
    from bids_app.settings import Settings
    from bids_app.vocabulary.options.execution import Execution


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; user errors are printed without a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)
    try:
        with console():
            return _main(cli.parse(words), words)
    except DeqiError as error:
        _refuse(str(error))
        print(f"  More: deqi --explain {error.anchor}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of what we print has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 128 + signal.SIGPIPE
    except OSError as error:
        _refuse(f"{error}. A file or folder cannot be used; check that it is there and your rights.")
        return IO_ERROR
    except Exception as error:  # noqa: BLE001  (users never meet a traceback)
        return _unexpected(error, words)
    except KeyboardInterrupt:
        _refuse("stopped. Finished work is kept; the same command goes on from there.")
        return 130


def _refuse(text: str) -> None:
    print(written(text, "refused"), file=sys.stderr)


def _unexpected(error: Exception, words: Sequence[str]) -> int:
    """Say that something unforeseen happened, keep what developers need in a file, and return the exit code."""
    import tempfile
    import traceback

    text = f"deqi {__version__} {shlex.join(words)}\n\n" + "".join(traceback.format_exception(error))
    kept = "was not kept"
    with contextlib.suppress(OSError):
        number, name = tempfile.mkstemp(prefix="deqi-unexpected-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
        kept = f"stands in {name}; please report it with that file"
    _refuse(
        f"unexpected {type(error).__name__}: {error}. That is a fault of deqi, not of your data or words. What led to "
        f"it {kept}. Finished work is kept."
    )
    return 1


def _end(number: int, _: object) -> None:
    """End at once, as batch systems and `docker stop` ask: files appear whole or not at all, so nothing is lost."""
    os.write(2, b"deqi: ended by SIGTERM. Finished work is kept; the same command goes on from there.\n")
    os._exit(128 + number)


def _main(args: argparse.Namespace, words: list[str]) -> int:
    if not (args.verbose or sys.warnoptions):
        # What a warning of a library means for results is said in messages of ours.
        warnings.simplefilter("ignore")
    if _helped(args):
        return 0
    from bids_app import settings
    from bids_app.plan.command_line import understand

    execution, tables = understand(args, words)
    if execution.status:
        from bids_app.plan.status import print_status

        print_status(execution, tables)
        return 0
    chosen = settings.resolve(tables)
    if args.write_slurm_script:
        from bids_app.dataset.path_safety import check_folders
        from bids_app.launch.slurm_script import require_host, write_script

        require_host()
        check_folders(execution.bids_dir, execution.output_dir, execution.work_dir, execution.derivatives)
        write_script(args.write_slurm_script, words)
        print(f"Wrote {args.write_slurm_script}. Look through its settings, then: bash {args.write_slurm_script}")
        return 0
    if args.lock:
        from bids_app.plan.preregistration import lock_plan

        sealed = lock_plan(execution, chosen, args.lock, after=args.lock_after_unblinding)
        print(f"Sealed {args.lock}: SHA-256 {sealed}. Register it somewhere; hold results against it with --plan.")
        return 0
    if args.init_config:
        from bids_app.plan.configuration import write_configuration

        questions = write_configuration(args.init_config, execution, chosen)
        print(f"Wrote {args.init_config}. Read it, change it, and pass it on with --config {args.init_config}")
        for question in questions:
            print(f"Question: {question}")
        return 0
    return _run(execution, chosen)


def _helped(args: argparse.Namespace) -> bool:
    """Do what needs no dataset, and tell whether that was asked for."""
    if args.demo:
        _demonstrate(*args.demo[:-1], place=Path(args.demo[-1]))
    elif args.export_app:
        from bids_app.launch.platform_apps import write_app

        write_app(args.export_app[0], Path(args.export_app[1]))
        print(f"Wrote {args.export_app[1]}; read its README.md.")
    elif args.explain:
        from bids_app.errors import explanation

        print(explanation(args.explain), end="")
    elif args.check_claims:
        from bids_app.report.text.claim_check import check

        print(check(args.check_claims), end="")
    elif args.preset == "list":
        from bids_app.launch.presets import listing

        print(listing(), end="")
    else:
        return False
    return True


def _demonstrate(kind: str = "", *, place: Path) -> None:
    """Write a demonstration: of a kind, or the one of fMRI, whose plan is sealed."""
    if kind:
        from importlib import import_module

        import_module(f"bids_app.launch.demo.{kind}").write_demonstration(place)
        return
    from bids_app.launch.demo.dataset import write_demonstration

    write_demonstration(place)
    _seal_demonstration(place)


def _seal_demonstration(place: Path) -> None:
    """Seal the plan of the demonstration: its settings were written before its arms were drawn."""
    from bids_app import settings
    from bids_app.dataset.settings_toml import read_file
    from bids_app.plan.preregistration import write_locked_plan
    from bids_app.vocabulary.options.execution import Execution

    code = place / "code"
    (code / "plan.json").unlink(missing_ok=True)
    chosen = settings.resolve(read_file(code / "analysis.toml"))
    write_locked_plan(
        Execution(bids_dir=place, output_dir=place / "out", level="group"), chosen, code / "plan.json", late=False
    )


def _run(execution: Execution, chosen: Settings) -> int:
    from bids_app.dataset.path_safety import check_folders
    from bids_app.launch import preprocess

    check_folders(execution.bids_dir, execution.output_dir, execution.work_dir, execution.derivatives)
    if execution.preproc != "none" and execution.level == "participant":
        execution = preprocess.provide(execution, chosen.dataset.space, chosen.dataset.tasks)
        if execution.preproc == "print":
            return 0
    plan = _plan(execution, chosen)
    if execution.dry_run:
        from bids_app.plan import dry_run

        none = dry_run.print_plan(plan, execution)
        dry_run.print_alternatives(chosen.multiverse.specifications() if execution.multiverse else [])
        _raise(plan.postponed)
        return int(none)
    from bids_app.dispatch import multiverse, people_of, run_plan
    from bids_app.execute.pages import write_pages
    from bids_app.execute.subprocess_call import is_child

    failures = {} if execution.reports_only else run_plan(execution, plan) | multiverse(execution, chosen)
    if failures and not is_child():
        print(written(f"deqi: {len(failures)} failed. Each has a record in {execution.output_dir}/logs/failed"),
              file=sys.stderr)  # fmt: skip
        for label, message in failures.items():
            print(written(f"  {label}: {message}"), file=sys.stderr)
    page = None if execution.share else write_pages(execution, people_of(plan))
    if page:
        print(f"Report: {page}")
    _raise(plan.postponed)
    return 1 if failures or _none_left(plan) else 0


def _raise(error: Exception | None) -> None:
    if error:
        raise error


def _none_left(plan: JobPlan) -> bool:
    """Say so where no session of a participant level can be used."""
    from bids_app.execute.subprocess_call import is_child
    from bids_app.plan.session_gates import none_left, reasons_left_out
    from bids_app.vocabulary.job import ParticipantJob

    jobs = [job for job in plan.jobs if isinstance(job, ParticipantJob)]
    said = "" if is_child() else none_left(jobs, reasons_left_out(jobs))
    if said:
        _refuse(said)
    return bool(said)


def _plan(execution: Execution, chosen: Settings) -> JobPlan:
    # Only the level that runs is imported.
    if execution.level == "participant":
        from bids_app.plan.participant import plan_participants

        return plan_participants(execution, chosen)
    from bids_app.execute.output_dataset import choose_cache

    choose_cache(execution.work_dir)  # before anything imports the compiler, which looks for it once
    if execution.level == "meta":
        from bids_app.plan.meta import plan_meta

        return plan_meta(execution, chosen)
    from bids_app.plan.group import plan_group

    return plan_group(execution, chosen)
