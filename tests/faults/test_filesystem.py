"""Disks that are full, read-only or gone, clocks, users and surroundings: brought about for real, as root on Linux."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import FAST, Ended, run_deqi, start_deqi
from fault_matrix import OPTIONS, Row, copy, healed, left, refused, said, same, told
from running import waited

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"), reason="needs root and unshare")
NOBODY = 65534


def deqi(trial, out, *words, before=(), **more):
    """Run deqi in a process started anew, maybe by another program."""
    command = [*before, sys.executable, "-m", "bids_app", trial.root, out, "participant", *OPTIONS, *words]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=600, **more)
    return Ended(done.returncode, done.stdout, done.stderr)


AS_USER = """
set -e
user=$1 base=$2 closed=$3 keep=$4
shift 4
if [ -n "$closed" ]; then
  mount --bind "$base" "$keep"
  mount -t tmpfs -o mode=755 none "$closed"
  mkdir -p "$base"
  mount --bind "$keep" "$base"
fi
exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
"""


def as_user(user, folder):
    """Return how to start a program as another user, who may pass the folders above the interpreter there alone."""
    base = Path(sys.base_prefix).resolve()
    closed = next((str(p) for p in reversed(base.parents) if not p.stat().st_mode & 1), "")
    keep = folder / f"interpreter-{user}"
    keep.mkdir(exist_ok=True)
    before = ["unshare", "--mount", "sh", "-c", AS_USER, "sh", str(user), str(base), closed, str(keep)]
    return {"before": before, "cwd": folder, "env": {**os.environ, "HOME": "/nonexistent"}}


@contextlib.contextmanager
def disk(place, size):
    """Mount a disk of a certain size, in memory."""
    place.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"nothing can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def remount(place, option):
    subprocess.run(["mount", "-o", f"remount,{option}", place], check=True)


@pytest.fixture
def open_folder(undisturbed):
    """A copy in a folder that every user may pass."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield copy(undisturbed.trial, folder / "data"), folder


