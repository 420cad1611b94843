"""What the second call makes of a first one that was disturbed: nothing mixed, nothing forgotten, nothing for ever."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time

import nibabel as nib
import pytest
from conftest import FAST, run_deqi
from fault_matrix import OPTIONS, Row, copy, healed, left, refused, said, same, told
from running import child_of, ended, forked, parent, started, waited

WIDER = ["--set", "modalities.fmri.smoothing_fwhm=12"]


def records(out, kind):
    return {path.stem: json.loads(path.read_text()) for path in out.glob(f"logs/{kind}/*.json")}


def test_killed_while_sessions_are_made_anew(undisturbed, done):
    """Files of two settings under one name: neither the record of the one nor of the other may stand."""
    trial, out = done
    mask = next(out.glob("sub-01/ses-post/func/*_mask.nii.gz"))
    before = {path: path.stat().st_mtime_ns for path in out.glob("sub-0*/**/*statmap.nii.gz")}

    def at_work():
        changed = any(path.stat().st_mtime_ns != written for path, written in before.items())
        return changed and any(out.glob("logs/begun/sub-01*.json"))

    with started(trial, out, "--participant-label", "01", *WIDER) as process:
        while True:  # between two sessions nothing is begun: then it goes on to the next
            waited(at_work)
            os.kill(process.pid, signal.SIGSTOP)
            if at_work():
                break
            os.kill(process.pid, signal.SIGCONT)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert mask.exists()
    there = left(out, 4, writing=True)
    assert not (out / "sub-01.html").exists()
    status = run_deqi(trial.root, out, "participant", "--status")
    assert "2 of 4 sessions are done" in status.out
    assert "running, or ended without a word" in status.out
    assert run_deqi(trial.root, out, "participant", *OPTIONS, "--status", "--missing").out == "01\n"
    told("processes", Row("deqi is killed while it makes a participant anew with other options", -9, "", there,
                          healed(trial, out, undisturbed.output)))  # fmt: skip


def test_a_failure_that_mends_itself_is_forgotten(undisturbed, done):
    trial, out = done
    series = trial.file("01", "pre", "bold")
    whole, times = series.read_bytes(), series.stat()
    series.write_bytes(whole[:1000])
    first = run_deqi(trial.root, out, "participant", *OPTIONS)
    words = said(first, "Copy or compute it again")
    assert len(records(out, "failed")) == 1
    series.write_bytes(whole)
    os.utime(series, ns=(times.st_atime_ns, times.st_mtime_ns))
    told("files", Row("series: broken off, and back with its old time", first.code, words, left(out, 4),
                      healed(trial, out, undisturbed.output)))  # fmt: skip
    label = next(iter(records(out, "done")))
    (out / "logs" / "failed" / f"{label}.json").write_text('{"Message": "of a run that came second"}')
    assert run_deqi(trial.root, out, "participant", *OPTIONS).code == 0
    assert not records(out, "failed")


def test_a_person_killed_and_damaged_has_both_records(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    trial.file("01", "post", "mask").write_bytes(b"")
    with started(trial, out, "--nprocs", "1") as process:
        own = child_of(process, "01")
        waited(lambda: records(out, "failed"))
        os.kill(own, signal.SIGKILL)
        waited(lambda: "sub-01" in records(out, "failed"))  # at once, not when all are done
        assert process.poll() is None
        result = ended(process)
    assert result.code == 1
    assert "sub-01: killed" in result.text
    found = records(out, "failed")
    assert "out of memory" in found["sub-01"]["Message"]
    (damaged,) = [record for label, record in found.items() if "_ses-post" in label]
    assert "is empty" in damaged["Message"]
    shutil.copy2(undisturbed.trial.file("01", "post", "mask"), trial.file("01", "post", "mask"))
    healed(trial, out, undisturbed.output)


def test_one_person_alone_is_killed(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with started(trial, out, "--participant-label", "01") as process:
        os.kill(forked(process), signal.SIGKILL)
        result = ended(process)
    refused(result)
    words = said(result, "probably out of memory")
    record = records(out, "failed")["sub-01"]
    assert record["ExitCode"] == -9
    assert record["PeakMemoryMB"] > 0
    told("processes", Row("the only participant of a call is killed", result.code, words, left(out, 4, writing=True),
                          healed(trial, out, undisturbed.output)))  # fmt: skip


def test_interrupted_alone(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    with started(trial, out, "--participant-label", "01", start_new_session=True) as process:
        own = forked(process)
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        result = ended(process)
        assert parent(own) in (0, 1)
    refused(result)
    assert result.code == 130
    assert not records(out, "failed")
    healed(trial, out, undisturbed.output)


def mended(trial, out, reference):
    ended = run_deqi(trial.root, out, "group", *FAST)
    assert ended.code == 0, ended.text[-3000:]
    same(out, reference)
    assert not list(out.glob("logs/failed/*"))
    return "exit 0, same bytes"


def flip(path):
    """Change one bit in the middle: for gzip the values, or the checksum, no longer fit."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def elsewhere(path):
    found = nib.load(path)
    affine = found.affine.copy()
    affine[0, 3] += 80
    nib.save(nib.Nifti1Image(found.get_fdata(dtype="float32"), affine), path)


