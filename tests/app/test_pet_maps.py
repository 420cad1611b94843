"""Images of PET from frames to maps of arms compared; participants and activity are invented."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from pages import group_pages
from test_pet import DURATION, FALL, PEOPLE, START, WORDS, curve
from test_pet import write as write_tables

from bids_app import plugs
from bids_app.vocabulary.curves import Curves, Frames
from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.options.pet import Options
from bids_app.vocabulary.recording import Recording

SHAPE = (14, 16, 12)
AFFINE = np.array([[8.0, 0, 0, -52], [0, 8, 0, -76], [0, 0, 8, -40], [0, 0, 0, 1]])
STEM = "space-MNI152NLin2009cAsym_res-8"


def mask():
    x, y, z = np.indices(SHAPE)
    return ((x - 6.5) / 6) ** 2 + ((y - 7.5) / 7) ** 2 + ((z - 5.5) / 5) ** 2 <= 1


def planted():
    return np.s_[3:7, 8:12, 4:8]


def reference_mask():
    found = np.zeros(SHAPE, dtype=bool)
    found[4:10, 1:7, 0:6] = True
    return found & mask()


def save(values, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(values, AFFINE)
    image.header.set_xyzt_units("mm", "sec")
    image.set_qform(AFFINE, 4)
    image.set_sform(AFFINE, 4)
    nib.save(image, path)


def binding(label, session):
    """Return the planted binding potential of every voxel; the fall of the verum arm is in one box."""
    own, now = np.random.default_rng([5, int(label)]), np.random.default_rng([8, int(label), session == "post"])
    level = np.exp(0.1 * own.standard_normal()) * np.exp(0.03 * now.standard_normal())
    found = np.full(SHAPE, 1.2) * level
    found[planted()] = 2.0 * level * (1 - FALL * (PEOPLE[label] == "verum" and session == "post"))
    found[reference_mask()] = 0.0
    return found


def write_image(root, label, session, noise=0.02, unit=1.0):
    rng = np.random.default_rng([9, int(label), session == "post"])
    levels = binding(label, session)
    known = {bp: curve(1.0, 0.14, bp) for bp in np.unique(levels)}
    series = np.stack([known[bp] for bp in levels.ravel()]).reshape(*SHAPE, -1)
    series[reference_mask()] = curve()
    series *= (1 + noise * rng.standard_normal(series.shape)) * mask()[..., None]
    folder = root / "petprep" / f"sub-{label}" / f"ses-{session}"
    name = f"sub-{label}_ses-{session}_trc-CFN_{STEM}_desc-preproc_pet.nii.gz"
    save((unit * series).astype(np.float32), folder / "pet" / name)
    save(mask().astype(np.uint8), folder / "anat" / f"sub-{label}_ses-{session}_{STEM}_desc-brain_mask.nii.gz")


def write(root, people=PEOPLE):
    write_tables(root, people)
    for label in people:
        for session in ("pre", "post"):
            write_image(root, label, session)
    return root


def call(root, level, *words):
    given = ("-d", f"petprep={root / 'petprep'}") if level == "participant" else ("--n-permutations", "500")
    return run_deqi(root / "bids", root / "out", level, *given, *WORDS, *words)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = write(tmp_path_factory.mktemp("pet"))
    first = call(root, "participant", "--set", "modalities.pet.smoothing_fwhm=8")
    assert first.code == 0, first.text
    second = call(root, "group", "--set", "modalities.pet.smoothing_fwhm=8")
    assert second.code == 0, second.text
    return root, first, second


def values(path):
    return np.asarray(nib.load(path).dataobj)


def test_the_map_of_a_scan_is_that_which_was_planted(done):
    root, first, _ = done
    folder = root / "out" / "sub-02" / "ses-pre" / "pet"
    path = folder / f"sub-02_ses-pre_trc-CFN_{STEM}_meas-bpnd_stat-effect_statmap.nii.gz"
    found, wanted = values(path), binding("02", "pre")
    inside = np.zeros(SHAPE, dtype=bool)
    inside[3:11, 9:13, 4:7] = True
    inside &= wanted == wanted[0, 0, 0]
    assert np.nanmedian(found[inside]) == pytest.approx(wanted[0, 0, 0], rel=0.05)
    about = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
    assert about["Model"] == "srtm2"
    assert about["KTwoPrime"] == pytest.approx(0.14, rel=0.05)
    assert about["ReferenceRegion"] == ["Cerebellum-Cortex"]
    assert about["SmoothingFWHM"] == 8
    assert {p.name for p in folder.glob("*_meas-bpnd_*.tsv")} == {
        "sub-02_ses-pre_trc-CFN_seg-gtm_meas-bpnd_stat-binding_kinpar.tsv"
    }
    assert {p.name.split("stat-")[1] for p in folder.glob("*_meas-bpnd_*.nii.gz")} == {
        "effect_statmap.nii.gz", "variance_statmap.nii.gz", "r1_statmap.nii.gz"
    }  # fmt: skip
    assert "left out" not in first.text
    assert validate_bids(root / "out").returncode == 0


def test_the_box_that_was_planted_is_found_and_nothing_else(done):
    root, _, second = done
    folder = root / "out" / "group" / "pet"
    (path,) = folder.glob("*_meas-bpnd_contrast-verumVsShamAdjusted_stat-effect_statmap.nii.gz")
    effect = values(path)
    assert np.nanmedian(effect[planted()]) == pytest.approx(-2.0 * FALL, abs=0.15)
    (path,) = folder.glob("*_meas-bpnd_contrast-verumVsShamAdjusted_stat-logpmassfwe_statmap.nii.gz")
    passed = values(path) > -np.log10(0.05)
    near = np.zeros(SHAPE, dtype=bool)
    near[2:8, 7:13, 3:9] = True
    assert passed[planted()].mean() > 0.8
    assert not passed[~near].any()
    assert list(folder.glob("*_seg-gtm_meas-bpnd_contrast-verumVsShamAdjusted_regions.tsv"))
    assert second.text.count("24 of 24 participants analysed") == 2
    assert "analysed apart" not in second.text
    assert "Binding potential of voxels" in group_pages(root / "out")


def test_a_mask_may_be_the_reference_where_there_is_no_table(tmp_path):
    people = dict([next(iter(PEOPLE.items()))])
    root = write(tmp_path, people)
    for path in (root / "petprep").rglob("*_tacs.tsv"):
        path.unlink()
    ended = call(root, "participant")
    assert ended.code
    assert "--set modalities.pet.reference_file=mask.nii.gz" in ended.text
    save(reference_mask().astype(np.uint8), tmp_path / "small.nii.gz")
    given = f"modalities.pet.reference_file={tmp_path / 'small.nii.gz'}"
    assert "a reference needs at least 200" in call(root, "participant", "--set", given).text
    wide = np.zeros(SHAPE, dtype=np.uint8)
    wide[3:11, 1:7, 0:8] = 1
    save(wide, tmp_path / "wide.nii.gz")
    ended = call(root, "participant", "--set", f"modalities.pet.reference_file={tmp_path / 'wide.nii.gz'}")
    assert ended.code == 0, ended.text
    assert list((root / "out").rglob("*_meas-bpnd_stat-effect_statmap.nii.gz"))


def test_ratios_of_uptake_are_named_so(tmp_path):
    people = dict([next(iter(PEOPLE.items()))])
    root = write(tmp_path, people)
    asked = ("--measures", "uptake_regions", "uptake_map")
    ended = call(root, "participant", *asked)
    assert ended.code == 0, ended.text
    names = {path.name for path in (root / "out" / "sub-01").rglob("*_meas-*")}
    assert names
    assert all("meas-suvr" in name for name in names)
    found = values(next((root / "out").rglob("*ses-pre*_meas-suvr_stat-effect_statmap.nii.gz")))
    late = (START >= 3600) & (START + DURATION <= 5400)
    weights = DURATION[late] / DURATION[late].sum()
    level = binding("01", "pre")[0, 0, 0]
    expected = weights @ curve(1.0, 0.14, level)[late] / (weights @ curve()[late])
    assert np.median(found[9:12, 8:12, 5:8]) == pytest.approx(expected, rel=0.05)
    ended = call(root, "participant", *asked, "--set", "measures.uptake_map.window=[90,120]")
    assert "no frame lies between 90 and 120 min" in ended.text


def test_voxels_at_a_border_are_counted_and_told():
    start, lasts = START / 60, DURATION / 60
    binds = np.stack([curve(1.0, 0.14, 1.0)] * 30 + [curve(1.0, 0.1, 60.0)] * 2, axis=1)
    given = Curves(
        frames=Frames(start=start, duration=lasts), values=binds, reference=curve(), weights=np.ones(len(start)),
        domain=Voxels(Grid((32, 1, 1), np.eye(4)), np.ones((32, 1, 1), dtype=bool)),
    )  # fmt: skip
    plug = plugs.measure("binding_map")
    first = next(iter(plug.measure(given, [], plug.options())))
    assert first.metadata["NotAvailable"] == {
        "BPnd of 6.2 % of the voxels": "they reach a border of k2a (0.006 to 0.6/min)"
    }
    assert np.isnan(first.value[30:]).all()
    assert first.value[:30] == pytest.approx(1.0, abs=1e-3)


def test_an_infusion_is_told(tmp_path):
    people = dict([next(iter(PEOPLE.items()))])
    root = write_tables(tmp_path, people, about={"ModeOfAdministration": "bolus-infusion"})
    assert "bolus-infusion: reference models hold" in call(root, "participant").text


def test_the_mask_is_that_of_the_session_and_a_copied_file_is_of_nobody_else(tmp_path):
    people = dict([next(iter(PEOPLE.items()))])
    root = write(tmp_path, people)
    scans = root / "petprep" / "sub-01" / "ses-post" / "pet"
    (image,) = scans.glob("*_pet.nii.gz")
    save(np.zeros((*SHAPE, len(START)), np.float32), scans / image.name.removesuffix(".gz"))
    save(np.zeros(SHAPE, np.float32), scans / image.name.replace("sub-01", "sub-77"))
    ended = call(root, "participant")
    assert ended.code == 0, ended.text
    for session in ("pre", "post"):
        (about,) = (root / "out" / "sub-01" / f"ses-{session}" / "pet").glob("*_desc-brain_mask.json")
        assert f"ses-{session}/anat/" in json.loads(about.read_text())["Sources"][0]


def test_image_and_table_of_different_units_are_refused(tmp_path):
    people = dict([next(iter(PEOPLE.items()))])
    root = write_tables(tmp_path, people)
    for session in ("pre", "post"):
        write_image(root, "01", session, unit=1000.0)
    ended = call(root, "participant")
    assert "image and table of curves must be in one unit (Bq/mL and kBq/mL differ by 1000)" in ended.text
    assert not list((root / "out").rglob("*_meas-bpnd_stat-effect_statmap.nii.gz"))


def test_a_scan_of_many_frames_is_read_as_it_is(tmp_path):
    """More frames than the reader gives at a time."""
    frames = 101
    values = np.random.default_rng(1).uniform(1, 2, (*SHAPE, frames)).astype(np.float32)
    name = "sub-01_space-MNI152NLin2009cAsym_desc-preproc_pet.nii.gz"
    save(values, tmp_path / name)
    save(np.ones(SHAPE, np.uint8), tmp_path / "mask.nii.gz")
    start = 30.0 * np.arange(frames)
    recording = Recording(
        modality="pet", entities={"sub": "01", "space": "MNI152NLin2009cAsym"}, series=tmp_path / name, root=tmp_path,
        dataset="petprep", companions={"mask": tmp_path / "mask.nii.gz"},
        metadata={"FrameTimesStart": start.tolist(), "FrameDuration": [30.0] * frames},
    )  # fmt: skip
    options = Options(reference_file=str(tmp_path / "mask.nii.gz"), smoothing_fwhm=0, start=5)
    modality = plugs.modality("pet")
    loaded = modality.load(recording, modality.prepare(recording, options), options)
    assert loaded.values == pytest.approx(values[..., 10:].reshape(-1, 91).T)
    assert loaded.reference == pytest.approx(values[..., 10:].reshape(-1, 91).mean(axis=0), rel=1e-5)
