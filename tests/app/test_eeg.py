"""A trial with EEG from the files of mne-bids-pipeline to the pages; people are invented, their signals synthetic."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from pages import group_pages
from scipy import signal
from synthetic import CAP

from bids_app.dataset.tables import read_tsv

mne = pytest.importorskip("mne")

BACK = ("P3", "Pz", "P4", "O1", "Oz", "O2")
RATE, SECONDS, PER_ARM = 128.0, 72, 8
PEOPLE = {f"{i:02d}": "verum" if i % 2 else "sham" for i in range(1, 2 * PER_ARM + 1)}
OPTIONS = ("--set", "modalities.eeg.min_seconds=60", "--n-permutations", "200")


def series_of(label, session, *, rise=1.0, flatter=0.0):
    """Return one recording (µV): power falls with frequency, and rises around 10 Hz at the back.

    Height and exponent are everyone's own and a little other each time. What is planted multiplies the height, or
    takes from the exponent: then only the line is another one, not what rises above it.
    """
    own, now = np.random.default_rng(int(label)), np.random.default_rng([int(label), session == "post"])
    planted = (PEOPLE[label], session) == ("verum", "post")
    exponent = 1.0 + 0.15 * own.standard_normal() + 0.02 * now.standard_normal() - (flatter if planted else 0)
    height = 8 * np.exp(0.4 * own.standard_normal() + 0.1 * now.standard_normal()) * (rise if planted else 1)
    count = int(SECONDS * RATE)
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    gain = np.zeros((len(CAP), len(frequencies)))
    gain[:, 1:] = 20 * frequencies[1:] ** (-exponent / 2)
    back = [CAP.index(name) for name in BACK]
    gain[back] *= np.sqrt(1 + height * np.exp(-((frequencies - 10) ** 2) / 2))
    return np.fft.irfft(np.fft.rfft(now.standard_normal((len(CAP), count))) * gain, count)


def write(root, **planted):
    """Write BIDS_DIR and a derivative with clean epochs; return both folders."""
    bids, derivative = root / "bids", root / "mne-bids-pipeline"
    for folder, more in ((bids, {}), (derivative, {"DatasetType": "derivative"})):
        folder.mkdir(parents=True)
        about = {"Name": "invented", "BIDSVersion": "1.9.0", "GeneratedBy": [{"Name": "test"}], **more}
        (folder / "dataset_description.json").write_text(json.dumps(about))
    rows = "\n".join(f"sub-{label}\t{arm}" for label, arm in PEOPLE.items())
    (bids / "participants.tsv").write_text(f"participant_id\tgroup\n{rows}\n")
    for label in PEOPLE:
        for session in ("pre", "post"):
            info = mne.create_info(list(CAP), RATE, "eeg")
            raw = mne.io.RawArray(series_of(label, session, **planted) * 1e-6, info, verbose="error")
            folder = derivative / f"sub-{label}" / f"ses-{session}" / "eeg"
            folder.mkdir(parents=True)
            (bids / f"sub-{label}" / f"ses-{session}" / "eeg").mkdir(parents=True)
            epochs = mne.make_fixed_length_epochs(raw, 4.0, preload=True, verbose="error")
            epochs.save(folder / f"sub-{label}_ses-{session}_task-EC_proc-clean_epo.fif", verbose="error")
    return bids, derivative


def analyse(root, *, group=True, **planted):
    bids, derivative = write(root, **planted)
    words = (bids, root / "out", "participant", "-d", derivative, "--set", "modalities.eeg.reject_uv=0", *OPTIONS)
    ended = run_deqi(*words)
    assert ended.code == 0, ended.text
    if group:
        ended = run_deqi(bids, root / "out", "group", *OPTIONS, "--set", "modalities.eeg.reject_uv=0")
        assert ended.code == 0, ended.text
    return root / "out", ended


@pytest.fixture(scope="module")
def rising(tmp_path_factory):
    """What rises around 10 Hz at the back is two and a half times as high in verum afterwards."""
    return analyse(tmp_path_factory.mktemp("rising"), rise=2.5)


@pytest.fixture(scope="module")
def flatter(tmp_path_factory):
    """Only the aperiodic exponent falls in verum."""
    return analyse(tmp_path_factory.mktemp("flatter"), flatter=0.5)


def points(out, label, contrast="verumVsShamAdjusted"):
    return read_tsv(out / "group" / "eeg" / f"task-EC_meas-{label}_contrast-{contrast}_points.tsv")


def smallest(out, label):
    return min(float(p) for p in points(out, label)["p_cluster_mass_joint"] if p != "n/a")


def test_every_session_has_its_spectra_as_scipy_computes_them(rising):
    out, _ = rising
    stem = "sub-03_ses-post_task-EC"
    folder = out / "sub-03" / "ses-post" / "eeg"
    table = read_tsv(folder / f"{stem}_meas-spectrum_stat-log10density_statmap.tsv")
    data = series_of("03", "post", rise=2.5)
    data = (data - data.mean(axis=0)).reshape(len(CAP), -1, int(4 * RATE)).transpose(1, 0, 2)
    _, expected = signal.welch(data, RATE, "hann", int(4 * RATE), detrend="constant")
    found = np.array([table[key] for key in table if key != "channel"], dtype=float).T
    assert found == pytest.approx(np.log10(expected.mean(axis=0))[:, 4:181], abs=2e-4)
    assert [*table][1:4] == ["1", "1.25", "1.5"]
    about = json.loads((folder / f"{stem}_meas-spectrum_stat-log10density_statmap.json").read_text())
    assert about["RecordingForm"] == "epochs"
    assert about["SegmentsKept"] == SECONDS // 4
    assert about["Sources"][0].endswith("_proc-clean_epo.fif")
    quality = read_tsv(folder / f"{stem}_desc-eeg_qc.tsv")
    assert [quality[key] for key in ("channels", "segments_kept", "seconds_kept", "decision")] == [
        ["20"], ["18"], ["72"], ["used"],
    ]  # fmt: skip


def test_the_planted_rise_is_found_at_the_back_and_in_alpha(rising):
    out, ended = rising
    assert "16 of 16 participants analysed" in ended.text
    for label in ("spectrum", "flattened"):
        assert smallest(out, label) <= 0.02
        table = points(out, label)
        best = int(np.argmax(np.array(table["t"], dtype=float)))
        assert table["channel"][best] in BACK
        assert 8 <= float(table["frequency"][best]) <= 12
    table = points(out, "spectrum")
    effect, percent = (np.array(table[name], dtype=float) for name in ("effect", "percent"))
    at = [i for i, name in enumerate(table["channel"]) if name in BACK and 9.5 <= float(table["frequency"][i]) <= 10.5]
    assert effect[at].mean() == pytest.approx(np.log10((1 + 2.5 * 8) / (1 + 8)), abs=0.1)
    assert percent == pytest.approx(100 * (10**effect - 1), rel=1e-3, abs=1e-3)


def test_clusters_say_which_channels_and_frequencies_have_most_of_them(rising):
    out, _ = rising
    table = read_tsv(out / "group" / "eeg" / "task-EC_meas-flattened_contrast-verumVsShamAdjusted_clusters.tsv")
    assert float(table["p_mass_fwe_joint"][0]) <= 0.02
    assert set(table["channels"][0].split()[:3]) <= set(BACK)
    assert 6 <= float(table["frequency_low"][0]) < 10 < float(table["frequency_high"][0]) <= 14
    found = points(out, "flattened")
    own = [i for i, number in enumerate(found["cluster"]) if number == "1"]
    assert len(own) == int(table["points"][0])
    assert {found["channel"][i] for i in own} == set(table["channels"][0].split())
    assert max(float(found["frequency"][i]) for i in own) == float(table["frequency_high"][0])


def test_means_of_arms_are_those_of_the_sessions(rising):
    out, _ = rising
    table = read_tsv(out / "group" / "eeg" / "task-EC_meas-spectrum_desc-means_points.tsv")
    stem = "{0}_ses-post_task-EC_meas-spectrum_stat-log10density_statmap.tsv"
    values = [
        float(read_tsv(out / f"sub-{p}" / "ses-post" / "eeg" / stem.format(f"sub-{p}"))["10"][CAP.index("Oz")])
        for p, arm in PEOPLE.items() if arm == "verum"
    ]  # fmt: skip
    place = next(
        i for i in range(len(table["channel"])) if (table["channel"][i], table["frequency"][i]) == ("Oz", "10")
    )
    assert float(table["mean_verumPost"][place]) == pytest.approx(np.mean(values), rel=1e-5)
    assert float(table["sd_verumPost"][place]) == pytest.approx(np.std(values, ddof=1), rel=1e-4)


def test_a_change_of_the_exponent_alone_is_found_in_the_spectrum_and_not_above_its_line(flatter):
    out, _ = flatter
    assert smallest(out, "spectrum") <= 0.02
    assert smallest(out, "flattened") > 0.05


def test_points_have_the_ancova_of_their_own_baseline(rising):
    out, _ = rising
    table = points(out, "spectrum")

    def values(session):
        tables = [
            read_tsv(
                out / f"sub-{label}" / f"ses-{session}" / "eeg"
                / f"sub-{label}_ses-{session}_task-EC_meas-spectrum_stat-log10density_statmap.tsv"
            )
            for label in PEOPLE
        ]  # fmt: skip
        return np.array([[own[key] for key in own if key != "channel"] for own in tables], dtype=float).transpose(
            0, 2, 1
        )

    pre, post = values("pre"), values("post")
    arm = np.array([float(group == "verum") for group in PEOPLE.values()])
    frequencies = np.unique(np.array(table["frequency"], dtype=float))
    for place in range(0, len(table["t"]), 97):
        channel = CAP.index(table["channel"][place])
        column = int(np.searchsorted(frequencies, float(table["frequency"][place])))
        x = np.column_stack([arm, np.ones(len(arm)), pre[:, channel, column]])
        beta, left, *_ = np.linalg.lstsq(x, post[:, channel, column], rcond=None)
        error = np.sqrt(left[0] / (len(arm) - 3) * np.linalg.inv(x.T @ x)[0, 0])
        assert float(table["t"][place]) == pytest.approx(beta[0] / error, rel=2e-3, abs=2e-3)
        assert float(table["effect"][place]) == pytest.approx(beta[0], rel=2e-3, abs=1e-4)


def test_pages_methods_and_checklist_speak_of_eeg_and_of_no_scanner(rising):
    out, _ = rising
    text = group_pages(out)
    assert "EEG spectrum" in text
    methods = (out / "logs" / "CITATION.md").read_text()
    assert "Welch 1967" in methods
    assert "fMRIPrep" not in methods
    checklist = read_tsv(out / "logs" / "COBIDAS.tsv")
    answers = dict(zip(checklist["item"], checklist["answer"], strict=True))
    assert answers["Segments: length, overlap, criterion of rejection"].startswith("4 s, overlap 0.5")
    assert answers["Sampling rate, filters of the amplifier, power line"] == "SamplingFrequency: 128 Hz"
    assert answers["Bad channels: how they were found, and what became of them"] == "interpolated: none"
    assert answers["Impedances"] == "not reported"
    ended = validate_bids(out)
    assert ended.returncode == 0, ended.stdout


def test_the_group_level_needs_no_mne(rising, tmp_path):
    out, _ = rising
    copy = tmp_path / "out"
    shutil.copytree(out, copy)
    shutil.rmtree(copy / "group")
    for record in (copy / "logs" / "done").glob("group*"):
        record.unlink()
    without = "import sys; sys.modules['mne'] = None; from bids_app.__main__ import main; sys.exit(main())"
    words = [out.parent / "bids", copy, "group", *OPTIONS, "--set", "modalities.eeg.reject_uv=0"]
    ended = subprocess.run(
        [sys.executable, "-c", without, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert points(copy, "spectrum")["t"] == points(out, "spectrum")["t"]


def test_too_few_clean_seconds_exclude_a_session_and_say_what_would_help(tmp_path):
    bids, derivative = write(tmp_path)
    ended = run_deqi(
        bids, tmp_path / "out", "participant", "-d", derivative, "--participant-label", "01",
        "--set", "modalities.eeg.min_seconds=100",
    )  # fmt: skip
    assert "72 s of clean segments (at least 100 needed)" in ended.text
    assert "modalities.eeg.reject_uv" in ended.text
    assert ended.code == 1


def test_raw_eeg_alone_is_not_taken_unasked(tmp_path):
    bids, _ = write(tmp_path)
    for label in ("01", "02"):
        folder = bids / f"sub-{label}" / "ses-pre" / "eeg"
        (folder / f"sub-{label}_ses-pre_task-EC_eeg.edf").write_text("0" * 512)
    ended = run_deqi(bids, tmp_path / "out", "participant", "--set", "modalities.eeg.min_seconds=60")
    assert ended.code == 66, ended.text
    assert "no cleaned EEG was found, only raw" in ended.text
    assert "modalities.eeg.raw=minimal" in ended.text


def test_pages_show_heads_spectra_and_what_is_separable(rising, flatter):
    found = {
        name: (out / "group-eeg_spectrum.html").read_text()
        for name, (out, _) in (("rising", rising), ("flatter", flatter))
    }
    assert "What rises above the aperiodic part differs, too" in found["rising"]
    assert "not separable from a shift of the aperiodic part" in found["flatter"]
    assert "the largest cluster lies mostly around" in found["rising"]
    for text in found.values():
        assert 'class="chart head"' in text
        assert "mean of each arm (log10)" in text
        assert len(text.encode()) < 3_000_000
    out, _ = rising
    page = (out / "sub-01.html").read_text()
    assert "alpha, 8 to 13 Hz" in page
    assert "Alpha peak at" in page
    assert len(page.encode()) < 1_000_000


def test_neighbours_of_channels_are_written_once_for_all(rising):
    out, _ = rising
    table = read_tsv(out / "group" / "eeg" / "task-EC_adjacency.tsv")
    beside = dict(zip(table["channel"], (cell.split() for cell in table["neighbours"]), strict=True))
    assert {"O1", "O2", "Pz"} <= set(beside["Oz"])
    assert all(name in beside[other] for name, own in beside.items() for other in own)


def test_alpha_of_a_region_is_an_outcome_of_the_trial(rising, tmp_path):
    out, _ = rising
    copy = tmp_path / "out"
    shutil.copytree(out, copy)
    words = (
        "outcomes.alpha.column=alphaCorrected_EC",
        "outcomes.alpha.kind=measurement",
        "outcomes.alpha.role=primary",
    )
    sets = [part for word in words for part in ("--set", word)]
    ended = run_deqi(out.parent / "bids", copy, "group", *OPTIONS, "--set", "modalities.eeg.reject_uv=0", *sets)
    assert ended.code == 0, ended.text
    about = json.loads((copy / "group" / "meas-alpha_outcome.json").read_text())
    assert about["Columns"] == ["alphaCorrected_EC_pre", "alphaCorrected_EC_post"]
    assert about["Units"] == "log10"
    assert about["P"] <= 0.05
    assert "was higher in verum than in sham" in (copy / "group-outcomes.html").read_text()


def write_needling(root):
    """Write continuous recordings of 4 + 4 people with 36 needle events; each is followed by a bump at the back."""
    bids, derivative = root / "bids", root / "clean"
    for folder, more in ((bids, {}), (derivative, {"DatasetType": "derivative"})):
        folder.mkdir(parents=True)
        about = {"Name": "invented", "BIDSVersion": "1.9.0", **more}
        (folder / "dataset_description.json").write_text(json.dumps(about))
    people = {f"{i:02d}": "verum" if i % 2 else "sham" for i in range(1, 9)}
    rows = "\n".join(f"sub-{label}\t{arm}" for label, arm in people.items())
    (bids / "participants.tsv").write_text(f"participant_id\tgroup\n{rows}\n")
    onsets = 1.5 + 1.9 * np.arange(36)
    times = np.arange(int(72 * RATE)) / RATE
    for label, arm in people.items():
        for session in ("pre", "post"):
            size = 8.0 if (arm, session) == ("verum", "post") else 4.0
            data = 3 * np.random.default_rng([int(label), session == "post"]).standard_normal((len(CAP), len(times)))
            bump = sum(np.exp(-((times - onset - 0.4) ** 2) / (2 * 0.06**2)) for onset in onsets)
            data[[CAP.index(name) for name in BACK]] += size * bump
            stem = f"sub-{label}_ses-{session}_task-needling"
            folder, raw = (root_ / f"sub-{label}" / f"ses-{session}" / "eeg" for root_ in (derivative, bids))
            folder.mkdir(parents=True)
            raw.mkdir(parents=True)
            info = mne.create_info(list(CAP), RATE, "eeg")
            mne.io.RawArray(data * 1e-6, info, verbose="error").save(
                folder / f"{stem}_proc-clean_raw.fif", verbose="error"
            )
            lines = "\n".join(f"{onset:.3f}\t0.5\tneedle" for onset in onsets)
            (raw / f"{stem}_events.tsv").write_text(f"onset\tduration\ttrial_type\n{lines}\n")
    return bids, derivative


def test_responses_to_needling_are_compared_at_every_channel_and_time(tmp_path):
    bids, derivative = write_needling(tmp_path)
    words = ("--set", "modalities.eeg.min_seconds=30", "--measures", "eeg_evoked", "--n-permutations", "100")
    for level, more in (("participant", ("-d", derivative)), ("group", ())):
        ended = run_deqi(bids, tmp_path / "out", level, *more, *words)
        assert ended.code == 0, ended.text
    stem = "sub-01_ses-post_task-needling_meas-erpNeedle_stat-mean_timeseries"
    table = read_tsv(tmp_path / "out" / "sub-01" / "ses-post" / "eeg" / f"{stem}.tsv")
    times = np.array(table["time"], dtype=float)
    course = np.array(table["Oz"], dtype=float)
    assert times[course.argmax()] == pytest.approx(0.4, abs=0.03)
    assert course.max() == pytest.approx(8 * (1 - len(BACK) / len(CAP)), rel=0.2)  # less the average of all channels
    found = read_tsv(
        tmp_path / "out" / "group" / "eeg" / "task-needling_meas-erpNeedle_contrast-verumVsShamAdjusted_points.tsv"
    )
    assert found["channel"][0] in BACK
    assert 0.3 <= float(found["time"][0]) <= 0.5
    assert float(found["effect"][0]) > 0
    person = (tmp_path / "out" / "sub-01.html").read_text()
    assert "needle: mean of epochs" in person
    assert "standardised measurement error" in person
    page = (tmp_path / "out" / "group-eeg_evoked.html").read_text()
    assert "time (s)" in page
