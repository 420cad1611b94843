"""The script for Slurm on a real Slurm of two nodes: a job killed, a node lost, and the bytes of the laptop."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from conftest import run_deqi, start_deqi
from fault_matrix import Row, copy, left, told
from running import caller, calls_for, parent, waited
from slurm import Slurm, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

OPTIONS = ["--measures", "seed_correlation", "--seeds", "near:4,4,4:9", "far:-28,-28,12:9", "--n-permutations", "1100"]


@pytest.fixture(scope="module")
def laptop(analysed, tmp_path_factory):
    """The same call on this machine alone."""
    out = tmp_path_factory.mktemp("laptop") / "out"
    for level in ("participant", "group"):
        ended = run_deqi(analysed.trial.root, out, level, *OPTIONS)
        assert ended.code == 0, ended.text
    return out


@pytest.fixture
def cluster():
    with tempfile.TemporaryDirectory(prefix="deqi-slurm-", dir="/tmp") as folder, Slurm(Path(folder)) as slurm:
        yield slurm


def script(trial, out, folder, **settings):
    """Let deqi write the script and change settings at its top, as a user would."""
    path = folder / "run.sh"
    ended = start_deqi(trial.root, out, "participant", *OPTIONS, "--write-slurm-script", path)
    assert ended.code == 0, ended.text
    text = path.read_text()
    small = {
        "TIME": "00:20:00",
        "GROUP_TIME": "00:20:00",
        "GROUP_MEMORY": "2G",
        "CPUS": 1,
        "GROUP_CPUS": 1,
        "MEMORY": "1G",
    }
    for name, value in {**small, **settings}.items():
        text, changes = re.subn(rf"(?m)^{name}=\S+", f"{name}={value}", text)
        assert changes == 1, name
    path.write_text(text)
    return path


def run(path, cluster, *words):
    done = subprocess.run(
        ["bash", path, *words], env=cluster.environment, capture_output=True, text=True, check=False, timeout=6000
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def differences(out, reference):
    """Return files whose bytes differ, or that one of both lacks; what Slurm itself wrote lies in logs/slurm."""
    for folder in (out, reference):  # empty once what failed was done again; a killed job may not have got so far
        with suppress(OSError):
            (folder / "logs" / "failed").rmdir()
    # What was being written when a job was killed lies under a hidden name, which later work sweeps after an hour.
    done = subprocess.run(
        ["diff", "-rq", "-x", "slurm", "-x", ".*.tmp", reference, out], capture_output=True, text=True, check=False
    )
    return done.stdout


def test_a_killed_job_and_a_lost_node_cost_nothing(analysed, laptop, cluster, tmp_path):
    out = tmp_path / "out"
    path = script(analysed.trial, out, tmp_path, PARTICIPANTS_PER_TASK=2, GROUP_SHARES=3)
    said = run(path, cluster)
    assert "10 participants in 5 tasks" in said
    running = waited(lambda: re.findall(r"(?m)^(\d+_\d+) R n1$", cluster.says("squeue", "-h", "-r", "-o", "%i %t %N")))
    waited(lambda: list(out.glob("logs/done/sub-*")))
    subprocess.run(["scancel", "--signal=KILL", "--full", running[0]], env=cluster.environment, check=True)
    waited(lambda: re.findall(r"(?m) R n2$", cluster.says("squeue", "-h", "-r", "-o", "%i %t %N")))
    cluster.lose("n2")
    assert cluster.idle(150), cluster.says("squeue")
    status = run(path, cluster, "status")
    lost = re.search(r"(\d+) of 20 sessions are done, (\d+) failed, (\d+) missing", status)
    assert lost, status
    again = run(path, cluster)
    assert f"{len(missing(analysed.trial, out))} participants in" in again or "Every participant is done" in again
    assert cluster.idle(150), cluster.says("squeue")
    assert "20 of 20 sessions are done" in run(path, cluster, "status")
    assert not differences(out, laptop)
    for fault in ("a Slurm job is killed", "a node of Slurm is lost"):
        told("clusters", Row(fault, 0, "", "the other jobs go on; those of a lost node start elsewhere",
                             "bash run.sh: exit 0, same bytes as the laptop's"))  # fmt: skip


def test_the_group_waits_for_everybody_if_that_is_asked(undisturbed, cluster, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    for label in trial.people:
        for session in ("pre", "post"):
            trial.file(label, session, "bold").write_bytes(b"x")
    path = script(trial, out, tmp_path, GROUP_AFTER="afterok", GROUP_SHARES=1)
    run(path, cluster)
    twice = subprocess.run(["bash", path], env=cluster.environment, capture_output=True, text=True, check=False)
    assert twice.returncode == 75
    assert "queued or running" in twice.stderr
    assert cluster.idle(60), cluster.says("squeue")
    logs = {file.name.partition("-1")[0]: file.read_text() for file in out.glob("logs/slurm/*.txt")}
    assert not [name for name in logs if "group" in name or "share" in name], logs
    status = run(path, cluster, "status")
    assert "0 of 4 sessions are done, 4 failed, 0 missing" in status
    record = json.loads(next(out.glob("logs/failed/*.json")).read_text())
    assert re.fullmatch(r"\d+_0", record["BatchJob"])


def missing(trial, out):
    """Return who is not done, as `--status --missing` lists them."""
    ended = run_deqi(trial.root, out, "participant", *OPTIONS, "--status", "--missing")
    assert ended.code == 0
    return ended.out.split()


ALLOCATION = """#!/bin/bash
#SBATCH --nodes=2
#SBATCH --ntasks=2
#SBATCH --time=00:10:00
cd {folder}
{dask} scheduler --host 127.0.0.1 --port 0 --no-dashboard --scheduler-file scheduler.json &
while [ ! -s scheduler.json ]; do sleep 0.1; done
srun --ntasks=2 --ntasks-per-node=1 --kill-on-bad-exit=0 {dask} worker --scheduler-file scheduler.json --nthreads 1 \\
  --no-dashboard --local-directory /tmp --death-timeout 20
