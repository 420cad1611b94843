"""Processes that are killed, run out of memory or are stopped by hand, for real."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import FAST
from fault_matrix import Row, copy, healed, left, refused, said, told
from running import child_of, ended, gone, started, waited
from synthetic import hash_of, write_run

KILLS = [
    ("killed (SIGKILL), as when memory runs out", signal.SIGKILL, "probably out of memory"),
    ("ended by SIGTERM", signal.SIGTERM, "ended from outside by SIGTERM"),
    ("crashes (SIGSEGV)", signal.SIGSEGV, "crashed (SIGSEGV)"),
]


@pytest.mark.parametrize(("fault", "number", "message"), KILLS, ids=[kill[0] for kill in KILLS])
def test_the_process_of_one_participant_ends(fault, number, message, undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with started(trial, out, "--nprocs", "2") as process:
        own = child_of(process, "01")
        time.sleep(0.3)  # memory is looked at five times a second
        os.kill(own, number)
        result = ended(process)
    refused(result)
    assert result.code == 1, result.text
    words = said(result, message)
    record = json.loads((out / "logs" / "failed" / "sub-01.json").read_text())
    assert message in record["Message"]
    assert record["ExitCode"] in (-number, 128 + number)
    assert record["Host"]
    assert record["PeakMemoryMB"] > 0
    there = left(out, 4, writing=True)
    told("processes", Row(f"a participant's process {fault}", result.code, words, there,
                          healed(trial, out, undisturbed.output)))  # fmt: skip


@contextmanager
def little_memory(megabytes):
    """Give what puts a process under a limit of the kernel: a control group whose worst process it kills.

    Where none can be made, memory that a process asks for is limited instead, and Python says so by itself.
    """
    group = Path("/sys/fs/cgroup/memory") / f"deqi-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        limit = (megabytes + 1500) * 10**6  # addresses, of which libraries take many
        yield lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        return
    try:
        (group / "memory.limit_in_bytes").write_text(str(megabytes * 10**6))
        yield lambda: (group / "cgroup.procs").write_text("0")
    finally:
        waited(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


def test_a_participant_that_does_not_fit_into_memory(undisturbed, tmp_path):
    """One run needs more than the kernel gives, and the others fit."""
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    stem = "sub-01_ses-pre_task-rest"
    write_run(trial.func("01", "pre"), stem, seed=1, frames=9000)
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    with little_memory(200) as limit, started(trial, out, "--nprocs", "1", env=alone, preexec_fn=limit) as process:
        result = ended(process)
    refused(result)
    assert result.code == 1, result.text
    words, there = said(result, "out of memory"), left(out, 4, writing=True)
    write_run(trial.func("01", "pre"), stem, seed=hash_of("01", "pre"))
    told("processes", Row("a run needs more memory than the kernel gives", result.code, words, there,
                          healed(trial, out, undisturbed.output)))  # fmt: skip


def test_the_parent_is_killed_and_its_children_end(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with started(trial, out, "--nprocs", "2") as process:
        own = child_of(process, "01"), child_of(process, "02")
        process.kill()
        process.wait()
        waited(lambda: all(gone(number) for number in own))
    left(out, 4, writing=True)
    told("processes", Row("deqi itself is killed (SIGKILL)", -9, "", "children end; no file is half written",
                          healed(trial, out, undisturbed.output)))  # fmt: skip


def test_deqi_is_asked_to_end(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with started(trial, out, "--nprocs", "2") as process:
        own = child_of(process, "01")
        process.terminate()
        result = ended(process)
        waited(lambda: gone(own))
    refused(result)
    assert result.code == 143
    words = said(result, "ended by SIGTERM. Finished work is kept")
    told("processes", Row("deqi itself is ended by SIGTERM, as `docker stop` does", result.code, words,
                          "its children end at once", healed(trial, out, undisturbed.output)))  # fmt: skip


def test_ctrl_c_once_finishes_what_runs(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with started(trial, out, "--nprocs", "1", start_new_session=True) as process:
        child_of(process, "01")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the whole foreground
        result = ended(process)
    refused(result)
    assert result.code == 130
    words, there = said(result, "those that run are being finished"), left(out, 4)
    assert there.startswith("2"), there  # both sessions of the one that ran, none of the one that waited
    told("processes", Row("Ctrl-C once", result.code, words, there, healed(trial, out, undisturbed.output)))


def test_ctrl_c_twice_ends_at_once(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with started(trial, out, "--nprocs", "1", start_new_session=True) as process:
        own = child_of(process, "01")
        os.kill(own, signal.SIGSTOP)  # it would never be finished
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)
        result = ended(process)
        assert gone(own)
    refused(result)
    assert result.code == 130
    words = said(result, "the same command goes on from there")
    told("processes", Row("Ctrl-C twice", result.code, words, "the running participant is ended",
                          healed(trial, out, undisturbed.output)))  # fmt: skip


def test_stop_on_first_crash_starts_nobody_else(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    whole = trial.file("01", "pre", "bold").read_bytes()
    trial.file("01", "pre", "bold").write_bytes(whole[:1000])
    with started(trial, out, "--nprocs", "1", "--stop-on-first-crash") as process:
        result = ended(process)
    refused(result)
    assert result.code == 1
    words, there = said(result, "1 participants were not started, because of --stop-on-first-crash"), left(out, 4)
    trial.file("01", "pre", "bold").write_bytes(whole)
    told("processes", Row("a failure under --stop-on-first-crash", result.code, words, there,
                          healed(trial, out, undisturbed.output)))  # fmt: skip


def test_no_socket_is_opened(analysed, tmp_path):
    """The local executor needs no network, not even of this machine; pairs join parents and children, no addresses."""
    program = tmp_path / "sitecustomize.py"
    program.write_text(
        "import sys\n"
        "def forbid(event, arguments):\n"
        "    pair = event == 'socket.__new__' and arguments[1] == 1  # AF_UNIX\n"
        "    pair |= event == 'socket.sendmsg' and arguments[0].family == 1 and arguments[1] is None\n"
        "    if event.startswith('socket.') and event != 'socket.gethostname' and not pair:\n"
        "        raise SystemExit(f'network: {event} {arguments}')\n"
        "sys.addaudithook(forbid)\n"
    )
    trial, out = copy(analysed.trial, tmp_path / "data"), tmp_path / "out"
    shutil.copytree(analysed.output, out)
    for path in [*out.glob("logs/done/sub-0[12]*"), *out.glob("logs/done/group_*")]:
        path.unlink()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    proof = subprocess.run([sys.executable, "-c", "import socket; socket.socket()"], env=environment, check=False)
    assert proof.returncode == 1
    for level, *words in (
        ("participant", "--participant-label", "01", "02"),
        ("group",),
        ("group", "--reports-only"),
    ):
        with started(trial, out, *FAST, *words, level=level, env=environment) as process:
            result = ended(process)
        assert result.code == 0, result.text
        assert "network:" not in result.text
