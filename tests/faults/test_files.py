"""A damaged, missing or strange file: that session fails by name, every other one is done."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi
from fault_matrix import OPTIONS, Row, left, refused, told
from synthetic import Trial, describe


def changed(path, change):
    """Rewrite a gzipped file byte by byte."""
    content = bytearray(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(bytes(change(content))))


def header(path, place, form, *values):
    changed(
        path, lambda content: content[:place] + struct.pack(form, *values) + content[place + struct.calcsize(form) :]
    )


def image(path, change):
    found = nib.load(path)
    made = change(np.asanyarray(found.dataobj), found)
    nib.save(made, path)


def text(path, change):
    path.write_bytes(change(path.read_bytes()))


def like(data, found):
    made = nib.Nifti1Image(data, found.affine)
    made.set_sform(found.affine, 4)
    made.set_qform(found.affine, 4)
    return made


def moved(data, found):
    """Return the same voxels half a millimetre off."""
    affine = found.affine.copy()
    affine[:3, 3] += 0.5
    made = nib.Nifti1Image(data, affine)
    made.set_sform(affine, 4)
    made.set_qform(affine, 4)
    return made


def huge(path):
    """Fewer than 80 bytes on disk that claim 32767 x 32767 x 32767 voxels in 32767 frames."""
    found = nib.Nifti1Header()
    found["dim"] = [4, 32767, 32767, 32767, 32767, 1, 1, 1]
    found["sform_code"] = found["qform_code"] = 0
    path.write_bytes(gzip.compress(found.binaryblock + bytes(4)))
    assert path.stat().st_size < 110


@dataclass(frozen=True)
class Fault:
    name: str
    file: str
    damage: Callable
    said: str


def unlink_to_nothing(path):
    path.unlink()
    path.symlink_to("/annex/objects/absent")


def loop(path):
    path.unlink()
    path.symlink_to(path.name)


SOURCE = "01", "pre"


def without_csf(b):
    rows = [line.split(b"\t") for line in b.splitlines()]
    place = rows[0].index(b"csf")
    return b"\n".join(b"\t".join(cell for i, cell in enumerate(row) if i != place) for row in rows) + b"\n"


def gap(b):
    """No value of the fluid in one frame."""
    rows = [line.split(b"\t") for line in b.splitlines()]
    rows[71][rows[0].index(b"csf")] = b"n/a"
    return b"\n".join(b"\t".join(row) for row in rows) + b"\n"


LIST = [
    Fault("series: text", "bold", lambda p: p.write_bytes(b"not an image"), "cannot be read as NIfTI"),
    Fault("series: a wrong checksum", "bold", lambda p: text(p, lambda b: b[:-8] + bytes([b[-8] ^ 255]) + b[-7:]), "is damaged:"),
    Fault("confounds: a column is gone that the model takes", "confounds", lambda p: text(p, without_csf), "lacks csf"),
    Fault("confounds: no value in one frame", "confounds", lambda p: text(p, gap), "no value in 1 of 150 frames"),
    Fault("mask: of the same shape elsewhere", "mask", lambda p: image(p, moved), "they must be the same grid"),
    Fault("series: gzip breaks off in the middle", "bold", lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]), "ended before the end-of-stream marker was reached"),
    Fault("series: bytes in the middle are changed", "bold", lambda p: text(p, lambda b: b[:90000] + bytes(64) + b[90064:]), "is damaged:"),
    Fault("series: header overwritten", "bold", lambda p: header(p, 0, "<87I", *[2**32 - 1] * 87), "cannot be read as NIfTI"),
    Fault("series: 0 bytes", "bold", lambda p: p.write_bytes(b""), "is empty (0 bytes)"),
    Fault("series: link of DataLad without content", "bold", unlink_to_nothing, "datalad get"),
    Fault("series: link to itself", "bold", loop, "is a link without content"),
    Fault("series: a folder of that name", "bold", lambda p: (p.unlink(), p.mkdir()), "is a folder; expected a file"),
    Fault("series: complex numbers", "bold", lambda p: image(p, lambda d, f: like(d[..., :2].astype(np.complex64), f)), "expected real numbers"),
    Fault("series: colours (RGB)", "bold", lambda p: image(p, lambda d, f: like(np.zeros(d.shape[:3], [(c, "u1") for c in "RGB"]), f)), "expected real numbers"),
    Fault("series: five axes", "bold", lambda p: image(p, lambda d, f: like(d[..., None].repeat(2, -1), f)), "has 5 dimensions; expected 4"),
    Fault("series: three axes", "bold", lambda p: image(p, lambda d, f: like(d[..., 0], f)), "has 3 dimensions; expected 4"),
    Fault("series: a header that claims terabytes", "bold", huge, "its header claims 32767 x 32767 x 32767 x 32767 voxels"),
    Fault("series: a negative number of voxels", "bold", lambda p: header(p, 42, "<h", -5), "has a header of -5 x 14 x 11 x 150 voxels"),
    Fault("series: NaN in the affine", "bold", lambda p: header(p, 280, "<f", float("nan")), "does not say where its voxels lie"),
    Fault("series: other bytes than the header counts", "bold", lambda p: header(p, 48, "<h", 149), "has 150 rows, the series has 149 volumes"),
    Fault("mask: 0 bytes", "mask", lambda p: p.write_bytes(b""), "is empty (0 bytes)"),
    Fault("mask: nothing in it", "mask", lambda p: image(p, lambda d, f: like(np.zeros_like(d), f)), "no voxel is above 0.5"),
    Fault("mask: on another grid", "mask", lambda p: image(p, lambda d, f: like(d[1:], f)), "they must be the same grid"),
    Fault("confounds: text among numbers", "confounds", lambda p: text(p, lambda b: b.replace(b"\t0.0", b"\tmoved", 1)), "expected a number, or n/a"),
    Fault("confounds: not UTF-8", "confounds", lambda p: text(p, lambda b: b"\xff\xfe" + b), "is in UTF-16"),
    Fault("confounds: a line too short", "confounds", lambda p: text(p, lambda b: b[:-30] + b"\n"), "values for"),
    Fault("confounds: a column twice", "confounds", lambda p: text(p, lambda b: b.replace(b"trans_y", b"trans_x", 1)), "has columns twice"),
    Fault("confounds: fewer rows than frames", "confounds", lambda p: text(p, lambda b: b"\n".join(b.split(b"\n")[:100]) + b"\n"), "has 99 rows, the series has 150 volumes"),
    Fault("confounds: a NUL byte", "confounds", lambda p: text(p, lambda b: b.replace(b"0.", b"0\0", 1)), "expected a number, or n/a"),
    Fault("confounds: a number with 400 digits", "confounds", lambda p: text(p, lambda b: b.replace(b"\t0.0", b"\t" + b"9" * 400, 1)), "expected a number, or n/a"),
    Fault("sidecar: not JSON", "sidecar", lambda p: p.write_text("{"), "is not valid JSON"),
    Fault("sidecar: a list", "sidecar", lambda p: p.write_text("[1]"), "expected a JSON object"),
    Fault("sidecar: brackets 100,000 deep", "sidecar", lambda p: p.write_text("[" * 100000), "is not valid JSON"),
    Fault("sidecar: repetition time in words", "sidecar", lambda p: p.write_text('{"RepetitionTime": "two"}'), "RepetitionTime is 'two'"),
    Fault("sidecar: repetition time 0", "sidecar", lambda p: p.write_text('{"RepetitionTime": 0}'), "RepetitionTime is 0"),
    Fault("sidecar: repetition time infinite", "sidecar", lambda p: p.write_text('{"RepetitionTime": 1e999}'), "RepetitionTime is inf"),
]  # fmt: skip


FAULTS = {("01" if number % 2 else "02", f"f{number:02d}"): fault for number, fault in enumerate(LIST)}
WHOLE = [("01", "whole"), ("02", "whole"), ("99", "whole")]
SESSIONS = len(FAULTS) + len(WHOLE)


@pytest.fixture(scope="module")
def many(undisturbed, tmp_path_factory):
    """One session for each fault, all with the same runs, beside whole ones; what both calls gave."""
    folder = tmp_path_factory.mktemp("many")
    broken, out = Trial(folder / "data"), folder / "out"
    describe(broken.root, "raw")
    describe(broken.fmriprep, "derivative")
    runs = undisturbed.trial.func(*SOURCE)
    for key in [*FAULTS, *WHOLE]:
        broken.func(*key).mkdir(parents=True)
        for path in runs.iterdir():
            shutil.copy2(path, broken.func(*key) / renamed(path.name, key))
    for key, fault in FAULTS.items():
        fault.damage(broken.file(*key, fault.file))
    first = run_deqi(broken.root, out, "participant", *OPTIONS)
    there = left(out, SESSIONS)
    records = {(p.stem[4:6], p.stem[11:14]): json.loads(p.read_text()) for p in out.glob("logs/failed/*.json")}
    for key, fault in FAULTS.items():
        mend(broken.file(*key, fault.file), undisturbed.trial.file(*SOURCE, fault.file))
    again = run_deqi(broken.root, out, "participant", *OPTIONS)
    assert again.code == 0, again.text[-3000:]
    assert not list(out.glob("logs/failed/*"))
    return first, there, records, like_the_undisturbed(out, undisturbed.output)


def renamed(path, key):
    """Return a path or name of the session that all were copied from, as of another one."""
    names = ["sub-{}_ses-{}", "sub-{}/ses-{}"]
    for name in names:
        path = path.replace(name.format(*SOURCE), name.format(*key))
    return path


def like_the_undisturbed(out, reference):
    """Every session has the runs of one, and so must have the same maps and tables."""
    func = reference / "sub-01" / "ses-pre" / "func"
    for path in [*func.glob("*.nii.gz"), *func.glob("*.tsv")]:
        for key in [*FAULTS, *WHOLE]:
            own = out / renamed(str(path.relative_to(reference)), key)
            assert own.read_bytes() == path.read_bytes(), own
    return "exit 0, same bytes"


def test_one_call_meets_them_all_and_every_other_session_is_done(many):
    first, there, records, _ = many
    refused(first)
    assert first.code == 1
    assert there.startswith(f"{len(WHOLE)} of")
    assert set(records) == set(FAULTS)


@pytest.mark.parametrize("key", FAULTS, ids=lambda key: FAULTS[key].name)
def test_a_file_that_cannot_be_used(key, many):
    fault, (first, _, records, mended) = FAULTS[key], many
    record = records[key]
    assert fault.said in record["Message"]
    assert {"ExitCode", "LastLines", "Host", "BatchJob", "PeakMemoryMB", "Inputs"} <= set(record)
    assert "Traceback" not in record  # foreseen
    told("files", Row(fault.name, first.code, fault.said, "every other session done", mended))


def mend(path, whole):
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    path.unlink(missing_ok=True)
    shutil.copy2(whole, path)
