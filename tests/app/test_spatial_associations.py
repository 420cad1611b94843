"""Associations with references from the command line: what is written, and every bad word and table on the way."""

from __future__ import annotations

import filecmp
import json
import shutil
import sys

import nibabel as nib
import numpy as np
import pytest
from conftest import FAST, run_deqi, validate_bids
from forbidden import said_too_much
from pages import group_pages
from synthetic import AFFINE, TARGET, brain
from trial_tables import MOLECULES as CONFIG

from bids_app.dataset.tables import read_frame
from bids_app.launch.demo.reference_data import ATLAS, write_molecules
from bids_app.vocabulary.grid import Grid

CODES = {"usage": 64, "data": 65, "missing": 66}


@pytest.fixture(scope="module")
def place(analysed, tmp_path_factory):
    """The tiny trial beside made-up references, analysed; read only."""
    folder = tmp_path_factory.mktemp("molecules")
    shutil.copytree(analysed.trial.root, folder / "data", symlinks=True)
    shutil.copytree(analysed.output, folder / "out")
    write_molecules(folder / "data" / "code" / "molecules", brain(), Grid(brain().shape, AFFINE), TARGET)
    (folder / "a.toml").write_text(CONFIG)
    ended = run_deqi(folder / "data", folder / "out", "group", *FAST, "--config", folder / "a.toml")
    assert ended.code == 0, ended.text
    return folder


@pytest.fixture
def copy(place, tmp_path):
    for name in ("data", "out"):
        shutil.copytree(place / name, tmp_path / name, symlinks=True)
    shutil.copy(place / "a.toml", tmp_path)
    return tmp_path


def again(folder, *words, env=None):
    config = ("--config", folder / "a.toml")
    return run_deqi(folder / "data", folder / "out", "group", *FAST, *config, *words, env=env)


def table(folder, label):
    (path,) = (folder / "out" / "group").glob(f"*_seed-near_contrast-verumVsShamAdjusted_desc-{label}_association.tsv")
    return read_frame(path)


def test_every_association_has_its_tables_and_its_section(place):
    genes = table(place, "geneExpression")
    assert len(genes) == 240
    assert genes["rho"].is_monotonic_decreasing
    components = table(place, "geneExpressionComponents")
    assert list(components["null"]) == ["trial", "moran", "variogram"]
    assert components["maps"].tolist() == [100, 201, 201]
    assert (genes["p"] >= 0.01 - 1e-9).all()
    assert set(table(place, "geneSets")["set"]) == {"made-up set, planted", *(f"made-up set {i}" for i in range(1, 5))}
    assert set(table(place, "receptorDensity")["receptor"]) == {"MOR", "GABA-A", "5-HT1A", "D2"}
    together = table(place, "receptorDensityTogether")
    assert together["explained"].iloc[1:].sum() == pytest.approx(together["explained"].iloc[0])
    text = group_pages(place / "out")
    for name in ("genes", "gene-sets", "receptorDensity"):
        assert f'<section id="{name}">' in text
    assert "The literature&#39;s recipe" in text
    assert said_too_much(text) == []


def test_the_page_methods_and_output_are_whole(place):
    methods = (place / "out" / "logs" / "CITATION.md").read_text()
    assert "Spearman" in methods
    assert "ensemble null" in methods
    assert validate_bids(place / "out").returncode == 0


def test_planted_genes_come_first_and_regions_are_those_of_the_map(place):
    genes = table(place, "geneExpression")
    first = genes.head(20)["gene"]
    assert sum(name <= "SYN020" for name in first) >= 8
    regions = table(place, "geneExpressionRegions")
    (path,) = (place / "out" / "group").glob("*_seed-near_contrast-verumVsShamAdjusted_stat-t_statmap.nii.gz")
    t = np.asarray(nib.load(path).dataobj)
    labels = np.asarray(nib.load(place / "data" / "code" / "molecules" / f"{ATLAS}.nii.gz").dataobj)
    names = read_frame(place / "data" / "code" / "molecules" / f"{ATLAS}.tsv").set_index("name")["index"]
    for row in regions.itertuples():
        own = t[(labels == names[row.region]) & np.isfinite(t)]
        assert row.t == pytest.approx(own.mean(), abs=1e-4)
        assert row.voxels == len(own)


