"""Killed at any moment, or run twice at once: nothing half written, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import FAST, ROOT, run_deqi
from synthetic import write_trial


@pytest.mark.parametrize("delay", [0.5, 1.0, 1.6])
def test_a_killed_run_leaves_no_partial_file_and_is_finished_by_the_next(tmp_path, delay):
    trial = write_trial(tmp_path / "data", per_arm=2)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "bids_app", str(trial.root), str(out), "participant", *FAST]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as child:
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
    time.sleep(1.0)  # its own children notice that they are alone
    done = {p: p.stat().st_mtime_ns for p in out.glob("logs/done/*.json")}
    again = run_deqi(*command[3:])
    assert again.code == 0, again.err
    assert len(list(out.glob("logs/done/*.json"))) == 8
    assert {p: p.stat().st_mtime_ns for p in done} == done
    clean = tmp_path / "clean"
    run_deqi(trial.root, clean, "participant", *FAST)
    for path in clean.rglob("*.nii.gz"):
        assert (out / path.relative_to(clean)).read_bytes() == path.read_bytes()


def test_two_runs_side_by_side_do_no_harm(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=1)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "bids_app", str(trial.root), str(out), "participant", *FAST]
    pair = [subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) for _ in range(2)]
    said = [child.communicate()[1].decode() for child in pair]
    assert [child.returncode for child in pair] == [0, 0], said
    assert len(list(out.glob("logs/done/*.json"))) == 4
    assert not list(out.rglob(".*.tmp"))


def test_a_failure_is_forgotten_when_it_is_mended(trial, tmp_path):
    out = tmp_path / "out"
    sidecar = trial.file("01", "pre", "sidecar")
    text = sidecar.read_text()
    sidecar.write_text("{}")
    assert run_deqi(trial.root, out, "participant", *FAST).code == 1
    assert len(list(out.glob("logs/failed/*.json"))) == 1
    assert "RepetitionTime" in (out / "index.html").read_text()
    sidecar.write_text(text)
    ended = run_deqi(trial.root, out, "participant", *FAST)
    assert ended.code == 0
    assert not list(out.glob("logs/failed/*.json"))
    assert "RepetitionTime" not in (out / "index.html").read_text()


def test_reports_of_nothing_say_so(trial, tmp_path):
    ended = run_deqi(trial.root, tmp_path / "out", "participant", *FAST, "--reports-only")
    assert ended.code == 0, ended.err
    assert "No participants yet" in (tmp_path / "out" / "index.html").read_text()


def test_run_py_is_the_same_program():
    ended = subprocess.run([sys.executable, ROOT / "run.py", "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout == run_deqi("--version").out


def test_relative_paths_work_from_any_folder(trial, tmp_path):
    ended = run_deqi(os.path.relpath(trial.root, tmp_path), "out", "participant", *FAST, cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert (tmp_path / "out" / "index.html").exists()
