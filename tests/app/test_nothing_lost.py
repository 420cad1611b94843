"""Whoever is not analysed is told: on the console, in the flow table, and on the page, with the reason."""

from __future__ import annotations

import html
import re

import nibabel as nib
import numpy as np
import pytest
from conftest import FAST, run_deqi
from pages import group_pages
from synthetic import places, write_trial

from bids_app.dataset.tables import read_tsv

LOST = {
    "01": "group is 'n/a', not in this comparison",
    "02": "group is 'waiting list', not in this comparison",
    "03": "has maps but no row in participants.tsv",
    "04": "session post: not on disk: not scanned",
    "05": "age is 'n/a'",
    "06": "age is '.'",
    "07": "excluded by rating: snores",
    "08": "residual degrees of freedom",
    "09": "is damaged",
    "10": "voxels lie in the mask",
    "11": "no *_desc-confounds_timeseries.tsv of the same run",
    "12": "above the limit of 0.3 mm",
    "13": "pointer to content that is not here",
    "14": "RepetitionTime is 2000 in its sidecars",
    "15": "not on disk: not scanned",
    "16": "sform_code and qform_code are 0",
}
"""What becomes of sixteen participants, and the reason that must be told of each."""

KEPT = 8


def damage(trial) -> None:
    """Do to each of the sixteen what loses them."""
    for session in ("post",):
        for path in trial.func("04", session).iterdir():
            path.unlink()
    table = trial.file("08", "post", "confounds")
    columns = read_tsv(table)
    moved = ["n/a", *("2.0" if i % 2 else "0.1" for i in range(1, len(columns["csf"])))]
    write(table, {**columns, "framewise_displacement": moved})
    bold = trial.file("09", "post", "bold")
    bold.write_bytes(bold.read_bytes()[:9000])
    mask = trial.file("10", "post", "mask")
    image = nib.load(mask)
    cut = (np.asarray(image.dataobj) > 0) & (np.abs(places() - [4, 4, 4]).max(axis=-1) > 20)
    nib.save(nib.Nifti1Image(cut.astype(np.uint8), image.affine), mask)
    trial.file("11", "post", "confounds").unlink()
    table = trial.file("12", "post", "confounds")
    columns = read_tsv(table)
    write(table, {**columns, "framewise_displacement": ["n/a", *["0.4"] * (len(columns["csf"]) - 1)]})
    trial.file("13", "post", "bold").write_text("/annex/objects/MD5E-s1--00.nii.gz\n")
    trial.file("14", "post", "sidecar").write_text('{"RepetitionTime": 2000}')
    for session in ("pre", "post"):
        for path in trial.func("15", session).iterdir():
            path.unlink()
    bold = trial.file("16", "post", "bold")
    image = nib.load(bold)
    image.set_sform(None, 0)
    image.set_qform(None, 0)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), None, image.header), bold)


def write(path, columns) -> None:
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join(["\t".join(columns), *("\t".join(row) for row in rows)]) + "\n")


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """A trial of 24, sixteen of whom are lost in as many ways; what the calls said, the flow, and the page."""
    root = tmp_path_factory.mktemp("lost")
    trial = write_trial(root / "data", per_arm=(len(LOST) + KEPT) // 2)
    damage(trial)
    table = read_tsv(trial.root / "participants.tsv")
    arms = {"sub-01": "n/a", "sub-02": "waiting list"}
    ages = {"sub-05": "n/a", "sub-06": "."}
    people = table["participant_id"]
    table["group"] = [arms.get(who, arm) for who, arm in zip(people, table["group"], strict=True)]
    table["age"] = [ages.get(who, age) for who, age in zip(people, table["age"], strict=True)]
    keep = [i for i, who in enumerate(people) if who != "sub-03"]
    write(trial.root / "participants.tsv", {name: [values[i] for i in keep] for name, values in table.items()})
    (root / "ratings.tsv").write_text("participant_id\trating\tcomment\nsub-07\texclude\tsnores\n")
    first = run_deqi(trial.root, root / "out", "participant", *FAST, "--seeds", "near:4,4,4:9")
    assert first.code == 1
    words = [*FAST, "--seeds", "near:4,4,4:9", "--exclusions", root / "ratings.tsv",
             "--set", "designs.parallel_prepost.covariates=age", "--set", "exclusions.max_mean_fd=0.3"]  # fmt: skip
    second = run_deqi(trial.root, root / "out", "group", *words)
    assert second.code == 0, second.text
    flow = read_tsv(next((root / "out" / "group").glob("*_flow.tsv")))
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", group_pages(root / "out"))))
    return first.text, second.text, flow, text


@pytest.mark.parametrize("label", LOST)
def test_whoever_is_lost_is_told_three_times(walked, label):
    _, console, flow, page = walked
    reason = dict(zip(flow["participant_id"], flow["reason"], strict=True))[f"sub-{label}"]
    assert LOST[label] in reason
    line = next(line for line in console.splitlines() if f"sub-{label}" in line and "not analysed" in line)
    assert LOST[label] in line
    assert f"sub-{label}" in page
    assert LOST[label] in page


@pytest.mark.parametrize("label", ["08", "09", "11", "13", "14", "16"])
def test_what_the_participant_level_cannot_use_it_tells_itself(walked, label):
    console = walked[0]
    assert any(f"sub-{label}" in line and LOST[label] in line for line in console.splitlines())


def test_nobody_is_missing_from_the_flow(walked):
    flow = walked[2]
    assert sorted(flow["participant_id"]) == [f"sub-{i + 1:02d}" for i in range(len(LOST) + KEPT)]
    assert flow["stage"].count("analysed") == KEPT