def test_finished_work_is_not_done_again_until_a_table_changes(copy):
    assert "already done" in again(copy).text  # though the copy lies elsewhere
    path = copy / "data" / "code" / "molecules" / "expression.tsv"
    path.write_text(path.read_text().replace("SYN001", "SYNNEW", 1))
    assert "already done" not in again(copy).text
    assert "SYNNEW" in set(table(copy, "geneExpression")["gene"])


def test_shares_of_relabellings_give_the_tables_of_one_run(place, copy):
    shutil.rmtree(copy / "out" / "group")
    for path in (copy / "out").glob("logs/done/group_*"):
        path.unlink()
    for share in ("2/2", "1/2"):
        assert again(copy, "--permutation-share", share).code == 0
    assert again(copy).code == 0
    tables = sorted(path.name for path in (place / "out" / "group").glob("*_association.*"))
    found = filecmp.cmpfiles(place / "out" / "group", copy / "out" / "group", tables, shallow=False)
    assert found == (tables, [], [])
    assert len(tables) == 13


def test_a_contrast_is_chosen_by_name_and_a_misspelt_one_is_refused(copy):
    chosen = "associations.gene_expression.contrast=verumChange"
    assert again(copy, "--set", chosen).code == 0
    assert list((copy / "out" / "group").glob("*_seed-near_contrast-verumChange_desc-geneExpression_association.tsv"))
    ended = again(copy, "--set", f"{chosen}s")
    assert ended.code == CODES["usage"]
    assert "did you mean 'verumChange'" in ended.text
    assert "Traceback" not in ended.text


def test_old_answers_do_not_outlive_what_asked_them(copy):
    (copy / "a.toml").write_text("")
    assert again(copy).code == 0
    assert not list((copy / "out" / "group").glob("*_association.*"))
    assert 'id="genes"' not in group_pages(copy / "out")


def edit(folder, name, change):
    path = folder / "data" / "code" / "molecules" / name
    path.write_text(change(path.read_text()))


@pytest.mark.parametrize(
    ("name", "change", "code", "said"),
    [
        ("expression.tsv", lambda text: text.replace("region", "gyrus"), "data", "nearest: L_region01"),
        ("expression.tsv", lambda text: text.replace("L_region02", "L_region01"), "data", "names regions twice"),
        ("expression.tsv", lambda text: "\n".join(text.splitlines()[:2]), "data", "1 of its 1 rows"),
        ("expression.tsv", lambda text: "", "missing", "0 bytes"),
        ("sets.gmt", lambda text: "one\n", "data", "line 1 has 1 words"),
        (f"{ATLAS}.tsv", lambda text: text.replace("index", "number"), "data", "expected index and name"),
        ("receptors.tsv", lambda text: text.replace("\t", ","), "data", "1 columns"),
    ],
)
def test_bad_tables_end_the_call_before_any_work(copy, name, change, code, said):
    edit(copy, name, change)
    before = {path: path.stat().st_mtime_ns for path in (copy / "out" / "group").iterdir()}
    ended = again(copy)
    assert ended.code == CODES[code], ended.text
    assert said in ended.text
    assert "Traceback" not in ended.text
    assert {path: path.stat().st_mtime_ns for path in (copy / "out" / "group").iterdir()} == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("gene_expression.table=absent.tsv", "missing", "does not exist"),
        ("gene_expression.atlas=bids::absent.nii.gz", "missing", "does not exist"),
        ("gene_set_enrichment.gene_sets=KEGG_2016", "usage", "Nothing is fetched by name"),
        ("gene_set_enrichment.smallest=300", "usage", "below smallest"),
        ("receptor_density.receptors=nowhere", "usage", "is no map"),
        ("gene_expression.tabel=x", "usage", "did you mean 'table'"),
    ],
)
def test_bad_words_end_the_call_before_any_work(copy, words, code, said):
    ended = again(copy, "--set", f"associations.{words}")
    assert ended.code == CODES[code], ended.text
    assert said in ended.text


