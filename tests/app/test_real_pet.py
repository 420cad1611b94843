"""Curves of kinfitr's repository from the command line: real [11C]PBR28 of 10 people scanned twice, and simulated ones.

The cerebellum is no valid reference of PBR28 and nobody was treated: values are compared with those of an independent
program (numpy and scipy alone), nothing is said of receptors.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict

import numpy as np
import pytest
from conftest import run_deqi

from bids_app.dataset.tables import read_tsv
from bids_app.derivatives.files import write_table

REGIONS = ("FC", "TC", "STR", "THA", "WB")


def write(root, source, regions, reference, unit):
    """Write the curves of a CSV as a dataset; return labels by scan of the source."""
    scans = defaultdict(list)
    with source.open() as stream:
        for row in csv.DictReader(stream):
            scans[row["PET"]].append(row)
    for name in ("bids", "tables"):
        (root / name).mkdir(parents=True)
        kind = {"DatasetType": "derivative", "GeneratedBy": [{"Name": "kinfitr"}]} if name == "tables" else {}
        about = {"Name": "curves of kinfitr's repository", "BIDSVersion": "1.9.0", **kind}
        (root / name / "dataset_description.json").write_text(json.dumps(about))
    found = {}
    for scan, rows in scans.items():
        label, _, session = scan.partition("_")
        found[scan] = f"sub-{label}_ses-{session}_trc-PBR28"
        folder = root / "tables" / f"sub-{label}" / f"ses-{session}" / "pet"
        columns = {name: [float(row[name]) for row in rows] for name in (*regions, reference)}
        times = {name: [float(row[name]) for row in rows] for name in ("StartTime", "Duration")}
        write_table(
            folder / f"{found[scan]}_seg-manual_tacs.tsv",
            {**times, "weights": [float(row["Weights"]) for row in rows], **columns},
        )
        described = {name: {"Units": unit} for name in times}
        (folder / f"{found[scan]}_seg-manual_tacs.json").write_text(json.dumps(described))
        raw = root / "bids" / f"sub-{label}" / f"ses-{session}" / "pet"
        raw.mkdir(parents=True)
        said = {"TracerName": "PBR28", "TracerRadionuclide": "C11", "ImageDecayCorrected": True}
        (raw / f"{found[scan]}_pet.json").write_text(json.dumps(said))
    people = sorted({scan.partition("_")[0] for scan in scans})
    (root / "bids" / "participants.tsv").write_text("participant_id\n" + "".join(f"sub-{p}\n" for p in people))
    return found


def call(root, reference, *words):
    return run_deqi(
        root / "bids", root / "out", "participant", "-d", f"tables={root / 'tables'}",
        "--set", f"modalities.pet.reference={reference}", "--set", "modalities.pet.weights=column", *words,
    )  # fmt: skip


def values(root, stem, ending, column):
    label, session = (part.partition("-")[2] for part in stem.split("_")[:2])
    path = root / "out" / f"sub-{label}" / f"ses-{session}" / "pet" / f"{stem}_seg-manual_{ending}_kinpar.tsv"
    if not path.exists():
        return {}
    table = read_tsv(path)
    return dict(zip(table["region"], map(float, table[column]), strict=True))


def retest(pairs):
    """Return the within-subject coefficient of variation and the intraclass correlation of two scans, (people, 2)."""
    within = np.mean((pairs[:, 0] - pairs[:, 1]) ** 2 / 2)
    between = 2 * pairs.mean(axis=1).var(ddof=1)
    return np.sqrt(within) / pairs.mean(), (between - within) / (between + within)


def test_real_curves_give_their_ratios_and_their_repeatability(real_data, tmp_path):  # P12
    scans = write(tmp_path, real_data / "pet_kinfitr" / "pbr28_tacdata.csv", REGIONS, "CBL", "s")
    ended = call(
        tmp_path, "CBL", "--measures", "uptake_regions", "--set", "measures.uptake_regions.window=[40,60]"
    )  # fmt: skip
    assert ended.code == 0, ended.text
    found = {scan: values(tmp_path, stem, "meas-suvr_stat-uptake", "suvr") for scan, stem in scans.items()}
    expected = {"FC": 0.96112, "TC": 0.95534, "STR": 1.02606, "THA": 1.32312, "WB": 0.94304}
    assert found["rwrd_1"] == pytest.approx(expected, abs=6e-6)
    people = sorted({scan.partition("_")[0] for scan in scans})
    thalamus = np.array([[found[f"{p}_{n}"]["THA"] for n in (1, 2)] for p in people])
    variation, agreement = retest(thalamus)
    assert variation == pytest.approx(0.080, abs=0.0006)
    assert agreement == pytest.approx(0.32, abs=0.006)


def test_simulated_curves_give_their_binding_potential(real_data, tmp_path):  # P3
    source = real_data / "pet_kinfitr" / "simref_tacs_SIMULATED.csv"
    with source.open() as stream:
        reference = next(name for name in next(csv.reader(stream)) if name.lower().startswith("ref"))
    scans = write(tmp_path, source, ("ROI1", "ROI2", "ROI3"), reference, "min")
    ended = call(tmp_path, reference)
    assert ended.code == 0, ended.text
    found = [values(tmp_path, stem, "meas-bpnd_stat-binding", "bpnd") for stem in scans.values()]
    assert len(found) == 20
    means = {name: np.mean([one[name] for one in found]) for name in ("ROI1", "ROI2", "ROI3")}
    # kinfitr's own fits; those curves were sampled at the middles of frames, ours are means of them.
    assert means == pytest.approx({"ROI1": 1.50277, "ROI2": 0.82076, "ROI3": 0.29541}, abs=0.0213)