MAPS = "sub-01/ses-pre/func/*_seed-near_stat-fisherz_statmap.nii.gz"
GROUP = [
    ("a map with one bit changed", MAPS, flip, 0, "is not analysed"),
    ("a map that lies elsewhere", MAPS, elsewhere, 0, "is not analysed"),
    ("a mask with one bit changed", "sub-01/ses-pre/func/*_mask.nii.gz", flip, 1, "is damaged"),
]
"""Fault, file, damage, exit code, and what is said: without one map its seed is left out, without a mask all is."""


@pytest.mark.parametrize(("fault", "pattern", "damage", "code", "message"), GROUP, ids=[row[0] for row in GROUP])
def test_the_group_meets_a_damaged_map_and_then_the_whole_one(
    fault, pattern, damage, code, message, before_the_group, analysed
):
    trial, out = before_the_group
    path = next(out.glob(pattern))
    whole = path.read_bytes()
    damage(path)
    share = run_deqi(trial.root, out, "group", *FAST, "--permutation-share", "1/1")
    assert share.code == code
    assert not records(out, "failed")  # the call that sums up will say it
    failed = run_deqi(trial.root, out, "group", *FAST)
    refused(failed)
    assert failed.code == code, failed.text
    assert "unexpected" not in failed.text
    words = said(failed, message)
    assert len(records(out, "failed")) == code
    assert path.name in (out / ("group.html" if not code else "index.html")).read_text()
    path.write_bytes(whole)
    told("files", Row(f"group level: {fault}", failed.code, words, "the participants as they were",
                      mended(trial, out, analysed.output)))  # fmt: skip


def test_the_group_is_killed(before_the_group, analysed):
    trial, out = before_the_group
    with started(trial, out, *FAST, level="group") as process:
        os.kill(forked(process), signal.SIGKILL)
        result = ended(process)
    refused(result)
    words = said(result, "probably out of memory")
    (record,) = records(out, "failed").values()
    assert record["ExitCode"] == -9
    told("processes", Row("the group level is killed", result.code, words, "the participants as they were",
                          mended(trial, out, analysed.output)))  # fmt: skip


def test_a_page_that_cannot_be_written_hides_no_failure(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    (out / "index.html").mkdir(parents=True)
    trial.file("01", "pre", "bold").write_bytes(b"")
    result = run_deqi(trial.root, out, "participant", *OPTIONS)
    refused(result)
    words = said(result, "1 failed. Each has a record")
    there = left(out, 4)
    (out / "index.html").rmdir()
    shutil.copy2(undisturbed.trial.file("01", "pre", "bold"), trial.file("01", "pre", "bold"))
    told("places", Row("something else is in the way of a page", result.code, words, there,
                       healed(trial, out, undisturbed.output)))  # fmt: skip