def test_a_result_of_this_trial_is_no_reference_of_itself(copy):
    (path,) = (copy / "out" / "group").glob("*_seed-far_contrast-verumChange_stat-t_statmap.nii.gz")
    (copy / "a.toml").write_text(
        f'[associations.reference_map]\natlas = "bids::code/molecules/{ATLAS}.nii.gz"\nreferences = ["{path}"]\n'
    )
    ended = again(copy)
    assert ended.code == CODES["usage"]
    assert "is a result of this group level" in ended.text


def test_genes_without_values_and_constant_ones_are_left_out_and_counted(copy):
    def change(text):
        rows = [line.split("\t") for line in text.splitlines()]
        for row in rows[1:]:
            row[1] = "7"
        rows[3][2] = "n/a"
        return "\n".join("\t".join(row) for row in rows) + "\n"

    edit(copy, "expression.tsv", change)
    assert again(copy).code == 0
    assert len(table(copy, "geneExpression")) == 238
    (path,) = (copy / "out" / "group").glob("*_seed-near_*_desc-geneExpression_association.json")
    assert "genes left out: 1 without a value in every region and 1 that do not vary" in path.read_text()


def test_sets_without_a_gene_are_an_error_of_that_association_alone(copy):
    edit(copy, "sets.gmt", lambda text: text.replace("SYN", "XXX"))
    ended = again(copy)
    assert ended.code == 0
    assert "No set has 10 to 200 genes in the table" in ended.text
    assert not list((copy / "out" / "group").glob("*_desc-geneSets_association.tsv"))
    assert len(table(copy, "geneExpression")) == 240


def test_plain_gsea_stands_beside_where_it_is_asked_for(copy):
    pytest.importorskip("gseapy")
    assert again(copy, "--set", "associations.gene_set_enrichment.gsea=true").code == 0
    found = table(copy, "geneSets")
    assert found["gsea_p"].between(0, 1).all()
    assert "Random genes would call" in group_pages(copy / "out")


FAKE = """
import json, os, pathlib
__version__ = "0.0"
def get_expression_data(atlas, atlas_info, data_dir, **recipe):
    import pandas as pd
    names = pd.read_csv(atlas_info)
    inside = sorted(p.name for p in (pathlib.Path(data_dir) / "microarray").iterdir())
    assert len(inside) == 6, inside
    assert recipe["missing"] is None and recipe["lr_mirror"] is None
    if os.environ.get("FAKE_FETCH"):
        import urllib.request
        urllib.request.urlopen("http://127.0.0.1:9/")
    genes = ["OPRM1", *(f"G{g}" for g in range(1, 30))]
    frame = pd.DataFrame({name: [(7 * g + 3 * i * i) % 17 / 17 for i in names["id"]] for g, name in enumerate(genes)})
    return frame.set_axis(names["id"], axis="index")
"""


def microarrays(folder):
    for donor in (9861, 10021, 12876, 14380, 15496, 15697):
        own = folder / "ahba" / f"normalized_microarray_donor{donor}"
        own.mkdir(parents=True)
        for name in ("MicroarrayExpression", "Ontology", "PACall", "Probes", "SampleAnnot"):
            (own / f"{name}.csv").write_text("1\n")
    return folder / "ahba"


@pytest.fixture
def without_a_table(copy):
    """A call that has no table of genes, thirty files, and a stand-in for abagen."""
    (copy / "a.toml").write_text(
        f'[associations.gene_expression]\natlas = "bids::code/molecules/{ATLAS}.nii.gz"\nstructures = "together"\n'
        'surrogates = 200\nmaps = ["near"]\n'
        f'[associations.receptor_density]\natlas = "bids::code/molecules/{ATLAS}.nii.gz"\nstructures = "together"\n'
        'receptors = ["bids::code/molecules/receptors.tsv"]\nsurrogates = 200\nmaps = ["near"]\n'
    )
    site = copy / "site"
    (site / "abagen").mkdir(parents=True)
    (site / "abagen" / "__init__.py").write_text(FAKE)
    python = copy / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{site}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return copy, microarrays(copy), {"DEQI_ABAGEN_PYTHON": str(python)}


