"""What looks strange and is meant: read as it is, never run, and gone again when it is taken back."""

from __future__ import annotations

import csv
import os
import shutil

import nibabel as nib
import numpy as np
import pytest
from conftest import FAST, run_deqi
from fault_matrix import OPTIONS, Row, copy, healed, left, refused, said, same, told
from pages import group_pages

GROUP = [*FAST, "--n-permutations", "20"]
MARKUP = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://x")'


def hostile(trial):
    """Arms and sites whose names are markup and formulas."""
    path = trial.root / "participants.tsv"
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    for row in rows[1:]:
        row[1] = {"verum": MARKUP, "sham": FORMULA}[row[1]]
        row[3] = {"A": "=1+1", "B": "@SUM(1)"}[row[3]]
    rows[0][3] = "=site<b>"
    path.write_text("\n".join("\t".join(row) for row in rows) + "\n")


def test_markup_and_formulas_in_participants_are_text(analysed, tmp_path):
    trial, out = copy(analysed.trial, tmp_path / "data"), tmp_path / "out"
    shutil.copytree(analysed.output, out)
    hostile(trial)
    words = ["--set", f"designs.parallel_prepost.active='{MARKUP}'", "--set",
             f"designs.parallel_prepost.control='{FORMULA}'"]  # fmt: skip
    ended = run_deqi(trial.root, out, "group", *GROUP, *words)
    refused(ended)
    assert ended.code == 0, ended.text
    for page in out.rglob("*.html"):
        text = page.read_text()
        assert MARKUP not in text
        assert "=site<b>" not in text
    assert "&lt;script&gt;" in group_pages(out)
    cells = [c for p in out.rglob("*.tsv") for row in csv.reader(p.open(newline=""), delimiter="\t") for c in row]
    assert f"'{FORMULA}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]
    shutil.copy2(analysed.trial.root / "participants.tsv", trial.root)
    mended = run_deqi(trial.root, out, "group", *FAST)
    assert mended.code == 0
    same(out, analysed.output)
    for fault, what in (("HTML and script", "escaped in every page"), ("formulas", "marked as text in every table")):
        told("tables", Row(f"participants.tsv: {fault}", ended.code, "", what, "exit 0, same bytes"))


def test_participants_edited_between_levels(analysed, tmp_path):
    trial, out = copy(analysed.trial, tmp_path / "data"), tmp_path / "out"
    shutil.copytree(analysed.output, out)
    path = trial.root / "participants.tsv"
    path.write_text(path.read_text().replace("sub-03\tverum", "sub-03\tsham"))
    ended = run_deqi(trial.root, out, "group", *FAST)
    refused(ended)
    words = said(ended, "done in")
    flow = next(out.glob("group/*_flow.tsv")).read_text()
    assert "sub-03\tsham" in flow
    shutil.copy2(analysed.trial.root / "participants.tsv", trial.root)
    mended = run_deqi(trial.root, out, "group", *FAST)
    assert mended.code == 0
    same(out, analysed.output)
    told("tables", Row("participants.tsv: an arm edited between the levels", ended.code, words,
                       "the group level, made again with the new arm", "exit 0, same bytes"))  # fmt: skip


def test_windows_and_excel_tables_are_read(analysed, tmp_path):
    trial, out = copy(analysed.trial, tmp_path / "data"), tmp_path / "out"
    shutil.copytree(analysed.output, out)
    path = trial.root / "participants.tsv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    table = trial.file("01", "pre", "confounds")
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes().replace(b"\n", b"\r\n"))
    for level in ("participant", "group"):
        ended = run_deqi(trial.root, out, level, *FAST)
        refused(ended)
        assert ended.code == 0, ended.text
    for path in [*analysed.output.glob("group/*.nii.gz"), *analysed.output.glob("sub-01/**/*.nii.gz")]:
        assert (out / path.relative_to(analysed.output)).read_bytes() == path.read_bytes()
    told("tables", Row("participants.tsv and confounds: byte order mark and CRLF", 0, "",
                       "the same maps, bit for bit", "nothing to heal"))  # fmt: skip


def swap_bytes(path):
    """Write a series in the byte order of other machines."""
    found = nib.load(path)
    header = nib.Nifti1Header(endianness=">")
    swapped = nib.Nifti1Image(np.asanyarray(found.dataobj), found.affine, header)
    swapped.set_sform(found.affine, 4)
    swapped.set_qform(found.affine, 4)
    nib.save(swapped, path)
    assert nib.load(path).header.endianness == ">"


