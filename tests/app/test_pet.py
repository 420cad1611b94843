"""A trial with curves of PET from tables to the pages; participants and activity are invented."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from pages import group_pages
from scipy import stats

from bids_app.dataset.tables import read_tsv
from bids_app.derivatives.files import write_table

DURATION = np.array([10.0] * 6 + [30] * 4 + [60] * 4 + [120] * 4 + [300] * 15)
START = np.cumsum(DURATION) - DURATION
RATES = np.array([0.05, 3.0, 0.15])
SIZES = np.array([100.0, 10 / 2.85, 0.0])
SIZES[2] = -SIZES[:2].sum()
REGIONS = {"caudate": 2.0, "putamen": 2.6, "thalamus": 1.2, "insula": 0.9, "amygdala": 1.5}
"""Binding potential of everybody before treatment, more or less."""

PEOPLE = {f"{i:02d}": "verum" if i % 2 else "sham" for i in range(1, 25)}
PLANTED, FALL = "amygdala", 0.25
DECOY, RISE = "insula", 0.3


def curve(r1=1.0, k2=0.15, bp=None):
    """Return the frame means of the reference, or of a target of the simplified reference tissue model."""
    start, end = START[:, None] / 60, (START + DURATION)[:, None] / 60
    sizes, rates = SIZES, RATES
    if bp is not None:
        k = k2 / (1 + bp)
        shared = (k2 - r1 * k) * SIZES / (k - RATES)
        sizes, rates = np.append(r1 * SIZES + shared, -shared.sum()), np.append(RATES, k)
    return ((np.exp(-rates * start) - np.exp(-rates * end)) / rates * sizes).sum(axis=1) / (end - start)[:, 0]


def binding(label, session):
    """Return the planted binding potential of each region of a participant."""
    own, now = np.random.default_rng([5, int(label)]), np.random.default_rng([6, int(label), session == "post"])
    level = np.exp(0.12 * own.standard_normal())
    found = {name: bp * level * np.exp(0.05 * now.standard_normal()) for name, bp in REGIONS.items()}
    if session == "post":
        found[PLANTED] *= 1 - FALL * (PEOPLE[label] == "verum")
        found[DECOY] *= 1 + RISE
    return found


def write_scan(root, label, session, *, about=None, table=None, reference="Cerebellum-Cortex", noise=0.01):
    rng = np.random.default_rng([7, int(label), session == "post"])
    columns = {reference: curve()}
    columns |= {name: curve(1.0, 0.14, bp) for name, bp in binding(label, session).items()}
    columns = {name: values * (1 + noise * rng.standard_normal(len(values))) for name, values in columns.items()}
    stem = f"sub-{label}_ses-{session}_trc-CFN"
    timing = {"frame_start": START, "frame_end": START + DURATION}
    folder = root / "petprep" / f"sub-{label}" / f"ses-{session}" / "pet"
    write_table(folder / f"{stem}_seg-gtm_desc-preproc_tacs.tsv", table or {**timing, **columns})
    said = {"TracerName": "CFN", "TracerRadionuclide": "C11", "ImageDecayCorrected": True, "TimeZero": "10:00:00",
            "FrameTimesStart": START.tolist(), "FrameDuration": DURATION.tolist(), "InjectionStart": 0,
            "InjectedRadioactivity": 350, "InjectedRadioactivityUnits": "MBq"}  # fmt: skip
    raw = root / "bids" / f"sub-{label}" / f"ses-{session}" / "pet"
    raw.mkdir(parents=True, exist_ok=True)
    (raw / f"{stem}_pet.json").write_text(json.dumps({**said, **(about or {})}))


def write(root, people=PEOPLE, **more):
    for name, kind in (("bids", {}), ("petprep", {"DatasetType": "derivative", "GeneratedBy": [{"Name": "t"}]})):
        (root / name).mkdir(parents=True)
        described = {"Name": "invented", "BIDSVersion": "1.9.0", **kind}
        (root / name / "dataset_description.json").write_text(json.dumps(described))
    rows = "\n".join(f"sub-{label}\t{arm}" for label, arm in people.items())
    (root / "bids" / "participants.tsv").write_text(f"participant_id\tgroup\n{rows}\n")
    for label in people:
        for session in ("pre", "post"):
            write_scan(root, label, session, **more)
    return root


WORDS = ("--set", "modalities.pet.reference=cerebellum")
ONE = dict([next(iter(PEOPLE.items()))])


def participant(root, *words):
    return run_deqi(root / "bids", root / "out", "participant", "-d", f"petprep={root / 'petprep'}", *WORDS, *words)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = write(tmp_path_factory.mktemp("pet"))
    first = participant(root)
    assert first.code == 0, first.text
    second = run_deqi(root / "bids", root / "out", "group", *WORDS, "--n-permutations", "1000")
    assert second.code == 0, second.text
    return root, first, second


def test_the_binding_potential_of_every_region_is_that_which_was_planted(done):
    root, _, _ = done
    folder = root / "out" / "sub-03" / "ses-post" / "pet"
    table = read_tsv(folder / "sub-03_ses-post_trc-CFN_seg-gtm_meas-bpnd_stat-binding_kinpar.tsv")
    found = dict(zip(table["region"], map(float, table["bpnd"]), strict=True))
    planted = binding("03", "post")
    assert found == pytest.approx(planted, rel=0.06)
    assert [float(word) for word in table["bpnd_logan"]] == pytest.approx(list(planted.values()), rel=0.1)
    about = json.loads((folder / "sub-03_ses-post_trc-CFN_seg-gtm_meas-bpnd_stat-binding_kinpar.json").read_text())
    assert about["ReferenceRegion"] == ["Cerebellum-Cortex"]
    assert about["TracerName"] == "CFN"
    assert "Cerebellum-Cortex" in (root / "out" / "sub-03.html").read_text()
    assert "reference Cerebellum-Cortex" in participant(root, "--dry-run", "--participant-label", "03").text
    fit = read_tsv(folder / "sub-03_ses-post_trc-CFN_seg-gtm_desc-fit_tacs.tsv")
    measured, made = (np.array(fit[name], dtype=float) for name in ("putamen", "putamen_fit"))
    assert np.abs(made - measured)[8:].max() < 0.05 * measured.max()
    assert validate_bids(root / "out").returncode == 0


def test_the_region_that_was_planted_passes_and_the_decoy_of_both_arms_does_not(done):
    root, _, second = done
    (path,) = (root / "out" / "group" / "pet").glob("*_meas-bpnd_contrast-verumVsShamAdjusted_regions.tsv")
    table = read_tsv(path)
    assert next(iter(table)) == "region"
    p = dict(zip(table["region"], map(float, table["p_fwe"]), strict=True))
    effect = dict(zip(table["region"], map(float, table["effect"]), strict=True))
    assert p[PLANTED] <= 0.01
    assert effect[PLANTED] == pytest.approx(-FALL * REGIONS[PLANTED], abs=0.1)
    assert min(value for name, value in p.items() if name != PLANTED) > 0.05
    (pooled,) = (root / "out" / "group" / "pet").glob("*_meas-bpnd_contrast-pooledChange_regions.tsv")
    change = read_tsv(pooled)
    assert dict(zip(change["region"], map(float, change["p_fwe"]), strict=True))[DECOY] <= 0.01
    assert "24 of 24 participants analysed" in second.text
    text = group_pages(root / "out")
    assert "Binding potential of regions" in text
    assert f"for 1 of 5 regions: {PLANTED} (p = .001, robust p = .001)" in text
    assert f"the mean change differs from zero in {PLANTED}, {DECOY}" in text


def test_the_change_of_each_arm_is_a_ratio_of_means(done):
    root, _, _ = done
    folder = root / "out" / "group" / "pet"
    table = read_tsv(folder / "trc-CFN_seg-gtm_meas-bpnd_desc-change_regions.tsv")
    rows = {(r, a): i for i, (r, a) in enumerate(zip(table["region"], table["arm"], strict=True))}
    values = read_tsv(folder / "trc-CFN_seg-gtm_meas-bpnd_desc-values_regions.tsv")
    for region, arm, planted in ((PLANTED, "verum", -FALL), (PLANTED, "sham", 0), (DECOY, "sham", RISE)):
        i = rows[region, arm]
        low, high = (float(table[f"change_percent_{end}"][i]) for end in ("low", "high"))
        assert low < 100 * planted < high
        own = [j for j, key in enumerate(zip(values["region"], values["arm"], strict=True)) if key == (region, arm)]
        means = [np.mean([float(values[stage][j]) for j in own]) for stage in ("pre", "post")]
        assert float(table["change_percent"][i]) == pytest.approx(100 * (means[1] / means[0] - 1), rel=1e-5)
    text = group_pages(root / "out")
    assert "as a ratio of means (after over before)" in text
    assert "release" not in text.lower()


@pytest.mark.parametrize(
    ("about", "said", "code"),
    [
        ({"FrameTimesStart": None}, "", 0),  # the table has its own
        ({"FrameTimesStart": list(range(33))}, "its PET sidecar 0, 1, 2, ...: the table was made without timing", 1),
        ({"ImageDecayCorrected": False}, "half-life of C11 (20.364 min)", 1),
        ({"FrameTimesStart": [1000 * t for t in START], "FrameDuration": [1000 * t for t in DURATION]},
         "the table was made without timing", 1),
        ({"FrameTimesStart": START[:9].tolist(), "FrameDuration": DURATION[:9].tolist()}, "Extract it again", 1),
    ],
)  # fmt: skip
def test_timing_and_decay_that_cannot_be_are_told(tmp_path, about, said, code):
    root = write(tmp_path, ONE, about=about)
    ended = participant(root)
    assert said in ended.text
    assert bool(ended.code) == bool(code), ended.text


def test_a_table_without_any_timing_ends_with_what_is_needed(tmp_path):
    table = {"Cerebellum-Cortex": curve(), "putamen": curve(1, 0.14, 2.6)}
    root = write(tmp_path, ONE, about={"FrameTimesStart": None}, table=table)
    ended = participant(root)
    assert ended.code == 1
    assert "has no FrameTimesStart; expected seconds for each of 33 frames" in ended.text


def test_a_reference_that_is_not_there_is_named_with_the_nearest(tmp_path):
    root = write(tmp_path, ONE)
    ended = participant(root, "--set", "modalities.pet.reference=cerebelum-cortex")
    assert ended.code == 64
    assert "did you mean 'Cerebellum-Cortex'?" in ended.text
    assert "It has Cerebellum-Cortex, caudate" in ended.text


def test_a_reference_that_binds_is_told(tmp_path):
    root = write(tmp_path, ONE)
    ended = participant(root, "--set", "modalities.pet.reference=putamen")
    assert "the reference holds binding, or is not the right region" in ended.text


def test_decay_is_corrected_where_that_is_asked_for(tmp_path):
    rate = np.log(2) / 20.364
    start, end = START / 60, (START + DURATION) / 60
    left = (np.exp(-rate * start) - np.exp(-rate * end)) / (rate * (end - start))
    table = {"frame_start": START, "frame_end": START + DURATION, "Cerebellum-Cortex": curve() * left}
    table |= {name: curve(1, 0.14, bp) * left for name, bp in REGIONS.items()}
    root = write(tmp_path, ONE, about={"ImageDecayCorrected": False}, table=table)
    assert participant(root, "--set", "modalities.pet.decay_correct=true").code == 0
    path = next((root / "out").rglob("*ses-pre*_kinpar.tsv"))
    found = read_tsv(path)
    assert dict(zip(found["region"], map(float, found["bpnd"]), strict=True)) == pytest.approx(REGIONS, abs=2e-3)


def test_two_injections_of_a_session_are_not_averaged(tmp_path):
    root = write(tmp_path, ONE)
    folder = root / "petprep" / "sub-01" / "ses-pre" / "pet"
    (table,) = folder.glob("*_tacs.tsv")
    for run in ("1", "2"):
        (folder / table.name.replace("_seg", f"_run-{run}_seg")).write_text(table.read_text())
    table.unlink()
    ended = participant(root)
    assert "two injections and are not averaged" in ended.text
    chosen = tmp_path / "filter.json"
    chosen.write_text('{"pet": {"run": 2}, "bold": {"task": "rest"}}')
    ended = participant(root, "--session-label", "pre", "--bids-filter-file", chosen)
    assert ended.code == 0, ended.text
    assert "not averaged" not in ended.text
    (path,) = (root / "out").rglob("*_ses-pre_trc-CFN_seg-*_kinpar.tsv")
    assert "_run-2_" in path.with_suffix(".json").read_text()


def test_several_tables_of_one_scan_want_a_choice(tmp_path):
    root = write(tmp_path, ONE)
    for path in (root / "petprep").rglob("*_tacs.tsv"):
        path.with_name(path.name.replace("seg-gtm", "seg-wm")).write_text(path.read_text())
    ended = participant(root)
    assert ended.code == 64
    assert "modalities.pet.seg=gtm" in ended.text
    assert participant(root, "--set", "modalities.pet.seg=gtm").code == 0


def test_two_injections_of_a_session_may_be_the_stages(tmp_path):
    root = write(tmp_path, dict(list(PEOPLE.items())[:8]))
    for base in (root / "bids", root / "petprep"):
        for path in sorted(base.rglob("sub-*_ses-*")):
            if path.is_file():
                person = path.parents[2]
                run = "1" if "_ses-pre_" in path.name else "2"
                name = path.name.replace("_ses-pre_", "_").replace("_ses-post_", "_")
                (person / "pet").mkdir(exist_ok=True)
                path.rename(person / "pet" / name.replace("_trc-CFN", f"_trc-CFN_run-{run}"))
    stage = ("--set", "dataset.stage=run")
    ended = participant(root, *stage)
    assert ended.code == 0, ended.text
    assert "not averaged" not in ended.text
    words = ("--set", "designs.parallel_prepost.pre=1", "--set", "designs.parallel_prepost.post=2")
    second = run_deqi(root / "bids", root / "out", "group", *WORDS, *stage, *words, "--n-permutations", "70")
    assert second.code == 0, second.text
    assert "8 of 8 participants analysed" in second.text


RESPONSE = ("--set", 'outcomes.vas.better="lower"', "--set", 'outcomes.vas.units="points"',
            "--set", 'associations.binding_response.outcome="vas"')  # fmt: skip


def test_changes_beside_an_outcome_and_rises_beside_those_of_noise(done, tmp_path):
    root = tmp_path / "trial"
    shutil.copytree(done[0], root)
    rng, rows = np.random.default_rng(4), ["participant_id\tgroup\tvas_pre\tvas_post"]
    for label, arm in PEOPLE.items():
        change = binding(label, "post")[PLANTED] - binding(label, "pre")[PLANTED]
        rows.append(f"sub-{label}\t{arm}\t{60 + 10 * rng.standard_normal():.2f}\t{45 + 60 * change:.2f}")
    (root / "bids" / "participants.tsv").write_text("\n".join(rows) + "\n")
    refused = run_deqi(root / "bids", root / "out", "group", *WORDS, *RESPONSE)
    assert refused.code == 64
    assert "Give within_subject_cv (0.05: 5 %) and citation" in refused.text
    noise = ("--set", "associations.binding_response.within_subject_cv=0.05",
             "--set", 'associations.binding_response.citation="invented"')  # fmt: skip
    ended = run_deqi(root / "bids", root / "out", "group", *WORDS, *RESPONSE, *noise, "--n-permutations", "500")
    assert ended.code == 0, ended.text
    (path,) = (root / "out" / "group" / "pet").glob("*_desc-bindingResponse_association.tsv")
    table = read_tsv(path)
    lines = {name: i for i, name in enumerate(table["region"])}
    low, high = (float(table[end][lines[PLANTED]]) for end in ("low", "high"))
    assert low < 60 < high
    assert float(table["p_holm"][lines[PLANTED]]) <= 0.02
    assert min(float(table["p_holm"][i]) for name, i in lines.items() if name != PLANTED) > 0.05
    rises = read_tsv(path.with_name(path.name.replace("Response", "Rises")))
    counts = {
        (r, a): (int(n), float(e))
        for r, a, t, n, e in zip(
            *(rises[key] for key in ("region", "arm", "threshold", "rose", "rises_by_noise")), strict=True
        )
        if float(t) == 0.15
    }
    assert counts[DECOY, "sham"][0] >= 10
    assert counts[PLANTED, "verum"][0] == 0
    assert counts[DECOY, "verum"][1] == pytest.approx(12 * 0.024, abs=0.02)  # P13
    text = group_pages(root / "out")
    assert f"in: {PLANTED} (smallest" in text
    assert "Dividing participants at a threshold discards information" in text


def test_a_crossover_has_values_and_no_change_from_one_treatment_to_the_other(done, tmp_path):
    root = tmp_path / "trial"
    shutil.copytree(done[0], root)
    shutil.rmtree(root / "out" / "group")
    rows = "".join(f"sub-{label}\t{'AB' if int(label) % 2 else 'BA'}\n" for label in PEOPLE)
    (root / "bids" / "participants.tsv").write_text(f"participant_id\tsequence\n{rows}")
    words = [("--set", f"designs.crossover.{key}={value}") for key, value in (("first", "pre"), ("second", "post"))]
    ended = run_deqi(
        root / "bids", root / "out", "group", *WORDS, *sum(words, ()), "--set", 'designs.crossover.column="sequence"',
        "--n-permutations", "100",
    )  # fmt: skip
    assert ended.code == 0, ended.text
    names = {path.name for path in (root / "out" / "group" / "pet").glob("*_regions.tsv")}
    assert any("desc-values" in name for name in names)
    assert not any("desc-change" in name for name in names)


def test_a_profile_of_a_tracer_asks_for_pet_and_leaves_its_reference_open(tmp_path):
    root = write(tmp_path, ONE)
    words = (
        root / "bids",
        root / "out",
        "participant",
        "-d",
        f"petprep={root / 'petprep'}",
        "--profile",
        "carfentanil",
    )
    missing = run_deqi(*words)
    assert missing.code == 64
    assert "modalities.pet.reference names no region without receptors" in missing.text
    assert "Cerebellum-Cortex" in missing.text
    ended = run_deqi(*words, "--set", "modalities.pet.reference=Cerebellum-Cortex")
    assert ended.code == 0, ended.text
    assert list((root / "out").rglob("*_stat-binding_kinpar.tsv"))
    assert not list((root / "out").rglob("*_bold*"))


def with_motion(root, label, session, moved):
    """Write the confounds of a scan, and a table whose activity is halved in the frames that moved."""
    share = np.where(moved > 3, 0.5, 1.0)
    columns = {name: share * curve(1.0, 0.14, bp) for name, bp in binding(label, session).items()}
    columns["Cerebellum-Cortex"] = curve()
    write_scan(root, label, session, table={"frame_start": START, "frame_end": START + DURATION, **columns})
    stem = f"sub-{label}_ses-{session}_trc-CFN_desc-confounds_timeseries.tsv"
    words = ["n/a", *(f"{value:.3f}" for value in moved[1:])]
    write_table(root / "petprep" / f"sub-{label}" / f"ses-{session}" / "pet" / stem, {"framewise_displacement": words})


def test_frames_that_moved_are_shown_and_left_out_where_a_limit_is_set(tmp_path):
    """The table of confounds of PETPrep lies beside those of curves, and is none."""
    root = write(tmp_path, ONE)
    label = next(iter(ONE))
    moved = np.full(len(START), 0.2)
    moved[[25, 28]] = 5.0
    for session in ("pre", "post"):
        with_motion(root, label, session, moved)
    planted = binding(label, "pre")["putamen"]

    def found():
        folder = root / "out" / f"sub-{label}" / "ses-pre" / "pet"
        (table,) = folder.glob("*_stat-binding_kinpar.tsv")
        (quality,) = folder.glob("*_desc-pet_qc.tsv")
        rows = read_tsv(table)
        value = float(dict(zip(rows["region"], rows["bpnd"], strict=True))["putamen"])
        return value, {name: cells[0] for name, cells in read_tsv(quality).items()}

    assert participant(root).code == 0
    value, quality = found()
    assert abs(value - planted) > 0.1 * planted
    assert float(quality["max_fd"]) == 5
    assert float(quality["mean_fd"]) == pytest.approx((2 * 5 + 30 * 0.2) / 32)
    page = (root / "out" / f"sub-{label}.html").read_text()
    assert "framewise displacement (mm)" in page
    assert "It moved farther at 50, 65 min" in page
    strict = participant(root, "--set", "modalities.pet.max_frame_fd=3")
    assert strict.code == 0
    assert "2 frames moved too far and are left out, at 50, 65 min" in strict.text
    value, quality = found()
    assert value == pytest.approx(planted, rel=0.01)
    assert (quality["frames"], float(quality["max_fd"])) == ("31", 0.2)


def test_confounds_of_another_reconstruction_are_told(tmp_path):
    root = write(tmp_path, ONE)
    label = next(iter(ONE))
    with_motion(root, label, "pre", np.full(len(START), 0.2))
    (path,) = (root / "petprep").rglob("*_desc-confounds_timeseries.tsv")
    write_table(path, {"framewise_displacement": [0.1] * 5})
    ended = participant(root)
    assert ended.code == 1
    assert "has 5 rows, the scan 33 frames: they must be of one reconstruction" in ended.text


def test_other_choices_are_set_beside_the_planned_one_for_regions_too(tmp_path):
    """A second reference, fewer minutes: the row of the region of the largest |t|, as each analysis has it."""
    root = write(tmp_path, dict(list(PEOPLE.items())[:8]))
    (root / "a.toml").write_text(
        '[multiverse]\nalternatives = ["early: modalities.pet.end=60", "wrong: modalities.pet.reference=putamen"]\n'
        'measures = ["binding_regions"]\nn_permutations = 20\n'
    )
    words = ("--config", root / "a.toml", "--multiverse", *WORDS)
    assert participant(root, *words[:3]).code == 0
    group = run_deqi(root / "bids", root / "out", "group", *words, "--n-permutations", "20")
    assert "multiverse wrong" in group.text
    (path,) = (root / "out" / "group" / "pet").glob("*_multiverse.tsv")
    rows = read_tsv(path)
    folders = {"main": root / "out", "early": root / "out" / "derivatives" / "multiverse-early"}
    assert set(rows["specification"]) == set(folders)
    assert len(set(rows["place"])) == 1
    for i, (name, contrast) in enumerate(zip(rows["specification"], rows["contrast"], strict=True)):
        (own,) = (folders[name] / "group" / "pet").glob(f"*_meas-bpnd_contrast-{contrast}_regions.tsv")
        table, about = read_tsv(own), json.loads(own.with_suffix(".json").read_text())
        at = table["region"].index(rows["place"][i])
        effect, t = (float(table[column][at]) for column in ("effect", "t"))
        reach = abs(effect / t) * stats.t.isf(0.025, about["DegreesOfFreedom"])
        assert float(rows["effect"][i]) == pytest.approx(effect)
        assert float(rows["effect_high"][i]) == pytest.approx(effect + reach, rel=1e-5)
    page = group_pages(root / "out")
    assert "Had other choices been made" in page
    assert f"at {rows['place'][0]}:" in page