def test_a_table_is_made_by_abagen_in_its_own_python_once(without_a_table):
    folder, source, env = without_a_table
    before = sorted(source.rglob("*"))
    ended = again(folder, "--ahba-dir", source, env=env)
    assert ended.code == 0, ended.text
    assert "abagen makes a table of 80 regions" in ended.text
    assert len(table(folder, "geneExpression")) == 30
    assert table(folder, "receptorDensityGenes")["gene"].tolist() == ["OPRM1"]
    (sidecar,) = (folder / "out" / "logs" / "expression").glob("*.json")
    about = json.loads(sidecar.read_text())
    assert about["Donors"] == 6
    assert about["Recipe"]["probe_selection"] == "diff_stability"
    assert sorted(source.rglob("*")) == before
    assert "abagen makes" not in again(folder, "--ahba-dir", source, env=env).text


def test_abagen_never_downloads(without_a_table):
    folder, source, env = without_a_table
    ended = again(folder, "--ahba-dir", source, env={**env, "FAKE_FETCH": "1"})
    assert ended.code == CODES["missing"]
    assert "abagen asked for the network" in ended.text


def test_the_thirty_files_are_looked_for_first(without_a_table):
    folder, source, env = without_a_table
    (source / "normalized_microarray_donor14380" / "PACall.csv").unlink()
    ended = again(folder, "--ahba-dir", source, env=env)
    assert ended.code == CODES["missing"]
    assert "1 of 30 files are absent, first normalized_microarray_donor14380/PACall.csv" in ended.text
    assert "abagen makes" not in ended.text


def test_without_its_python_abagen_is_asked_for(without_a_table):
    folder, source, _ = without_a_table
    ended = again(folder, "--ahba-dir", source, env={"DEQI_ABAGEN_PYTHON": ""})
    assert ended.code == CODES["usage"]
    assert "pip install abagen==0.1.3" in ended.text
    dry = again(folder, "--ahba-dir", source, "--dry-run", env={"DEQI_ABAGEN_PYTHON": "python"})
    assert dry.code == 0
    assert "would be made first" in dry.text


def test_another_table_of_labels_makes_another_table_of_genes(without_a_table):
    folder, source, env = without_a_table
    assert again(folder, "--ahba-dir", source, env=env).code == 0
    edit(folder, f"{ATLAS}.tsv", lambda text: text.replace("L_region01", "L_area01"))
    assert "abagen makes" in again(folder, "--ahba-dir", source, env=env).text
    assert len(list((folder / "out" / "logs" / "expression").glob("*.tsv"))) == 2


def test_names_of_regions_with_commas_reach_abagen_whole(without_a_table):
    folder, source, env = without_a_table
    edit(folder, f"{ATLAS}.tsv", lambda text: text.replace("L_region01", "Cingulate Gyrus, anterior division (L)"))
    ended = again(folder, "--ahba-dir", source, env=env)
    assert ended.code == 0, ended.text
    assert "Cingulate Gyrus, anterior division (L)" in set(table(folder, "geneExpressionRegions")["region"])


def test_maps_that_are_called_numbers_or_like_a_column_of_ours_keep_their_names(copy):
    edit(copy, "receptors.tsv", lambda text: text.replace("MOR\tGABAa\t5HT1a\tD2", "1\tt\tNA\tD2"))
    ended = again(copy)
    assert ended.code == 0, ended.text
    assert set(table(copy, "receptorDensity")["map"]) == {"1", "receptors.tsv: t", "NA", "D2"}
    regions = table(copy, "receptorDensityRegions")
    assert regions["t"].equals(table(copy, "geneExpressionRegions")["t"])
    assert "receptors.tsv: t" in regions


def test_a_misspelt_map_is_refused_and_tables_alone_are_told(copy):
    ended = again(copy, "--set", "associations.gene_expression.maps=neer")
    assert ended.code == CODES["usage"]
    assert "did you mean 'near'" in ended.text