def test_the_other_byte_order_is_read_the_same(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    swap_bytes(trial.file("01", "pre", "bold"))
    ended = run_deqi(trial.root, out, "participant", *OPTIONS)
    refused(ended)
    for path in undisturbed.output.glob("sub-01/**/*.nii.gz"):
        assert (out / path.relative_to(undisturbed.output)).read_bytes() == path.read_bytes()
    told("files", Row("series: the other byte order", ended.code, "", left(out, 4), "nothing to heal"))


def test_voxels_that_are_no_numbers_have_no_value(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    path = trial.file("01", "pre", "bold")
    found = nib.load(path)
    data = np.asanyarray(found.dataobj).copy()
    data[5, 7, 5, 3], data[6, 7, 5, 4] = np.nan, np.inf
    nib.save(nib.Nifti1Image(data, found.affine, found.header), path)
    ended = run_deqi(trial.root, out, "participant", *OPTIONS)
    refused(ended)
    assert ended.code == 0, ended.text
    made = nib.load(next(out.glob("sub-01/ses-pre/func/*stat-fisherz_statmap.nii.gz"))).get_fdata()
    assert np.isnan(made[5, 7, 5])
    assert np.isnan(made[6, 7, 5])
    shutil.copy2(undisturbed.trial.file("01", "pre", "bold"), path)
    told("files", Row("series: NaN and Inf in two voxels", ended.code, "", "these voxels have no value",
                      healed(trial, out, undisturbed.output)))  # fmt: skip


def test_a_mask_that_is_not_there_is_told_in_the_pages(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    trial.file("01", "pre", "mask").unlink()
    ended = run_deqi(trial.root, out, "participant", *OPTIONS)
    refused(ended)
    words, there = said(ended, "so it cannot be cleaned"), left(out, 4)
    assert "so it cannot be cleaned" in (out / "index.html").read_text()
    shutil.copy2(undisturbed.trial.file("01", "pre", "mask"), trial.file("01", "pre", "mask"))
    told("files", Row("mask: not there", ended.code, words, there, healed(trial, out, undisturbed.output)))


@pytest.mark.parametrize(
    ("fault", "name"), [("spaces", "my trial (2)"), ("letters of all kinds", "Studie ä 针灸"), ("a quote", "it's")]
)
def test_folders_of_any_name(fault, name, undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / name / "data"), tmp_path / name / "out"
    ended = run_deqi(trial.root, out, "participant", *OPTIONS)
    refused(ended)
    assert ended.code == 0, ended.text
    same(out, undisturbed.output)
    told("places", Row(f"folder names with {fault}", ended.code, "", left(out, 4), "nothing to heal"))


def test_a_folder_that_cannot_be_looked_into(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    func = trial.func("01", "post")
    func.rename(tmp_path / "kept")
    func.symlink_to(func.name)
    ended = run_deqi(trial.root, out, "participant", *OPTIONS)
    refused(ended)
    words, there = said(ended, "cannot be looked into"), left(out, 4)
    assert "cannot be looked into" in (out / "index.html").read_text()
    assert "cannot be looked into" in run_deqi(trial.root, out, "participant", "--status").err
    func.unlink()
    (tmp_path / "kept").rename(func)
    told("files", Row("a folder that cannot be looked into", ended.code, words, there,
                      healed(trial, out, undisturbed.output)))  # fmt: skip


def test_a_name_that_is_no_text(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    stranger = trial.root / os.fsdecode(b"sub-\xff")
    stranger.mkdir()
    ended = run_deqi(trial.root, out, "participant", *OPTIONS)
    refused(ended)
    assert ended.code == 0, ended.text
    words, there = said(ended, "in BIDS_DIR but without fMRIPrep derivatives"), left(out, 4)
    stranger.rmdir()
    told("files", Row("a person whose label is no text", ended.code, words, there,
                      healed(trial, out, undisturbed.output)))  # fmt: skip


STRANGERS = [
    ("a link that leads to itself", lambda p: p.symlink_to(p.name)),
    ("a link to the folder above", lambda p: p.symlink_to("..")),
    ("an empty folder", lambda p: p.mkdir()),
    ("a file", lambda p: p.write_text("x")),
]


@pytest.mark.parametrize(("fault", "make"), STRANGERS, ids=[fault for fault, _ in STRANGERS])
def test_a_stranger_among_the_people(fault, make, undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    make(trial.fmriprep / "sub-zz")
    ended = run_deqi(trial.root, out, "participant", *OPTIONS)
    refused(ended)
    assert ended.code == 0, ended.text
    there = left(out, 4)
    stranger = trial.fmriprep / "sub-zz"
    stranger.rmdir() if stranger.is_dir() and not stranger.is_symlink() else stranger.unlink()
    told("files", Row(f"instead of a person: {fault}", ended.code, "", there, healed(trial, out, undisturbed.output)))


def test_a_copy_of_a_person_beside_the_person(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    shutil.copytree(trial.fmriprep / "sub-01", trial.fmriprep / "sub-01 copy")
    ended = run_deqi(trial.root, out, "participant", *OPTIONS)
    refused(ended)
    words, there = said(ended, "sub-01 copy"), left(out, 4)
    shutil.rmtree(trial.fmriprep / "sub-01 copy")
    told("files", Row("a copy of a person beside the person", ended.code, words, there,
                      healed(trial, out, undisturbed.output)))  # fmt: skip
