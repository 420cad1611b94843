"""Real expression, receptors, sets and foci: parcel means of other authors, and an end to end run on real tables."""

from __future__ import annotations

import json
import shutil
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from conftest import FAST, run_deqi
from forbidden import said_too_much
from pages import group_pages

from bids_app.dataset.atlases.foci import foci_by_regions, read_foci
from bids_app.dataset.atlases.gene_sets import read_gene_sets
from bids_app.dataset.atlases.names import BELOW, CEREBELLUM, CORTEX, match, side_of, structure_of
from bids_app.dataset.atlases.parcels import atlas_regions, region_means
from bids_app.dataset.atlases.reference_maps import volume_by_regions
from bids_app.dataset.atlases.tables import read_region_table
from bids_app.dataset.tables import read_frame
from bids_app.dataset.volumes import read_map
from bids_app.errors import WrongDataError
from bids_app.spatial.region_sets import require_known

pytestmark = pytest.mark.real
SPACE = "MNI152NLin2009cAsym"
PAIRS = (
    "5HT1a_way_hc36_savli", "5HT1b_p943_hc22_savli", "5HTT_dasb_hc30_savli", "D1_SCH23390_hc13_kaller",
    "D2_raclopride_hc7_alakurtti", "GABAa_flumazenil_hc6_dukart", "MU_carfentanil_hc39_turtonen", "NAT_MRB_hc10_hesse",
    "VAChT_feobv_hc4_tuominen",
)  # fmt: skip
"""Maps of Hansen et al. whose volume is here and in their own parcel tables."""


@pytest.fixture(scope="module")
def schaefer(real_data, tmp_path_factory):
    """The atlas of 100 regions that the parcel tables are of, with its table of names beside."""
    folder = tmp_path_factory.mktemp("schaefer")
    source = real_data / "atlases" / "schaefer_tian"
    (volume,) = source.glob("Schaefer2018_100*_MNI152NLin6Asym_2mm.nii.gz")
    shutil.copy(volume, folder / "schaefer100.nii.gz")
    (names,) = source.glob("Schaefer2018_100*_label.txt")
    lines = names.read_text().split("\n")
    rows = [f"{lines[i + 1].split()[0]}\t{lines[i].strip()}" for i in range(0, len(lines) - 1, 2)]
    (folder / "schaefer100.tsv").write_text("\n".join(["index\tname", *rows]) + "\n")
    return folder / "schaefer100.nii.gz"


@pytest.mark.parametrize("name", PAIRS)
def test_parcel_means_are_those_of_the_authors_of_the_maps(real_data, schaefer, name):
    folder = real_data / "receptors" / "hansen"
    means = region_means(schaefer, *read_map(folder / "PET_nifti_images" / f"{name}.nii.gz"))
    cortical = [i for i, place in enumerate(atlas_regions(schaefer)) if place.name.startswith("7Networks")]
    theirs = np.loadtxt(folder / "PET_parcellated" / "scale100" / f"{name}.csv", delimiter=",")
    assert len(cortical) == len(theirs) == 100
    assert round(float(np.corrcoef(means[cortical], theirs)[0, 1]), 3) >= 0.998


def test_zeros_taken_for_values_would_not_agree(real_data, schaefer):
    folder = real_data / "receptors" / "hansen"
    values, grid = read_map(folder / "PET_nifti_images" / "5HT1a_way_hc36_savli.nii.gz")
    cortical = [i for i, place in enumerate(atlas_regions(schaefer)) if place.name.startswith("7Networks")]
    noise = np.random.default_rng(0).uniform(0, 1e-6, values.shape).astype(np.float32)
    wrong = region_means(schaefer, np.where(values == 0, noise, values), grid)[cortical]
    theirs = np.loadtxt(folder / "PET_parcellated" / "scale100" / "5HT1a_way_hc36_savli.csv", delimiter=",")
    assert np.corrcoef(wrong, theirs)[0, 1] < 0.99


def test_every_map_of_juspace_is_read(real_data, schaefer):
    files = sorted((real_data / "receptors" / "juspace_v1.5").glob("*.nii.gz"))
    assert len(files) == 30
    for file in files:
        found = volume_by_regions(file, schaefer, SPACE)
        assert np.isfinite(found.values).sum() >= 100, file.name


def test_rows_of_the_allen_tables_are_regions_of_their_atlases(real_data, schaefer):
    dk = atlas_regions(real_data / "atlases" / "desikan_killiany" / "atlas-desikankilliany.nii.gz")
    table = read_region_table(real_data / "ahba" / "allgenes_stable_r0.6.csv")
    found = match(table.regions, [place.name for place in dk], [place.number for place in dk])
    assert (len(table.regions), len(table.columns)) == (82, 1645)
    assert found.unknown == ()
    assert len(found.rows) == 82
    assert table.regions[found.rows["L_thalamusproper"]] == "Lthal"
    left = [place for place in dk if place.side == "left"]
    assert sum(place.cortex for place in left) == 34
    assert len(left) == 41
    fine = read_region_table(real_data / "ahba" / "allgenes_stable_r0.6_schaefer_100.csv")
    known = atlas_regions(schaefer)
    matched = match(fine.regions, [place.name for place in known], [place.number for place in known])
    assert sum(name.startswith("7Networks") for name in matched.rows) == 100


def test_a_table_of_another_resolution_is_refused(real_data, schaefer):
    table = read_region_table(real_data / "ahba" / "allgenes_stable_r0.6_schaefer_400.csv")
    known = atlas_regions(schaefer)
    found = match(table.regions, [place.name for place in known], [place.number for place in known])
    assert len(found.rows) > 90  # the names are those of other regions
    with pytest.raises(WrongDataError, match="three quarters"):
        require_known(found, known, "table", 20)