def test_a_section_whose_table_is_gone_says_so(copy):
    for path in (copy / "out" / "group").glob("*_desc-geneExpressionComponents_association.tsv"):
        path.unlink()
    assert again(copy, "--reports-only").code == 0
    text = group_pages(copy / "out")
    assert "geneExpressionComponents_association.tsv is gone. Run the group level again." in text
    assert "Nothing was set beside expression of genes." in text


def test_what_goes_with_a_change_within_an_arm_is_no_evidence_of_specificity(copy):
    chosen = [f"associations.{name}.contrast=verumChange" for name in ("gene_expression", "receptor_density")]
    assert again(copy, *(word for one in chosen for word in ("--set", one))).code == 0
    text = group_pages(copy / "out")
    section = text.partition('<section id="receptorDensity">')[2].partition("</section>")[0]
    assert "within arms: says nothing about specificity" in section
    assert "It is not evidence of specificity." in section
    assert "signs of people flipped" in text
    assert said_too_much(text) == []


def test_a_region_without_most_genes_costs_itself_and_not_the_genes(copy):
    def change(text):
        rows = [line.split("\t") for line in text.splitlines()]
        rows[5][3:] = ["n/a"] * (len(rows[5]) - 3)
        return "\n".join("\t".join(row) for row in rows) + "\n"

    edit(copy, "expression.tsv", change)
    assert again(copy).code == 0
    assert len(table(copy, "geneExpression")) == 240
    (path,) = (copy / "out" / "group").glob("*_seed-near_*_desc-geneExpression_association.json")
    assert "without values (or half of them) in the reference: L_region05" in path.read_text()


def test_a_sealed_plan_holds_what_tables_hold(copy):
    words = ["--lock", copy / "plan.json", "--lock-after-unblinding"]
    assert again(copy, *words).code == 0
    files = json.loads((copy / "plan.json").read_text())["Plan"]["Files"]
    assert {word.rpartition("/")[2] for word in files} >= {
        "expression.tsv", "expression.json", "sets.gmt", "receptors.tsv", f"{ATLAS}.nii.gz", f"{ATLAS}.tsv",
    }  # fmt: skip
    edit(copy, f"{ATLAS}.tsv", lambda text: text.replace("L_region01", "X").replace("L_region02", "L_region01"))
    assert again(copy, "--plan", copy / "plan.json").code == 0
    (path,) = (copy / "out" / "group").glob("*_seed-near_*_desc-geneExpression_association.json")
    found = json.loads(path.read_text())["Plan"]["Deviations"]
    assert [(one["Table"], one["Kind"]) for one in found if one["Key"].endswith(f"{ATLAS}.tsv")] == [
        ("file", "changed")
    ]


def test_a_folder_of_maps_is_sealed_with_a_slash_or_without(copy):
    folder = copy / "pet"
    folder.mkdir()
    shutil.copy(copy / "data" / "code" / "molecules" / "receptors.tsv", folder / "a.tsv")
    for number, word in enumerate((f"{folder}", f"{folder}/")):
        plan = copy / f"{number}.json"
        said = ("--set", f"associations.receptor_density.receptors={word}", "--lock", plan, "--lock-after-unblinding")
        assert again(copy, *said).code == 0
        assert word in json.loads(plan.read_text())["Plan"]["Files"]


def test_a_plan_sealed_in_one_place_holds_in_another(place, tmp_path):
    """As in a container, where the dataset lies elsewhere: what is sealed goes by the words of the settings."""
    for name in ("here", "there"):
        for part in ("data", "out"):
            shutil.copytree(place / part, tmp_path / name / part, symlinks=True)
        shutil.copy(place / "a.toml", tmp_path / name)
    assert again(tmp_path / "here", "--lock", tmp_path / "plan.json", "--lock-after-unblinding").code == 0
    assert again(tmp_path / "there", "--plan", tmp_path / "plan.json").code == 0
    (path,) = (tmp_path / "there" / "out" / "group").glob("*_seed-near_*_desc-geneExpression_association.json")
    assert json.loads(path.read_text())["Plan"]["Deviations"] == []
