"""Dask on this machine: a scheduler that is lost or was never there, workers of another version, TLS."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Ended, run_deqi, start_deqi
from fault_matrix import OPTIONS, Row, copy, healed, left, refused, same, told
from fault_matrix import said as said_by
from running import waited

DASK = Path(sys.executable).with_name("dask")


@contextmanager
def dask(folder, *scheduler, environment=None, workers=1):
    """Start a scheduler and workers; give the scheduler's process and its file."""
    file = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {**os.environ, **(environment or {})}}
    words = [DASK, "scheduler", "--no-dashboard", "--scheduler-file", file, "--host", "127.0.0.1", "--port", "0"]
    words += scheduler
    running = [subprocess.Popen(words, **quiet)]
    for _ in range(workers):
        words = [DASK, "worker", "--scheduler-file", file, "--nthreads", "1", "--no-dashboard", "--no-nanny",
                 "--local-directory", folder, "--death-timeout", "20"]  # fmt: skip
        running.append(subprocess.Popen(words, **quiet))
    try:
        waited(lambda: file.exists() and file.read_text())
        yield running[0], file
    finally:
        for process in running:
            process.kill()
            process.wait()


def test_the_scheduler_is_lost(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with dask(tmp_path) as (scheduler, file):
        words = [trial.root, out, "participant", *OPTIONS, "--dask-scheduler-file", file]
        command = [sys.executable, "-m", "bids_app", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as call:
            waited(lambda: list(out.glob("logs/done/sub-*")))
            scheduler.send_signal(signal.SIGKILL)
            text, _ = call.communicate(timeout=600)
    ended = Ended(call.returncode, text, "")
    refused(ended)
    assert ended.code == 75, text
    words = said_by(ended, "The Dask scheduler is gone. What it had finished is kept")
    left(out, 4)
    told("clusters", Row("the scheduler of Dask is lost", ended.code, words, "what was finished",
                         healed(trial, out, undisturbed.output)))  # fmt: skip


def test_ctrl_c_finishes_what_workers_do(undisturbed, tmp_path):
    """What runs elsewhere is waited for, what waits is not begun, and nothing goes on behind our back."""
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with dask(tmp_path) as (_, file):
        words = [trial.root, out, "participant", *OPTIONS, "--dask-scheduler-file", file]
        command = [sys.executable, "-m", "bids_app", *words]
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
        more["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
        with subprocess.Popen(list(map(str, command)), **more) as call:
            waited(lambda: list(out.glob("logs/begun/*")))
            os.killpg(call.pid, signal.SIGINT)
            text, _ = call.communicate(timeout=600)
    ended = Ended(call.returncode, text, "")
    refused(ended)
    assert ended.code == 130, text
    words, there = said_by(ended, "those that run are being finished"), left(out, 4)
    assert there.startswith("2"), there
    assert not list(out.glob("logs/begun/*"))
    told("clusters", Row("Ctrl-C while workers of Dask do participants", ended.code, words, there,
                         healed(trial, out, undisturbed.output)))  # fmt: skip


def test_no_scheduler_answers(undisturbed, tmp_path):
    file = tmp_path / "scheduler.json"
    file.write_text('{"address": "tcp://127.0.0.1:9"}')
    words = ["--dask-scheduler-file", file]
    ended = start_deqi(undisturbed.trial.root, tmp_path / "out", "participant", *OPTIONS, *words)
    refused(ended)
    assert ended.code == 75, ended.text
    words = said_by(ended, "does not answer")
    told("clusters", Row("no scheduler of Dask answers", 75, words, "nothing computed", "nothing to heal"))


@pytest.mark.parametrize("address", ["nonsense://x", "x", "tcp://"])
def test_an_address_that_is_none(address, undisturbed, tmp_path):
    ended = start_deqi(undisturbed.trial.root, tmp_path / "out", "participant", *OPTIONS, "--dask-scheduler", address)
    refused(ended)
    assert ended.code == 64, ended.text


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the keys")
def test_tls_and_the_same_bytes(undisturbed, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=deqi", "-keyout", key,
         "-out", certificate], check=True, capture_output=True,
    )  # fmt: skip
    prefix = "DASK_DISTRIBUTED__COMM__"
    settings = {f"{prefix}REQUIRE_ENCRYPTION": "true", f"{prefix}TLS__CA_FILE": str(certificate)}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        settings[f"{prefix}TLS__{role}__KEY"] = str(key)
        settings[f"{prefix}TLS__{role}__CERT"] = str(certificate)
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with dask(tmp_path, "--protocol", "tls", environment=settings) as (_, file):
        address = file.read_text()
        assert "tls://" in address
        plain = address.split('"address": "')[1].split('"')[0].replace("tls:", "tcp:")
        words = ["--dask-scheduler-file", file]
        ended = start_deqi(trial.root, out, "participant", *OPTIONS, *words, env=settings)
        assert ended.code == 0, ended.text
        stranger = start_deqi(trial.root, tmp_path / "x", "participant", *OPTIONS, "--dask-scheduler", plain)
    same(out, undisturbed.output)
    refused(stranger)
    assert stranger.code == 75


def test_words_that_mean_no_scheduler(undisturbed, tmp_path):
    ended = run_deqi(undisturbed.trial.root, tmp_path / "out", "participant", *OPTIONS, "--executor", "dask")
    assert ended.code == 64
    assert "--dask-scheduler ADDRESS" in ended.text
