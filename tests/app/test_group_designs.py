"""Every design and choice of inference from the command line to files and pages, on the tiny trial."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from conftest import run_deqi
from pages import group_pages
from synthetic import AFFINE, TARGET, brain

from bids_app.dataset.tables import read_tsv
from bids_app.launch.demo.reference_data import SETTINGS, write_molecules
from bids_app.vocabulary.grid import Grid

QUICK = ["--n-permutations", "40", "--seeds", "near:4,4,4:9", "--measures", "seed_correlation"]


@pytest.fixture
def copy(analysed, tmp_path):
    """Return a dataset and what the participant level left, to be changed."""
    out, data = tmp_path / "out", tmp_path / "data"
    shutil.copytree(analysed.output, out, ignore=shutil.ignore_patterns("group", "group_*"))
    shutil.copytree(analysed.trial.root, data, symlinks=True)
    return data, out


def table(data: Path, **columns) -> None:
    """Write columns into participants.tsv: functions of the number and the row of each participant."""
    path = data / "participants.tsv"
    head, *rows = (line.split("\t") for line in path.read_text().splitlines())
    made = [
        [*row, *(str(fill(i, dict(zip(head, row, strict=True)))) for fill in columns.values())]
        for i, row in enumerate(rows)
    ]
    path.write_text("\n".join("\t".join(row) for row in ([*head, *columns], *made)) + "\n")


def contrasts(out: Path) -> dict[str, dict]:
    found = {}
    for path in (out / "group").glob("*_statmap.json"):
        found[path.name.split("contrast-")[1].split("_")[0]] = json.loads(path.read_text())
    return found


def analyse(data, out, *words, config: str = ""):
    more = []
    if config:
        (out.parent / "analysis.toml").write_text(config)
        more = ["--config", str(out.parent / "analysis.toml")]
    ended = run_deqi(data, out, "group", *QUICK, *words, *more)
    assert ended.code == 0, ended.err
    return contrasts(out)


def test_one_session_of_each_arm(copy):
    data, out = copy
    found = analyse(data, out, config='[designs.post_only]\nsession = "post"')
    assert set(found) == {"verumVsSham", "verumMean", "shamMean"}
    assert found["verumVsSham"]["Primary"]
    assert found["verumVsSham"]["Scheme"] == "rerandomise"
    assert found["verumVsSham"]["Compared"] == ["verum", "sham"]
    assert found["verumMean"]["Compared"] == []
    assert not list((out / "group").glob("*commonChange*"))  # a mean is no change
    assert "Who is in it" in group_pages(out)


def test_one_arm_before_and_after_claims_nothing_of_a_treatment(copy):
    data, out = copy
    found = analyse(data, out, config="[designs.one_arm_prepost]")
    assert set(found) == {"change"}
    assert found["change"]["Scheme"] == "signflip"
    page = group_pages(out)
    assert "specific to the comparison" not in page
    assert "Without a control arm its cause is not told." in page


def test_slopes_on_a_value_that_was_not_randomised(copy):
    data, out = copy
    table(data, vas_pre=lambda i, row: 50 + i, vas_post=lambda i, row: "n/a" if i == 3 else 40 + (i * 7) % 5)
    words = ["--set", "designs.regression.value=vas_pre-vas_post"]
    found = analyse(data, out, *words, config="[designs.regression]")
    assert set(found) == {"slope", "verumSlope", "shamSlope", "verumVsShamSlope"}
    assert not list((out / "group").glob("*commonChange*"))  # slopes are no changes
    assert all("VarianceOfArms" not in about for about in found.values())
    assert found["slope"]["Scheme"] == "exchange"
    assert found["slope"]["Participants"] == 9
    assert "An association, not a cause." in found["slope"]["Question"]
    assert list((out / "group").glob("*contrast-slope_stat-partialr_statmap.nii.gz"))
    flow = read_tsv(next((out / "group").glob("*_flow.tsv")))
    lost = dict(zip(flow["participant_id"], zip(flow["stage"], flow["reason"], strict=True), strict=True))["sub-04"]
    assert lost == ("covariate", "vas_post is 'n/a'")
    assert "vas_post is &#39;n/a&#39;" in group_pages(out)
    ended = run_deqi(data, out, "group", *QUICK, "--set", "designs.regression.value=nothing")
    assert ended.code == 65
    assert "has no column 'nothing'" in ended.err


def test_orders_of_treatment(copy):
    data, out = copy
    table(data, sequence=lambda i, row: "AB" if i % 2 else "BA")
    config = '[designs.crossover]\nfirst = "pre"\nsecond = "post"'
    found = analyse(data, out, config=config)
    assert set(found) == {"treatment", "carryover", "period"}
    assert found["treatment"]["Primary"]
    rows = read_tsv(next((out / "group").glob("*contrast-treatment_design.tsv")))
    assert set(rows["arm"]) == {"AB", "BA"}


def test_several_sessions_after_treatment(copy):
    data, out = copy
    for path in list(out.rglob("*ses-post*")):
        if path.is_file():  # a follow-up for all but one, as if it had been scanned
            content = path.read_bytes().replace(b"ses-post", b"ses-late") if path.suffix != ".gz" else path.read_bytes()
            target = Path(str(path).replace("ses-post", "ses-late"))
            if "sub-03" not in path.name:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    found = analyse(data, out, config='[designs.parallel_followups]\nposts = ["post", "late"]')
    between = {"verumVsShamPost", "verumVsShamLate", "verumVsShamAverage"}
    assert between <= set(found)
    assert found["verumVsShamPost"]["Primary"]
    assert found["verumVsShamLate"]["Participants"] == found["verumVsShamPost"]["Participants"] - 1
    first, late, mean = (
        np.asarray(nib.load(next((out / "group").glob(f"*contrast-{name}_stat-t_statmap.nii.gz"))).dataobj)
        for name in ("verumVsShamPost", "verumVsShamLate", "verumVsShamAverage")
    )
    # The late session is a copy of the other, less one person: its average with it is itself among the others.
    assert np.nanmax(np.abs(late - mean)) < 1e-4
    assert np.nanmax(np.abs(first - mean)) > 0.01


def test_three_arms_are_compared_pairwise_and_together(copy):
    data, out = copy
    table(data, arms=lambda i, row: ("verum", "sham", "waiting list")[i % 3])
    words = ["--set", 'designs.parallel_prepost.more_arms=["waiting list"]', "--set", "inference.claim=tfce"]
    found = analyse(data, out, *words, "--set", "designs.parallel_prepost.column=arms")
    assert {"verumVsShamAdjusted", "waitingListVsShamAdjusted", "verumVsWaitingListAdjusted", "anyArmAdjusted"} <= set(
        found
    )
    assert [name for name, about in found.items() if about["Primary"]] == ["verumVsShamAdjusted"]
    assert found["anyArmAdjusted"]["Statistic"] == "F"
    assert found["anyArmAdjusted"]["DegreesOfFreedom"][0] == 2
    assert found["verumVsShamAdjusted"]["ClaimStatistic"] == "tfce"
    assert "threshold-free cluster enhancement" in group_pages(out)
    assert "waiting list" in group_pages(out)
    (graph,) = json.loads((out / "group" / "desc-trial_multiplicity.json").read_text())["Graphs"]
    first, *pairs = graph["Hypotheses"][0]["Steps"]
    assert first["P"] == pytest.approx(found["anyArmAdjusted"]["SmallestJointP"]["tfce"])
    assert sorted(pair["P"] for pair in pairs) == pytest.approx(
        sorted(
            max(found[f"{name}Adjusted"]["SmallestJointP"]["tfce"], first["P"])
            for name in ("verumVsSham", "verumVsWaitingList", "waitingListVsSham")
        )
    )
    assert first["P"] > 0.05
    assert "Pairs of arms were to be tested after all together" in group_pages(out)


@pytest.mark.parametrize(("design", "name"), [("post_only", "anyArm"), ("parallel_followups", "anyArmPost")])
def test_every_design_with_three_arms_has_the_test_of_all_of_them(copy, design, name):
    data, out = copy
    table(data, arms=lambda i, row: ("verum", "sham", "waiting")[i % 3])
    posts = ["--set", 'designs.parallel_followups.posts=["post"]'] if design == "parallel_followups" else []
    found = analyse(data, out, "--set", f'designs.{design}.more_arms=["waiting"]',
                    "--set", f"designs.{design}.column=arms", *posts)  # fmt: skip
    assert {about["Step"] for about in found.values() if about["Primary"]} == {"pair"}
    assert found[name]["Step"] == "any"
    assert sum(about["Step"] == "pair" for about in found.values()) == 3


def test_small_volumes_families_exclusions_and_equivalence(copy):
    data, out = copy
    (path,) = out.glob("sub-02/ses-post/**/*_desc-fc_qc.tsv")
    rows = read_tsv(path)
    rows["mean_fd"] = ["0.9"] * len(rows["mean_fd"])
    path.write_text("\n".join(["\t".join(rows), *("\t".join(row) for row in zip(*rows.values(), strict=True))]) + "\n")
    config = """