@ROOT_ONLY
def test_the_disk_is_full(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with disk(out, "200k"):
        ended = deqi(trial, out)
        refused(ended)
        assert ended.code in (1, 73), ended.text
        words = said(ended, "No space left for")
        left(out, 4)
        remount(out, "size=50m")
        told("places", Row("the disk of OUTPUT_DIR is full", ended.code, words, "no file is half written",
                           healed(trial, out, undisturbed.output)))  # fmt: skip


@ROOT_ONLY
def test_the_output_is_read_only(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with disk(out, "50m"):
        remount(out, "ro")
        ended = deqi(trial, out)
        refused(ended)
        words = said(ended, "cannot be written (Read-only file system)")
        assert not list(out.iterdir())
        remount(out, "rw")
        told("places", Row("OUTPUT_DIR is read-only", ended.code, words, "nothing",
                           healed(trial, out, undisturbed.output)))  # fmt: skip


def test_the_output_is_removed_while_it_is_written(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    command = [sys.executable, "-m", "bids_app", trial.root, out, "participant", *OPTIONS, "--nprocs", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        waited(lambda: list(out.glob("logs/done/sub-01*")))
        shutil.rmtree(out, ignore_errors=True)
        text, _ = process.communicate()
    ended = Ended(process.returncode, text, "")
    refused(ended)
    assert ended.code == 73, text
    words = said(ended, "was removed or emptied while it was written")
    told("places", Row("OUTPUT_DIR is removed while it is written", ended.code, words, "what was written since",
                       healed(trial, out, undisturbed.output)))  # fmt: skip


@ROOT_ONLY
def test_one_input_may_not_be_read(undisturbed, open_folder):
    trial, folder = open_folder
    out = folder / "out"
    out.mkdir()
    os.chown(out, NOBODY, NOBODY)
    trial.file("01", "pre", "bold").chmod(0)
    ended = deqi(trial, out, **as_user(NOBODY, folder))
    refused(ended)
    words, there = said(ended, "may not be read by user"), left(out, 4)
    trial.file("01", "pre", "bold").chmod(0o644)
    told("places", Row("one input may not be read", ended.code, words, there, healed(trial, out, undisturbed.output)))


@ROOT_ONLY
def test_another_user_without_the_right_to_write(undisturbed, open_folder):
    trial, folder = open_folder
    out = folder / "out"
    assert deqi(trial, out, "--participant-label", "01").code == 0  # root's
    ended = deqi(trial, out, **as_user(NOBODY, folder))
    refused(ended)
    assert ended.code == 73
    words, there = said(ended, "cannot be written (Permission denied)"), left(out, 4)
    told("places", Row("OUTPUT_DIR belongs to another user", ended.code, words, there,
                       healed(trial, out, undisturbed.output)))  # fmt: skip


@ROOT_ONLY
def test_two_users_write_at_once(undisturbed, open_folder):
    trial, folder = open_folder
    out = folder / "out"
    out.mkdir()
    out.chmod(0o2777)
    with ThreadPoolExecutor(2) as pool:
        pair = list(pool.map(lambda user: deqi(trial, out, umask=0, **as_user(user, folder)), (NOBODY, NOBODY - 1)))
    for ended in pair:
        refused(ended)
        assert ended.code == 0, ended.text
    told("places", Row("two users write the same at once, with the right to", 0, "", left(out, 4),
                       healed(trial, out, undisturbed.output)))  # fmt: skip


SURROUNDINGS = [
    ("HOME is not set", {"HOME": None}),
    ("HOME does not exist", {"HOME": "/nonexistent/home"}),
    ("locale C, text not UTF-8", {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    ("an empty PATH", {"PATH": ""}),
    ("TMPDIR does not exist", {"TMPDIR": "/nonexistent/tmp"}),
]


@pytest.mark.parametrize(("fault", "change"), SURROUNDINGS, ids=[row[0] for row in SURROUNDINGS])
def test_poor_surroundings(fault, change, undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "Daten ä" / "data"), tmp_path / "Daten ä" / "out"
    environment = {key: value for key, value in {**os.environ, **change}.items() if value is not None}
    ended = deqi(trial, out, env=environment)
    refused(ended)
    assert ended.code == 0, ended.text
    same(out, undisturbed.output)
    told("places", Row(fault, ended.code, "", left(out, 4), "nothing to heal"))


@ROOT_ONLY
def test_no_shared_memory_and_a_full_temporary_folder(undisturbed, open_folder):
    trial, folder = open_folder
    out, small = folder / "out", folder / "small"
    with disk(small, "4k"):
        with contextlib.suppress(OSError):
            (small / "full").write_bytes(bytes(1 << 16))
        covered = 'mount -t tmpfs -o ro,size=4k none /dev/shm && exec "$@"'
        before = ["unshare", "--mount", "sh", "-c", covered, "sh"]
        ended = deqi(trial, out, before=before, env={**os.environ, "TMPDIR": str(small)}, cwd=folder)
    refused(ended)
    assert ended.code == 0, ended.text
    same(out, undisturbed.output)
    for fault in ("/dev/shm cannot be used", "TMPDIR is full"):
        told("places", Row(fault, ended.code, "", left(out, 4), "nothing to heal"))


@ROOT_ONLY
def test_a_home_that_is_full(before_the_group, tmp_path):
    """The folder of compiled kernels: the group level does without."""
    (trial, out), home = before_the_group, tmp_path / "home"
    with disk(home, "4k"):
        with contextlib.suppress(OSError):
            (home / "full").write_bytes(bytes(1 << 16))
        words = [*FAST, "--n-permutations", "20", "--set", "inference.tfce=none"]  # fewer kernels to compile
        ended = start_deqi(trial.root, out, "group", *words, env={"HOME": str(home)})
    refused(ended)
    assert ended.code == 0, ended.text
    told("places", Row("HOME is full", ended.code, "", left(out, 1, "group_*"), "nothing to heal"))


def records(out):
    return sorted(out.glob("logs/done/sub-*.json"))


def made_again(trial, out):
    """Run deqi again and return how it ended, and the records of sessions that it renewed."""
    before = {path: path.stat().st_mtime_ns for path in records(out)}
    ended = run_deqi(trial.root, out, "participant", *OPTIONS)
    refused(ended)
    return ended, [path.name for path in records(out) if path.stat().st_mtime_ns != before.get(path)]


def other_motion(trial):
    """Change the confounds of one session."""
    table = trial.file("01", "pre", "confounds")
    head, *lines = table.read_text().splitlines()
    table.write_text("\n".join([head, *(line.replace("0.0", "0.1") for line in lines)]) + "\n")
    return table


def test_the_clock_goes_backwards(undisturbed, done):
    trial, out = done
    for path in [*out.rglob("*"), *trial.root.rglob("*")]:
        os.utime(path, (4e9, 4e9))  # written in 2096
    table = other_motion(trial)
    os.utime(table, (1e9, 1e9))  # and changed since, in their past
    ended, renewed = made_again(trial, out)
    assert [name.partition("_task")[0] for name in renewed] == ["sub-01_ses-pre"]
    there = f"{left(out, 4)}: what changed is made again, whatever the times say"
    shutil.copy2(undisturbed.trial.file("01", "pre", "confounds"), table)
    told("places", Row("the clock goes backwards", ended.code, "", there, healed(trial, out, undisturbed.output)))


def test_an_input_changed_between_runs(undisturbed, done):
    trial, out = done
    table = other_motion(trial)
    ended, renewed = made_again(trial, out)
    words = said(ended, "1 of 2 participants are done already")
    assert [name.partition("_task")[0] for name in renewed] == ["sub-01_ses-pre"]
    shutil.copy2(undisturbed.trial.file("01", "pre", "confounds"), table)
    told("places", Row("an input changed between runs", ended.code, words, "that session, and no other, is made again",
                       healed(trial, out, undisturbed.output)))  # fmt: skip


def test_results_of_another_version(undisturbed, done):
    trial, out = done
    stale = out / "sub-01" / "ses-pre" / "func" / "sub-01_ses-pre_task-rest_desc-old_statmap.nii.gz"
    stale.write_bytes(b"old")
    for path in records(out):
        content = json.loads(path.read_text())
        content |= {"Fingerprint": "of-another-version", "Version": "0.0.1"}
        content["Outputs"] += [str(stale.relative_to(out))] if "sub-01_ses-pre" in path.name else []
        path.write_text(json.dumps(content))
    ended, renewed = made_again(trial, out)
    assert not stale.exists()
    assert len(renewed) == 4
    told("places", Row("results of another version lie in OUTPUT_DIR", ended.code, "", f"{left(out, 4)}, made again",
                       healed(trial, out, undisturbed.output)))  # fmt: skip


DAMAGES = [
    ("a record of finished work breaks off", lambda out: records(out)[0].write_text('{"Fingerpr')),
    ("a map is 0 bytes", lambda out: next(out.glob("sub-01/ses-pre/func/*statmap.nii.gz")).write_bytes(b"")),
    ("a map is gone", lambda out: next(out.glob("sub-01/ses-pre/func/*statmap.nii.gz")).unlink()),
    ("the page of a person was never written", lambda out: (out / "sub-01.html").unlink()),
    ("the overview was never written", lambda out: (out / "index.html").unlink()),
    ("all of logs is gone", lambda out: shutil.rmtree(out / "logs")),
]


@pytest.mark.parametrize(("fault", "damage"), DAMAGES, ids=[row[0] for row in DAMAGES])
def test_damaged_results(fault, damage, undisturbed, done):
    trial, out = done
    damage(out)
    there = left(out, 4)
    ended, renewed = made_again(trial, out)
    assert len(renewed) <= 1 or not there.startswith("4"), renewed
    told("places", Row(fault, ended.code, "", there, healed(trial, out, undisturbed.output)))
