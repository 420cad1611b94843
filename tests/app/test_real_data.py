"""The main job on real data in fMRIPrep layout. The folder is not in the repository: see DEQI_TEST_DATA."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi
from pages import group_pages
from scipy import ndimage

pytestmark = pytest.mark.real

FORREST = [
    "--participant-label", "forrest02", "--space", "MNI152NLin2009cAsym", "--seeds", "PCCsphere:0,-52,26:6",
    "--set", 'modalities.fmri.confounds=["trans_[xyz]","rot_[xyz]","csf","white_matter","global_signal","cosine*"]',
    "--set", "modalities.fmri.fd_threshold=0", "--set", "modalities.fmri.high_pass=0",
    "--set", "modalities.fmri.low_pass=0", "--set", "modalities.fmri.detrend=0",
]  # fmt: skip


@pytest.fixture(scope="module")
def forrest(real_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("forrest")
    ended = run_deqi(real_data / "fmriprep_tree", out, "participant", *FORREST)
    assert ended.code == 0, ended.err
    return real_data / "fmriprep_tree" / "sub-forrest02" / "func", out / "sub-forrest02" / "func"


def test_whole_brain_seed_map_has_the_known_values(forrest):
    """Values computed with numpy and scipy alone, before this program existed."""
    (path,) = forrest[1].glob("*_seed-PCCsphere_stat-r_statmap.nii.gz")
    image = nib.load(path)
    r = np.asarray(image.dataobj)
    for place, expected in {(0, 52, -2): 0.52, (-46, -66, 32): 0.38, (48, -62, 32): 0.38, (4, -88, 2): -0.27}.items():
        voxel = np.round(np.linalg.solve(image.affine, [*place, 1])[:3]).astype(int)
        assert r[tuple(voxel)] == pytest.approx(expected, abs=0.03), place
    about = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
    assert about["SeedVoxels"] == 16


def test_whole_brain_seed_map_equals_plain_numpy_and_scipy(forrest):
    source, result = forrest
    (path,) = result.glob("*_seed-PCCsphere_stat-r_statmap.nii.gz")
    r = np.asarray(nib.load(path).dataobj)
    image = nib.load(next(source.glob("*_desc-preproc_bold.nii.gz")))
    mask = np.asarray(nib.load(next(source.glob("*_desc-brain_mask.nii.gz"))).dataobj) > 0
    table = np.genfromtxt(next(source.glob("*_timeseries.tsv")), names=True)
    names = [f"{k}_{a}" for k in ("trans", "rot") for a in "xyz"] + ["csf", "white_matter", "global_signal"]
    names += [n for n in table.dtype.names if n.startswith("cosine")]
    design = np.column_stack([np.ones(len(table)), *[table[n] for n in names]])
    series = np.asarray(image.dataobj, dtype=np.float64)[mask].T
    clean = series - design @ np.linalg.lstsq(design, series, rcond=None)[0]
    places = np.argwhere(mask) @ image.affine[:3, :3].T + image.affine[:3, 3]
    seed = np.linalg.norm(places - [0, -52, 26], axis=1) <= 6
    usable = mask & np.isfinite(nib.load(next(result.glob("*_stat-mean_statmap.nii.gz"))).get_fdata())
    sigma = 6 / np.sqrt(8 * np.log(2)) / 4
    weight = ndimage.gaussian_filter(usable.astype(float), sigma, mode="constant")
    smooth = np.empty_like(clean)
    for i, frame in enumerate(clean):
        volume = np.zeros(mask.shape)
        volume[mask] = frame
        volume[~usable] = 0
        smooth[i] = (ndimage.gaussian_filter(volume, sigma, mode="constant") / np.maximum(weight, 1e-9))[mask]
    mean = clean[:, seed].mean(axis=1)
    expected = mean @ smooth / np.linalg.norm(mean) / np.linalg.norm(smooth, axis=0)
    found = r[mask]
    compared = np.isfinite(found)
    assert compared.mean() > 0.95
    assert np.abs(found[compared] - expected[compared]).max() < 1e-4


HALVES = "halves of real resting runs stand for before and after; the arms are invented: the contrast means nothing"


@pytest.fixture(scope="module")
def two_sites(real_data, tmp_path_factory):
    """Cut the runs of 12 real people in two halves, and invent arms within their two real sites."""
    root = tmp_path_factory.mktemp("sites") / "data"
    tree = real_data / "fmriprep_tree"
    people = sorted(p.name for p in tree.glob("sub-*") if p.name.startswith(("sub-bochum", "sub-essen")))
    (root).mkdir(parents=True)
    about = {"Name": HALVES, "BIDSVersion": "1.9.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": "tests"}]}
    (root / "dataset_description.json").write_text(json.dumps(about))
    lines = ["participant_id\tgroup\tsite"]
    for number, person in enumerate(people):
        lines.append(f"{person}\t{('verum', 'sham')[number % 2]}\t{'bochum' if 'bochum' in person else 'essen'}")
        source = tree / person / "func"
        image = nib.load(next(source.glob("*_bold.nii.gz")))
        table = next(source.glob("*_timeseries.tsv")).read_text().splitlines()
        half = image.shape[3] // 2
        data = np.asarray(image.dataobj.get_unscaled())
        for session, part in {"pre": slice(0, half), "post": slice(half, 2 * half)}.items():
            folder = root / person / f"ses-{session}" / "func"
            folder.mkdir(parents=True)
            for path in source.iterdir():
                name = path.name.replace(f"{person}_", f"{person}_ses-{session}_")
                if name.endswith("_bold.nii.gz"):
                    cut = nib.Nifti1Image(data[..., part], image.affine, image.header)
                    cut.header.set_slope_inter(*image.header.get_slope_inter())
                    nib.save(cut, folder / name)
                elif name.endswith("_timeseries.tsv"):
                    (folder / name).write_text("\n".join([table[0], *table[1:][part]]) + "\n")
                else:
                    shutil.copy(path, folder / name)
    (root / "participants.tsv").write_text("\n".join(lines) + "\n")
    return root


SEEDS = ["--seeds", "PCC", "thalamusR", "--set", "modalities.fmri.confounds=[]"]


@pytest.fixture(scope="module")
def real_maps(two_sites, tmp_path_factory):
    out = tmp_path_factory.mktemp("real") / "out"
    ended = run_deqi(two_sites, out, "participant", *SEEDS)
    assert ended.code == 0, ended.err
    return out


def test_twelve_real_people_at_two_sites_go_through_both_levels(two_sites, real_maps):
    """The pipe is real, the contrast means nothing: see HALVES."""
    ended = run_deqi(two_sites, real_maps, "group", *SEEDS, "--n-permutations", "200",
                     "--set", 'designs.parallel_prepost.strata=["site"]')  # fmt: skip
    assert ended.code == 0, ended.err
    flow = next(real_maps.glob("group/*_flow.tsv")).read_text()
    assert flow.count("analysed") == 11, flow
    # Real motion: half a run of one person keeps less than four minutes, and the flow says so.
    assert "sub-bochum06\tsham\tpost\tsession post: 35 residual degrees of freedom" in flow
    (path,) = real_maps.glob("group/*seed-PCC_contrast-verumVsShamAdjusted_statmap.json")
    about = json.loads(path.read_text())
    assert about["ParticipantsByArm"] == {"verum": 6, "sham": 5}
    assert about["RelabellingsPossible"] == "200"  # 5 choose 3 at one site, 6 choose 3 at the other
    assert about["Exhaustive"] is True
    assert about["DegreesOfFreedom"] == 11 - 2 - 2
    assert (real_maps / "group.html").stat().st_size > 10000


DESIGNS = {  # what to set, and what the primary contrast is: scheme, degrees of freedom, statistics of its sidecar
    "arms with variances of their own, TFCE decides": (
        ["designs.parallel_prepost.column=group", "inference.variances=by-arm", "inference.claim=tfce"],
        ("verumVsShamAdjusted", "rerandomise", 11 - 3, {"voxel", "extent", "mass", "tfce"}),
    ),
    "sites as parts": (["designs.multi_site.site=site"], ("verumVsShamAdjusted", "rerandomise", 11 - 4, {"tfce"})),
    "after treatment alone": (["designs.post_only.session=post"], ("verumVsSham", "rerandomise", 11 - 2, {"mass"})),
    "one arm": (["designs.one_arm_prepost.post=post"], ("change", "signflip", 11 - 1, {"mass"})),
    "slopes on age, one family of all": (
        ["designs.regression.value=age", "designs.regression.outcome=change", "inference.family=all"],
        ("contrast-slope_", "exchange", 11 - 3, {"voxel"}),
    ),
    "a visit after the first, within a small volume, with a margin": (
        ["designs.parallel_followups.posts=['post']", "inference.small_volume=['PAG','amygdalaL']",
         "inference.equivalence_margin=0.3 Fisher z", "inference.tfce=none", "inference.connectivity=6"],
        ("verumVsShamPost", "rerandomise", 11 - 3, {"extent"}),
    ),
    "crossover": (
        ["designs.crossover.column=group", "designs.crossover.active=verum", "designs.crossover.control=sham",
         "designs.crossover.first=pre", "designs.crossover.second=post"],
        ("contrast-treatment_", "rerandomise", 11 - 2, {"mass"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DESIGNS)
def test_every_design_and_correction_runs_on_real_maps(two_sites, real_maps, tmp_path, case):
    words, (name, scheme, df, statistics) = DESIGNS[case]
    out, data = tmp_path / "out", tmp_path / "data"
    shutil.copytree(real_maps, out, ignore=shutil.ignore_patterns("group", "group_*"))
    data.mkdir()
    for path in two_sites.iterdir():
        if path.name != "participants.tsv":
            (data / path.name).symlink_to(path)
    head, *rows = (two_sites / "participants.tsv").read_text().splitlines()
    ages = [f"{row}\t{20 + 7 * i % 31}" for i, row in enumerate(rows)]  # made up, like the arms
    (data / "participants.tsv").write_text("\n".join([f"{head}\tage", *ages]) + "\n")
    more = [word for text in words for word in ("--set", text)]
    ended = run_deqi(data, out, "group", "--seeds", "PCC", "--n-permutations", "24", *more)
    assert ended.code == 0, ended.err
    found = {path: json.loads(path.read_text()) for path in out.glob("group/*seed-PCC_*_statmap.json")}
    ((path, about),) = [(path, about) for path, about in found.items() if about["Primary"]]
    assert name in path.name
    assert about["Scheme"] == scheme
    assert about["DegreesOfFreedom"] == df
    assert statistics <= set(about["SmallestJointP"])
    t = np.asarray(nib.load(str(path).replace("_statmap.json", "_stat-t_statmap.nii.gz")).dataobj)
    assert np.isfinite(t).sum() == about["Voxels"]
    assert "<h1" in group_pages(out)


def test_real_parcel_series_give_the_correlation_of_their_source(real_data, tmp_path):
    """Every voxel of a parcel carries one real series: a map value is the correlation of two of them."""
    tree = real_data / "fmriprep_tree"
    words = ["--participant-label", "essen01", "--seeds", "PCC", "--set", "modalities.fmri.confounds=[]"]
    for key in ("fd_threshold", "smoothing_fwhm", "high_pass", "low_pass", "detrend"):
        words += ["--set", f"modalities.fmri.{key}=0"]
    ended = run_deqi(tree, tmp_path / "out", "participant", *words)
    assert ended.code == 0, ended.err
    image = nib.load(next((tree / "sub-essen01" / "func").glob("*_bold.nii.gz")))
    data = np.asarray(image.dataobj, dtype=np.float64)
    r = np.asarray(nib.load(next((tmp_path / "out").glob("sub-essen01/func/*_stat-r_statmap.nii.gz"))).dataobj)
    places = np.indices(r.shape).transpose(1, 2, 3, 0) @ image.affine[:3, :3].T + image.affine[:3, 3]
    mask = np.asarray(nib.load(next((tree / "sub-essen01" / "func").glob("*_mask.nii.gz"))).dataobj) > 0
    seed = mask & (np.linalg.norm(places - [0, -53, 26], axis=-1) <= 6) & (data.std(axis=-1) > 0)
    mean = data[seed].mean(axis=0)
    compared = np.argwhere(np.isfinite(r))[::311]
    assert len(compared) > 30
    for voxel in compared:
        expected = np.corrcoef(mean, data[tuple(voxel)])[0, 1]
        assert r[tuple(voxel)] == pytest.approx(expected, abs=1e-4)


def test_one_slice_of_real_voxels_is_read(real_data, tmp_path):
    words = [
        "--participant-label",
        "0050048",
        "0051479",
        "--seeds",
        "midline:0,-52,26:8",
        "--set",
        'modalities.fmri.confounds=["global_signal"]',
        "--set",
        "modalities.fmri.fd_threshold=0",
    ]
    ended = run_deqi(real_data / "fmriprep_tree", tmp_path / "out", "participant", *words)
    assert ended.code == 0, ended.err
    said = ended.text
    for label in ("0050048", "0051479"):
        maps = list((tmp_path / "out").glob(f"sub-{label}/func/*_stat-r_statmap.nii.gz"))
        assert maps or f"sub-{label}_task-rest_acq-midsag" in said


@pytest.mark.parametrize(
    ("name", "people", "task", "jobs"), [("ds002748", 72, "rest", 72), ("ds000114", 10, "fingerfootlips", 20)]
)
def test_real_zero_byte_skeletons_are_planned_and_refused(real_data, tmp_path, name, people, task, jobs):
    archive = real_data / "openneuro_fmriprep_skeletons" / f"{name}-fmriprep_skeleton.tar.gz"
    with tarfile.open(archive) as stream:
        stream.extractall(tmp_path, filter="data")
    root = tmp_path / f"{name}-fmriprep"
    words = ["--task-id", task]
    ended = run_deqi(root, tmp_path / "out", "participant", *words, "--dry-run", "-v")
    assert ended.code == 0, ended.err
    assert f"{jobs} jobs; nothing was written." in ended.out
    labels = {line.partition("_")[0] for line in ended.out.splitlines() if line.startswith("sub-")}
    assert len(labels) == people
    assert "is empty (0 bytes)" in ended.out
    ended = run_deqi(root, tmp_path / "out", "participant", *words)
    assert ended.code == 66
    assert "is empty (0 bytes)" in ended.err
    assert f"task-{task}" in ended.err
    assert "Traceback" not in ended.text


@pytest.mark.parametrize("name", ["test-v21_desc-confounds_timeseries.tsv", "test_desc-confounds_regressors.tsv"])
def test_real_confound_tables_of_two_versions_serve_the_default_strategy(real_data, name):
    from bids_app.dataset.confounds import read_confounds
    from bids_app.modalities._fmri_cleaning import confound_patterns
    from bids_app.signals.confounds import complete, matrix, select

    path = Path(real_data) / "fmriprep_confounds" / name
    frames = len(path.read_text().splitlines()) - 1
    table = complete(read_confounds(path, frames, lambda _: True))
    names = select(table, confound_patterns("24P+csf+wm"))
    assert len(names) == 26
    assert np.isfinite(matrix(table, names, np.ones(frames, dtype=bool))).all()