[inference]
small_volume = ["target:20,28,4:20"]
family = "contrasts"
equivalence_margin = "0.4 Fisher z"
variances = "by-arm"
claim = "voxel"
[exclusions]
max_mean_fd = 0.5
"""
    found = analyse(data, out, config=config)
    about = found["verumVsShamAdjusted"]
    assert about["RestrictedTo"] == ["target:20,28,4:20"]
    assert "An arm has fewer than 20 people" in about["VarianceOfArms"]["Warning"]
    mask = np.asarray(nib.load(next((out / "group").glob("*_desc-group_mask.nii.gz"))).dataobj)
    assert about["Voxels"] <= mask.sum() < 60
    assert about["FamilyMembers"] == 3
    assert found["pooledChange"]["FamilyMembers"] == 3
    flow = read_tsv(next((out / "group").glob("*_flow.tsv")))
    reason = dict(zip(flow["participant_id"], flow["reason"], strict=True))["sub-02"]
    assert "mean FD 0.9 mm, above the limit of 0.5 mm" in reason
    tost = np.asarray(nib.load(next((out / "group").glob("*Adjusted_stat-logptost_statmap.nii.gz"))).dataobj)
    assert np.nanmax(tost) <= np.log10(40) + 1e-6
    page = group_pages(out)
    assert "The analysis is restricted to target:20,28,4:20" in page
    ended = run_deqi(data, out, "group", *QUICK, "--set", 'inference.small_volume=["far:90,90,90:5"]')
    assert ended.code == 1
    assert "the small volume is empty" in ended.err


def test_edges_and_networks_go_through_the_same_engine(analysed, tmp_path):
    data, out = tmp_path / "data", tmp_path / "out"
    shutil.copytree(analysed.trial.root, data, symlinks=True)
    words = ["--measures", "parcel_correlation", "network_coherence", "--set"]
    words += ['measures.parcel_correlation.regions=["near:4,4,4:9", "target:20,28,4:9", "far:-28,-28,12:9"]', "--set"]
    words += ['measures.network_coherence.networks=["planted=near:4,4,4:9+target:20,28,4:9"]']
    assert run_deqi(data, out, "participant", *words).code == 0
    ended = run_deqi(data, out, "group", "--n-permutations", "200")
    assert ended.code == 0, ended.err
    table = read_tsv(next((out / "group").glob("*seg-regions_*contrast-verumVsShamAdjusted_edges.tsv")))
    assert table["edge"][0] == "near-target"  # where the effect is planted
    assert float(table["p_fwe_joint"][0]) <= 0.05
    assert len(table["edge"]) == 3
    found = {edge: c for edge, c in zip(table["edge"], table["component"], strict=True) if c != "n/a"}
    assert "near-target" in found
    about = json.loads(next((out / "group").glob("*seg-regions_*contrast-verumVsShamAdjusted_edges.json")).read_text())
    assert "tfce" not in about["SmallestP"]
    assert "RandomFieldTheory" not in about
    network = read_tsv(next((out / "group").glob("*seg-networks_*contrast-verumVsShamAdjusted_edges.tsv")))
    assert network["edge"] == ["planted"]
    assert float(network["effect"][0]) == pytest.approx(float(table["effect"][0]), rel=1e-4)
    page = group_pages(out)
    assert "Connectivity between regions: regions" in page
    assert "near-target" in page


def test_blinded_arms_have_letters_until_the_allocation_is_opened(copy):
    data, out = copy
    found = analyse(data, out, "--blind")
    assert set(found) == {"AVsBAdjusted", "AVsBChange", "AVsBPost", "AChange", "BChange", "pooledChange"}
    for path in [out / "group.html", *(out / "group").glob("*.tsv"), *(out / "group").glob("*.json")]:
        text = re.sub(r"[\w+/=]{200,}", "", path.read_text()).lower()  # pictures may spell anything
        assert "verum" not in text, path
        assert "sham" not in text, path
    rows = [line.split("\t") for line in (data / "participants.tsv").read_text().splitlines()]
    column = rows[0].index("group")
    allocation = out.parent / "allocation.tsv"
    allocation.write_text("\n".join(f"{row[0]}\t{row[column]}" for row in rows) + "\n")
    (data / "participants.tsv").write_text(
        "\n".join("\t".join(row[:column] + row[column + 1 :]) for row in rows) + "\n"
    )
    opened = analyse(data, out, "--blind", "--allocation", str(allocation))
    assert "verumVsShamAdjusted" in opened
    assert opened["verumVsShamAdjusted"]["SmallestP"] == found["AVsBAdjusted"]["SmallestP"]
    allocation.write_text("\n".join(allocation.read_text().splitlines()[:-1]) + "\n")
    ended = run_deqi(data, out, "group", *QUICK, "--allocation", str(allocation))
    assert ended.code == 65
    assert "has no row for sub-10" in ended.err


def test_sites_are_strata_and_their_effects_are_compared(copy):
    data, out = copy
    table(data, centre=lambda i, row: "east" if i < 6 else "west")
    words = ["--set", "designs.multi_site.site=centre"]
    found = analyse(data, out, *words, config="[designs.multi_site]")
    assert "verumVsShamSiteEast" in found
    assert "verumVsShamSiteWest" not in found  # two of each arm are too few
    assert found["verumVsShamAdjusted"]["Primary"]
    assert found["verumVsShamSiteEast"]["Participants"] == 6
    rows = read_tsv(next((out / "group").glob("*contrast-verumVsShamAdjusted_design.tsv")))
    assert len(set(rows["block"])) == 2
    about = json.loads(next((out / "group").glob("*_heterogeneity.json")).read_text())
    assert about["Parts"] == ["verumVsShamSiteEast"]
    assert "1 of 2 sites have fewer than three people of an arm" in group_pages(out)


def test_one_side_alone_when_it_was_asked_for(copy):
    data, out = copy
    found = analyse(data, out, "--set", "inference.sides=positive")
    about = found["verumVsShamAdjusted"]
    assert about["Sides"] == "positive"
    assert about["SmallestPossibleP"] == 1 / about["Relabellings"]
    stem = next((out / "group").glob("*_contrast-verumVsShamAdjusted_statmap.json")).name.removesuffix("_statmap.json")

    def volume(stat):
        return np.asarray(nib.load(out / "group" / f"{stem}_stat-{stat}_statmap.nii.gz").dataobj)

    t, log_p = volume("t"), volume("logpvoxfwe")
    assert (t < 0).any()
    assert (log_p[t < 0] == 0).all()
    highest = np.array(read_tsv(out / "group" / f"{stem}_nullmax.tsv")["max_voxel"], dtype=float)
    assert (highest >= 0).all()
    peak = np.unravel_index(np.nanargmax(t), t.shape)
    assert 10 ** -log_p[peak] == pytest.approx(np.mean(highest >= t[peak] * (1 - 1e-6)), rel=1e-5)
    assert set(read_tsv(out / "group" / f"{stem}_clusters.tsv")["sign"]) <= {"positive"}
    assert "one-sided: positive effects alone were tested" in group_pages(out)


GENERAL = """[designs.general]
covariates = ["group", "years"]
products = ["group_verum:years"]
contrasts = ["moderated = group_verum:years", "either = years; group_verum:years", "both = group_verum + 2*years"]
"""


def test_any_contrast_of_columns_equals_statsmodels(copy):
    import statsmodels.formula.api as smf

    data, out = copy
    table(data, years=lambda i, row: 30 + (i * 7) % 11)
    found = analyse(data, out, config=GENERAL)
    assert found["moderated"]["Primary"]
    assert {name: about["Statistic"] for name, about in found.items()} == {"moderated": "t", "either": "F", "both": "t"}
    flow = read_tsv(next((out / "group").glob("*_flow.tsv")))
    people = [p for p, stage in zip(flow["participant_id"], flow["stage"], strict=True) if stage == "analysed"]
    known = read_tsv(data / "participants.tsv")
    rows = [known["participant_id"].index(person) for person in people]
    frame = {
        "verum": [float(known["group"][i] == "verum") for i in rows],
        "years": [float(known["years"][i]) for i in rows],
    }
    frame = {name: np.array(values) for name, values in frame.items()}
    frame["product"] = (frame["verum"] - frame["verum"].mean()) * (frame["years"] - frame["years"].mean())

    def maps(session):
        return np.stack([
            nib.load(next((out / p / f"ses-{session}").rglob("*seed-near_stat-fisherz_statmap.nii.gz"))).get_fdata()
            for p in people
        ])  # fmt: skip

    change = maps("post") - maps("pre")
    stem = next((out / "group").glob("*_contrast-moderated_statmap.json")).name.split("_contrast-")[0]

    def volume(name):
        return np.asarray(nib.load(out / "group" / f"{stem}_contrast-{name}_statmap.nii.gz").dataobj)

    where = np.argwhere(np.isfinite(volume("moderated_stat-t")))[::151]
    for voxel in map(tuple, where):
        fitted = smf.ols(
            "y ~ verum + years + product", pd.DataFrame({**frame, "y": change[(slice(None), *voxel)]})
        ).fit()
        both = fitted.t_test("verum + 2 * years = 0")
        assert volume("moderated_stat-t")[voxel] == pytest.approx(fitted.tvalues["product"], rel=2e-4, abs=1e-5)
        assert volume("either_stat-F")[voxel] == pytest.approx(
            float(fitted.f_test("years = 0, product = 0").fvalue), rel=2e-4
        )
        assert volume("both_stat-t")[voxel] == pytest.approx(both.tvalue.item(), rel=2e-4, abs=1e-5)
        assert volume("both_stat-effect")[voxel] == pytest.approx(both.effect.item(), rel=2e-4, abs=1e-6)


def test_families_change_places_as_wholes(copy):
    data, out = copy
    table(data, years=lambda i, row: 30 + (i * 7) % 11, family=lambda i, row: i // 2)
    config = '[designs.general]\ncovariates = ["years"]\nstrata = ["family"]\n'
    config += 'whole_blocks = true\ncontrasts = ["years = years"]'
    about = analyse(data, out, "--n-permutations", "500", config=config)["years"]
    assert (about["Scheme"], about["RelabellingsPossible"], about["Exhaustive"]) == ("exchange_whole", "120", True)
    assert "orders of the blocks as wholes" in group_pages(out)


@pytest.mark.parametrize(
    ("contrast", "said"),
    [("", "needs contrasts"), ("a = yearss", "no column 'yearss'"), ("a = years years", "no column 'yearsyears'"),
     ("years", "is no contrast"), ("a = 0*years", "asks nothing")],
)  # fmt: skip
def test_a_contrast_that_cannot_be_understood_is_refused(copy, contrast, said):
    data, out = copy
    table(data, years=lambda i, row: 30 + i)
    words = ["--set", "designs.general.covariates=['years']"]
    words += ["--set", f"designs.general.contrasts=['{contrast}']"] if contrast else []
    ended = run_deqi(data, out, "group", *QUICK, *words)
    assert ended.code in (64, 65), ended.err
    assert "Traceback" not in ended.err
    assert said in ended.err


REFERENCES = SETTINGS.replace('maps = ["thalamusR", "PCC"]', 'maps = ["near"]').replace("= 2000", "= 150")
DESIGNS = {
    "post_only": 'session = "post"',
    "one_arm_prepost": "",
    "multi_site": "",
    "regression": 'value = "age"',
    "crossover": "",
    "general": 'covariates = ["age"]\ncontrasts = ["older = age"]',
}


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_has_a_map_that_can_stand_beside_references(copy, design):
    data, out = copy
    write_molecules(data / "code" / "molecules", brain(), Grid(brain().shape, AFFINE), TARGET)
    config = f"[designs.{design}]\n{DESIGNS[design]}\n{REFERENCES}"
    if design == "crossover":
        table(data, sequence=lambda i, row: ("AB", "BA")[i % 2])
        config = config.replace("[designs.crossover]", '[designs.crossover]\nfirst = "pre"\nsecond = "post"')
    found = analyse(data, out, config=config)
    (primary,) = (name for name, about in found.items() if about["Primary"])
    for label in ("geneExpression", "geneSets", "receptorDensity"):
        (path,) = (out / "group").glob(f"*_contrast-{primary}_desc-{label}_association.tsv")
        p = pd.read_csv(path, sep="\t")["p"]
        assert p.between(found[primary]["SmallestPossibleP"] / 2 - 1e-9, 1).all()
    assert 'id="genes"' in group_pages(out)