"""


def test_dask_in_an_allocation_survives_a_killed_worker(analysed, laptop, cluster, tmp_path):
    out = tmp_path / "out"
    job = tmp_path / "dask.sbatch"
    job.write_text(ALLOCATION.format(folder=tmp_path, dask=Path(sys.executable).with_name("dask")))
    subprocess.run(
        ["sbatch", "-o", tmp_path / "dask.txt", job], env=cluster.environment, check=True, capture_output=True
    )
    file = tmp_path / "scheduler.json"
    waited(lambda: file.exists() and file.read_text())
    words = ["--dask-scheduler-file", file]
    command = [sys.executable, "-m", "bids_app", analysed.trial.root, out, "participant", *OPTIONS, *words]
    with subprocess.Popen(list(map(str, command)), stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True) as call:
        of_second = partial(calls_for, *analysed.trial.people, SLURMD_NODENAME="n2")
        worker = waited(lambda: next(filter(lambda n: parent(n) > 1, map(caller, of_second())), 0))
        for number in (parent(worker), worker):  # the nanny first, for it would start another
            os.kill(number, signal.SIGKILL)
        text, _ = call.communicate(timeout=600)
    assert call.returncode == 0, text
    assert "Traceback" not in text
    there = left(out, 20)
    ended = run_deqi(analysed.trial.root, out, "group", *OPTIONS, *words)
    assert ended.code == 0, ended.text
    assert "share 1 of 2 done" in ended.text  # one worker is left
    assert not differences(out, laptop)
    told("clusters", Row("a worker of Dask is killed", call.returncode, "", f"{there}: another worker takes over",
                         "nothing to heal: same bytes as the laptop's"))  # fmt: skip
