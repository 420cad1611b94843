"""Calls that are forked from a process with everything imported: as separate as those that are started anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bids_app.execute import subprocess_call, warm_process


@pytest.fixture(autouse=True)
def anew():
    yield
    warm_process._forget()


def environment(**more):
    return {**subprocess_call.environment(), **more}


def said(child):
    text = b""
    while chunk := os.read(child.said, 1 << 16):
        text += chunk
    return text.decode(), child.wait()


def test_a_call_says_and_ends_as_one_that_is_started_anew(tmp_path):
    for words in (["--version"], ["--help"], [str(tmp_path / "no"), str(tmp_path / "out"), "participant"]):
        child = warm_process.start(words, str(tmp_path), environment())
        assert child
        alone = subprocess.run(
            [sys.executable, "-P", "-m", "bids_app", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=tmp_path, env=environment(), check=False, text=True,
        )  # fmt: skip
        assert said(child) == (alone.stdout, alone.returncode)


def test_what_one_call_imported_the_next_finds(tmp_path):
    first = warm_process.start(["--explain", "usage"], str(tmp_path), environment())
    said(first)
    second = warm_process.start([str(tmp_path), str(tmp_path / "out"), "participant"], str(tmp_path), environment())
    text, code = said(second)
    assert code, text
    third = warm_process.start(["--version"], str(tmp_path), environment())
    server = Path(f"/proc/{warm_process._warm[0][1].pid}/maps").read_text()
    said(third)
    assert "numpy" in server  # which the second needed and the process that forks does not


def test_a_killed_call_is_told_by_its_signal_and_costs_itself_alone(tmp_path):
    fifo = tmp_path / "data"
    os.mkfifo(fifo)  # who opens it waits
    child = warm_process.start(["--config", str(fifo), "x", "y", "group"], str(tmp_path), environment())
    os.kill(child.pid, signal.SIGKILL)
    assert said(child) == ("", -signal.SIGKILL)
    assert said(warm_process.start(["--version"], str(tmp_path), environment()))[1] == 0


def test_who_asks_in_vain_does_not_end_those_that_run(tmp_path, monkeypatch):
    """A call that cannot be forked is started anew, and the process that forks stays, for others wait for it."""
    fifo = tmp_path / "data"
    os.mkfifo(fifo)
    waiting = warm_process.start(["--config", str(fifo), "x", "y", "group"], str(tmp_path), environment())
    process = warm_process._warm[0][1]
    warm_process._forget(ended=True)
    assert warm_process._warm[0][1] is process
    os.kill(waiting.pid, signal.SIGTERM)
    assert said(waiting)[1] in (-signal.SIGTERM, 128 + signal.SIGTERM)


def test_the_end_of_the_process_that_forks_is_seen_while_calls_run(tmp_path):
    """No call holds its end of the link open: the next call does not wait for those that run."""
    fifo = tmp_path / "data"
    os.mkfifo(fifo)
    waiting = warm_process.start(["--config", str(fifo), "x", "y", "group"], str(tmp_path), environment())
    warm_process._warm[0][1].kill()
    warm_process._warm[0][1].wait()
    assert warm_process.start(["--version"], str(tmp_path), environment()) is None
    os.kill(waiting.pid, signal.SIGKILL)
    assert said(waiting) == ("", 1)  # its code is lost with the process


def test_calls_go_on_where_nothing_can_be_forked(tmp_path, monkeypatch):
    """The process that forks is killed: the call that asks it is started anew, and the next has another."""
    said(warm_process.start(["--version"], str(tmp_path), environment()))
    warm_process._warm[0][1].kill()
    warm_process._warm[0][1].wait()
    monkeypatch.chdir(tmp_path)
    ended = subprocess_call.run_child(["--version"], str(tmp_path), "batch", stop_early=False)
    assert ended.code == 0
    assert "deqi" in ended.lines[0]
    assert said(warm_process.start(["--version"], str(tmp_path), environment()))[1] == 0
    assert warm_process.start(["x" * warm_process.LONGEST], str(tmp_path), environment()) is None