def test_what_is_cortex_is_right_in_the_atlases_of_the_field(real_data):
    folder = real_data / "atlases"
    for path in (folder / "tian").glob("*_label.txt"):
        lines = [line.strip() for line in path.read_text().splitlines()]
        assert {structure_of(line) for line in lines if line and not line[0].isdigit()} == {BELOW}, path
    words = [line.split() for line in (folder / "brainnetome" / "BN_Atlas_246_LUT.txt").read_text().splitlines()]
    names = [line[1] for line in words if line and line[0].isdigit() and line[0] != "0"]
    assert [structure_of(name) == CORTEX for name in names] == [True] * 210 + [False] * 36
    assert all(side_of(name) for name in names)
    anatomical = [line.split()[1] for line in (folder / "aal" / "ROI_MNI_V4.txt").read_text().splitlines()]
    kinds = Counter(structure_of(name) for name in anatomical)
    assert kinds == {CORTEX: 78, BELOW: 12, CEREBELLUM: 26}


def test_order_of_rows_does_not_matter(real_data):
    frame = pd.read_csv(real_data / "ahba" / "allgenes_stable_r0.8.csv").sample(frac=1, random_state=1)
    dk = atlas_regions(real_data / "atlases" / "desikan_killiany" / "atlas-desikankilliany.nii.gz")
    found = match(list(frame["label"]), [place.name for place in dk], [place.number for place in dk])
    assert frame["label"].iloc[found.rows["L_insula"]] == "L_insula"


def test_sets_of_real_collections_are_read(real_data):
    ontology = read_gene_sets(real_data / "genesets" / "enrichr.GO_Biological_Process_2021.gmt.gz")
    assert len(ontology) > 6000
    assert "synaptic transmission, GABAergic (GO:0051932)" in ontology
    cells = read_gene_sets(real_data / "genesets" / "celltypes_PSP.csv")
    assert {"Astro", "Micro", "Oligo"} <= set(cells)


def test_published_pain_is_in_insula_and_thalamus_more_than_in_the_occipital_cortex(real_data):
    atlas = real_data / "atlases" / "desikan_killiany" / "atlas-desikankilliany.nii.gz"
    file = real_data / "pain_meta_coordinates" / "coordinates_20200131.csv"
    found = read_foci(file)
    assert {name: sum(len(foci) for foci, _ in own.values()) for name, own in found.items()} == {
        "pain_pat_con": 94, "pain_con_pat": 54,
    }  # fmt: skip
    patients = next(volume for volume in foci_by_regions(file, atlas) if "pat_con" in volume.name)
    likelihood = dict(zip([place.name for place in atlas_regions(atlas)], patients.values, strict=True))
    for place in ("L_insula", "R_insula", "R_thalamusproper"):
        assert likelihood[place] > 3 * likelihood["L_lateraloccipital"], place


@pytest.fixture(scope="module")
def run(analysed, real_data, schaefer, tmp_path_factory):
    """The tiny trial beside real tables, through the command line."""
    folder = tmp_path_factory.mktemp("real-molecules")
    shutil.copytree(analysed.trial.root, folder / "data", symlinks=True)
    shutil.copytree(analysed.output, folder / "out")
    dk = real_data / "atlases" / "desikan_killiany" / "atlas-desikankilliany.nii.gz"
    common = f'atlas = "{dk}"\nmaps = ["near"]\nsurrogates = 300\nleast = 15\ncoverage = 0.2\nhemispheres = "both"\n'
    table = f'table = "{real_data}/ahba/allgenes_stable_r0.8.csv"\n'
    (folder / "a.toml").write_text(
        f"[associations.gene_expression]\n{common}{table}components = 2\n"
        f"[associations.gene_set_enrichment]\n{common}{table}smallest = 2\n"
        f'gene_sets = ["{real_data}/genesets/celltypes_PSP.csv"]\n'
        f'[associations.receptor_density]\n{common}receptors = ["{real_data}/receptors/juspace_v1.5"]\n'
        f"[associations.reference_map]\n{common}"
        f'coordinates = ["{real_data}/pain_meta_coordinates/coordinates_20200131.csv"]\n'
    )
    ended = run_deqi(folder / "data", folder / "out", "group", *FAST, "--config", folder / "a.toml")
    assert ended.code == 0, ended.text
    return folder / "out"


def test_all_associations_run_on_real_tables(run):
    group = run / "group"
    for label in ("geneExpression", "geneSets", "receptorDensity", "referenceMap"):
        (path,) = group.glob(f"*_seed-near_*_desc-{label}_association.tsv")
        rows = read_frame(path)
        assert len(rows)
        assert rows["p"].between(0.01 - 1e-9, 1).all()
    (sidecar,) = group.glob("*_seed-near_*_desc-geneExpression_association.json")
    notes = " ".join(json.loads(sidecar.read_text())["Notes"])
    assert "Nothing is known of how the table was made" in notes
    assert "subcortex: " in notes
    assert "at least 15 are needed, so they are not analysed" in notes
    (path,) = group.glob("*_desc-receptorDensity_association.tsv")
    (sidecar,) = group.glob("*_desc-receptorDensity_association.json")
    left_out = [note for note in json.loads(sidecar.read_text())["Notes"] if "is left out" in note]
    assert left_out == []
    assert read_frame(path).groupby("part").size().to_dict() == {"cortex": 30, "subcortex": 30}


def test_the_page_says_what_may_be_said(run):
    text = group_pages(run)
    assert "six donors" in text
    assert said_too_much(text) == []
    for place in ("genes", "gene-sets", "receptorDensity", "referenceMap"):
        assert f'id="{place}"' in text
