"""Recordings of EEG from files to clean segments: real EEGLAB, EDF and BDF files, and files written with faults."""

from __future__ import annotations

import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic import CAP

from bids_app.dataset.mne_files.electrodes import read_electrodes
from bids_app.errors import MissingInputError, NotMeasurableError, WrongDataError
from bids_app.measures import eeg_spectrum
from bids_app.modalities import eeg
from bids_app.modalities._eeg_cleaning import load, prepare
from bids_app.signals.oscillations import Spectra
from bids_app.signals.periodogram import density
from bids_app.signals.scalp import neighbours
from bids_app.signals.segments import untouched
from bids_app.vocabulary.domain import Sensors
from bids_app.vocabulary.epochs import Epochs
from bids_app.vocabulary.options.eeg import Options
from bids_app.vocabulary.recording import Recording

mne = pytest.importorskip("mne")

POSTERIOR = ("P3", "Pz", "P4", "PO3", "POz", "PO4", "O1", "Oz", "O2", "PO7", "PO8", "P7", "P8")
GRID = np.arange(4, 181) / 4


def recording(path, *, dataset="clean", **files):
    return Recording(
        modality="eeg", entities={"sub": "01", "task": "EC"}, series=Path(path), root=Path(path).parent,
        dataset=dataset, companions={kind: Path(file) for kind, file in files.items()},
    )  # fmt: skip


def loaded(path, options=None, **files):
    one = recording(path, **files)
    options = options or Options(reject_uv=0)
    return load(one, prepare(one, options), options)


def spectra_of(epochs, kept=None):
    starts = epochs.starts if kept is None else epochs.starts[kept]
    rate, length = epochs.rate, epochs.length
    return Spectra(density=density(epochs.data, starts, length, rate, slice(4, 181)), frequencies=GRID)


@pytest.fixture(scope="module")
def sample(real_data):
    """The sample recording of EEGLAB, its average reference over the 30 channels of EEG."""
    return real_data / "eeg_eeglab" / "eeglab_data.set"


@pytest.fixture(scope="module")
def whole(sample):
    return loaded(sample)


@pytest.fixture(scope="module")
def of_channel(whole):
    spectra = spectra_of(whole)

    def found(values, name):
        return values[whole.domain.names.index(name)]

    return spectra, found


@pytest.mark.real
class TestRealRecording:
    """Values computed with scipy.signal.welch, MNE 1.13.2 and specparam from the same file."""

    def test_the_file_is_read_as_it_is(self, sample, whole):
        held = read_electrodes(sample)
        assert (len(held.names), held.rate, held.data.shape[1]) == (32, 128.0, 30_504)
        deviation = dict(zip(held.names, held.data.std(axis=1), strict=True))
        assert (deviation["FPz"], deviation["Oz"]) == pytest.approx((38.74, 17.88), abs=0.01)
        # The file calls both channels of eye movements EEG.
        assert {"EOG1", "EOG2"} == set(held.names) - set(whole.domain.names)
        assert np.abs(whole.data.sum(axis=0)).max() < 1e-9

    def test_power_of_bands(self, whole, of_channel):
        spectra, at = of_channel
        power = spectra.power()
        assert len(whole.starts) == 118
        oz = {name: at(power[name], "Oz") for name in power}
        assert oz == pytest.approx(
            {"delta": 35.4994, "theta": 13.5939, "alpha": 44.8924, "beta": 7.2966, "gamma": 1.3043, "total": 102.5864},
            rel=1e-4,
        )
        alpha = [at(power["alpha"], name) for name in ("Pz", "POz", "O1", "O2", "Fz", "Cz")]
        assert alpha == pytest.approx([97.3468, 112.7707, 48.0308, 51.2796, 95.9021, 25.7297], rel=1e-4)
        chosen = [whole.domain.names.index(name) for name in POSTERIOR]
        assert np.log10(power["alpha"][chosen]).mean() == pytest.approx(1.819743, abs=1e-5)
        assert (power["alpha"] / power["total"])[chosen].mean() == pytest.approx(0.544659, rel=1e-4)

    def test_segments_that_are_marked_or_too_large_are_excluded(self, whole):
        name = whole.domain.names.index("Oz")
        bad = np.zeros(30_504, dtype=bool)
        bad[20 * 128 : 30 * 128] = True
        kept = untouched(whole.starts, whole.length, bad)
        assert kept.sum() == 112
        assert spectra_of(whole, kept).power()["alpha"][name] == pytest.approx(45.258508, rel=1e-5)

    @pytest.mark.parametrize(
        ("limit", "count", "alpha"), [(200, 91, 44.221213), (150, 89, 44.195461), (100, 24, 37.470389)]
    )
    def test_a_limit_of_amplitude_excludes_segments(self, sample, limit, count, alpha):
        found = loaded(sample, Options(reject_uv=limit))
        assert (len(found.starts), found.segments) == (count, 118)
        assert spectra_of(found).power()["alpha"][found.domain.names.index("Oz")] == pytest.approx(alpha, rel=1e-5)

    def test_what_the_reference_does(self, sample, whole):
        kept = loaded(sample, Options(reject_uv=0, reference="keep"))
        power = spectra_of(kept).power()["alpha"]
        names = kept.domain.names
        assert power[[names.index("Oz"), names.index("Pz")]] == pytest.approx([116.8821, 272.7487], rel=1e-4)

    def test_what_spoils_an_average_reference_and_a_window(self, sample):  # E4: values that must not come out
        raw = mne.io.read_raw_eeglab(sample, preload=True, verbose="error")
        recorded, names = raw.get_data() * 1e6, raw.ch_names
        brain = [i for i, name in enumerate(names) if not name.startswith("EOG")]
        loud = recorded[brain].copy()
        loud[[names[i] for i in brain].index("T8")] *= 50
        starts = np.arange(0, recorded.shape[1] - 511, 256)

        def at_oz(series):
            found = density(series[None], starts, 512, 128.0, slice(4, 181))
            return Spectra(density=found, frequencies=GRID).power()["alpha"][0]

        oz = recorded[names.index("Oz")]
        assert at_oz(oz - recorded[brain].mean(axis=0)) == pytest.approx(44.8924, rel=1e-4)
        assert at_oz(oz - recorded.mean(axis=0)) == pytest.approx(47.8784, rel=1e-4)  # eyes in the average
        assert at_oz(oz - loud.mean(axis=0)) == pytest.approx(157.1192, rel=1e-4)  # a bad channel in it
        right = oz - recorded[brain].mean(axis=0)
        whole, grid = mne.time_frequency.psd_array_welch(right, 128.0, 0, 64, n_fft=2048, verbose="error")
        theirs = whole[(grid >= 8) & (grid < 13)].sum() * (grid[1] - grid[0])  # Hamming, no overlap
        assert theirs == pytest.approx(43.7279, rel=1e-4)

    def test_the_aperiodic_part_and_what_rises_above_it(self, whole, of_channel):
        spectra, at = of_channel
        line, chosen = spectra.line, [whole.domain.names.index(name) for name in POSTERIOR]
        assert [at(line.exponent, name) for name in ("Oz", "Pz", "O1")] == pytest.approx(
            [1.6909, 1.6135, 1.5170], abs=1e-4
        )
        assert [at(line.offset, name) for name in ("Oz", "Pz", "O1")] == pytest.approx(
            [1.6900, 1.5390, 1.5848], abs=1e-4
        )
        assert line.exponent[chosen].mean() == pytest.approx(1.5572, abs=1e-4)
        above = spectra.above((8, 13))
        assert [at(above, "Oz"), at(above, "Pz")] == pytest.approx([0.8580, 1.2099], abs=1e-4)
        assert above[chosen].mean() == pytest.approx(0.9708, abs=1e-4)

    def test_the_alpha_peak(self, whole, of_channel):
        spectra, _ = of_channel
        peak = spectra.of([whole.domain.names.index(name) for name in POSTERIOR]).peak()
        assert (peak.peak, peak.height, peak.gravity) == pytest.approx((10.0, 1.379, 9.697), abs=1e-3)

    def test_neighbours_of_the_recorded_positions(self, sample, whole):
        held = read_electrodes(sample)
        where = held.positions[[held.names.index(name) for name in whole.domain.names]]
        names = whole.domain.names
        near = {frozenset((names[i], names[j])) for i, j in neighbours(where)}
        assert len(near) == 73  # 75 triangles' edges less FPz-FC5 and FPz-FC6, which cross the face

        def around(name):
            return {other for pair in near if name in pair for other in pair if other != name}

        assert around("Oz") == {"POz", "O1", "O2"}
        assert around("Pz") == {"Cz", "CP1", "CP2", "P3", "P4", "PO3", "POz", "PO4"}

    def test_a_bad_channel_is_left_out_of_the_reference_and_then_filled(self, sample, tmp_path):
        names = [*read_electrodes(sample).names]
        rows = [
            f"{name}\t{'EOG' if name.startswith('EOG') else 'EEG'}\t{'bad' if name == 'Pz' else 'good'}"
            for name in names
        ]
        table = tmp_path / "channels.tsv"
        table.write_text("\n".join(["name\ttype\tstatus", *rows]) + "\n")
        found = loaded(sample, channels=table)
        assert found.interpolated == ("Pz",)
        place = found.domain.names.index("Pz")
        others = [i for i in range(30) if i != place]
        assert np.abs(found.data[others].sum(axis=0)).max() < 1e-9
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = mne.io.read_raw_eeglab(sample, preload=True, verbose="error")
        raw.set_channel_types({"EOG1": "eog", "EOG2": "eog"}).pick("eeg")
        raw.info["bads"] = ["Pz"]
        raw.set_eeg_reference("average", verbose="error").interpolate_bads(verbose="error")
        assert found.data[place] == pytest.approx(raw.get_data()[raw.ch_names.index("Pz")] * 1e6, abs=1e-6)

    @pytest.mark.parametrize(
        ("name", "channels", "rate", "seconds"), [("test.edf", 16, 256.0, 60), ("test.bdf", 16, 256.0, 60)]
    )
    def test_european_data_formats(self, real_data, name, channels, rate, seconds):
        held = read_electrodes(real_data / "eeg_eeglab" / name)
        kinds = [kind for kind in held.kinds if kind == "eeg"]
        assert (len(kinds), held.rate) == (channels, rate)
        assert 0.1 < np.median(held.data.std(axis=1)) < 1e5


RATE = 128.0


@pytest.mark.real
def test_specparam_on_the_real_recording(whole):  # E6: specparam 2.0.0rc7, 1 to 40 Hz, no knee
    pytest.importorskip("specparam")
    chosen = [whole.domain.names.index(name) for name in ("Oz", "Pz")]
    own = replace(spectra_of(whole).of(chosen), estimator="specparam")
    assert own.line.exponent == pytest.approx([1.6933, 1.6026], abs=1e-3)
    assert own.line.offset == pytest.approx([1.6257, 1.3768], abs=1e-3)
    assert own.line.r2[0] == pytest.approx(0.9950, abs=1e-3)
    assert own.above((8, 13)) == pytest.approx([0.9247, 1.3612], abs=1e-3)


def raw_of(data, names=None):
    info = mne.create_info(names or list(CAP[: len(data)]), RATE, "eeg")
    return mne.io.RawArray(data * 1e-6, info, verbose="error")


def noise(seconds=40, channels=20, seed=0):
    return 10 * np.random.default_rng(seed).standard_normal((channels, int(seconds * RATE)))


def saved(raw, folder, name="sub-01_task-EC_proc-clean_raw.fif"):
    raw.save(folder / name, overwrite=True, verbose="error")
    return folder / name


def test_segments_touch_no_bad_span_and_cross_no_cut(tmp_path):
    raw = raw_of(noise())
    raw.set_annotations(mne.Annotations([10, 25], [3, 0], ["BAD_muscle", "boundary"]))
    found = loaded(saved(raw, tmp_path))
    spans = [(start / RATE, (start + found.length) / RATE) for start in found.starts]
    assert not [span for span in spans if span[0] < 13 and span[1] > 10]
    assert not [span for span in spans if span[0] < 25 < span[1]]
    assert 25.0 in [span[0] for span in spans]


def test_annotations_of_a_cropped_recording_are_where_they_were(tmp_path):
    raw = raw_of(noise(60))
    raw.set_meas_date(1_700_000_000)
    raw.set_annotations(mne.Annotations([30], [5], ["bad"], orig_time=raw.info["meas_date"]))
    found = read_electrodes(saved(raw.crop(20, 50), tmp_path))
    assert np.flatnonzero(found.bad)[[0, -1]] / RATE == pytest.approx([10, 15], abs=0.02)


def test_epochs_are_parts_and_overlapping_ones_count_once(tmp_path):
    whole = noise(41)
    apart = mne.make_fixed_length_epochs(raw_of(whole), 4.0, preload=True, verbose="error")
    double = mne.make_fixed_length_epochs(raw_of(whole), 4.0, overlap=2.0, preload=True, verbose="error")
    for epochs, count, seconds in ((apart, 10, 40), (double, 19, 40)):
        path = tmp_path / "sub-01_task-EC_proc-clean_epo.fif"
        epochs.save(path, overwrite=True, verbose="error")
        found = loaded(path)
        assert (len(found.starts), found.seconds) == (count, pytest.approx(seconds, abs=0.05))
    with pytest.raises(WrongDataError, match=r"last 4 s, segments 5 s.*segment_seconds=2"):
        loaded(path, Options(segment_seconds=5.0))


def test_a_projector_is_applied_once(tmp_path):
    whole = noise() + 50
    raw = raw_of(whole).set_eeg_reference("average", projection=True, verbose="error")
    found = loaded(saved(raw, tmp_path), Options(reject_uv=0, reference="keep"))
    assert found.data == pytest.approx(whole - whole.mean(axis=0), abs=1e-4)


@pytest.mark.parametrize("factor", [1e3, 1e6, 1e-3])
def test_another_unit_is_refused(tmp_path, factor):
    with pytest.raises(WrongDataError, match="has another unit than it says"):
        loaded(saved(raw_of(noise() * factor), tmp_path), Options(reject_uv=0))


def test_flat_channels_are_bad_and_too_many_bad_ones_refused(tmp_path):
    data = noise()
    data[3] = 0
    assert loaded(saved(raw_of(data), tmp_path)).interpolated == ("F3",)
    data[:4] = 0
    with pytest.raises(WrongDataError, match=r"4 of 20 channels are bad \(at most 15 %\)"):
        loaded(saved(raw_of(data), tmp_path))
    with pytest.raises(WrongDataError, match="average reference needs 16"):
        loaded(saved(raw_of(noise(channels=12)), tmp_path))


def test_bad_channels_without_positions_are_absent_and_named(tmp_path):
    names = [f"X{i}" for i in range(20)]
    data = noise()
    data[7] = 0
    found = loaded(saved(raw_of(data, names), tmp_path))
    assert "X7" not in found.domain.names
    assert "X7 are bad and absent" in found.notes[0]


def test_raw_recordings_are_taken_on_request_alone_and_never_from_the_scanner(tmp_path):
    path = tmp_path / "sub-01" / "eeg" / "sub-01_task-EC_eeg.edf"
    (tmp_path / "sub-01" / "func").mkdir(parents=True)
    one = recording(path, dataset="raw")
    with pytest.raises(MissingInputError, match=r"modalities\.eeg\.raw=minimal"):
        prepare(one, Options())
    assert prepare(one, Options(raw="minimal")).form == "raw"
    assert "not corrected" in eeg.mark(Options(raw="minimal"))
    (tmp_path / "sub-01" / "func" / "sub-01_task-EC_bold.nii.gz").touch()
    with pytest.raises(WrongDataError, match="gradient and pulse artefacts"):
        prepare(one, Options(raw="minimal"))


def test_slow_drifts_are_taken_out_of_raw_recordings(tmp_path):
    drift = 300 * np.sin(2 * np.pi * 0.05 * np.arange(int(40 * RATE)) / RATE)
    raw, clean = raw_of(noise() + drift), noise()
    path = saved(raw, tmp_path, "sub-01_task-EC_raw.fif")
    one = recording(path, dataset="raw")
    found = load(one, prepare(one, Options(raw="minimal")), Options(raw="minimal", reference="keep"))
    middle = slice(int(10 * RATE), int(30 * RATE))
    assert found.data[:, middle].std() == pytest.approx(clean[:, middle].std(), rel=0.05)


def test_a_header_without_its_samples_says_which_file_is_absent(real_data, tmp_path):
    shutil.copy(real_data / "eeg_eeglab" / "eeglab_data.set", tmp_path)
    with pytest.raises(MissingInputError, match="needs a file that is not there"):
        read_electrodes(tmp_path / "eeglab_data.set")
    (tmp_path / "broken.edf").write_text(json.dumps({"no": "EEG"}))
    with pytest.raises(WrongDataError, match="cannot be read as EEG"):
        read_electrodes(tmp_path / "broken.edf")


def positions_table(folder, units, names, scale=1.0):
    table, about = folder / "sub-01_electrodes.tsv", folder / "sub-01_coordsystem.json"
    angles = np.linspace(0, 2 * np.pi, len(names), endpoint=False)
    rows = [
        f"{name}\t{80 * scale * np.sin(a):.6f}\t{80 * scale * np.cos(a):.6f}\t{(20 + 3 * i) * scale:.6f}"
        for i, (name, a) in enumerate(zip(names, angles, strict=True))
    ]
    table.write_text("name\tx\ty\tz\n" + "\n".join(rows) + "\n")
    about.write_text(json.dumps({"EEGCoordinateSystem": "CapTrak", "EEGCoordinateUnits": units}))
    return {"electrodes": table, "coordsystem": about}


@pytest.mark.parametrize(("units", "scale"), [("mm", 1.0), ("cm", 0.1), ("m", 0.001)])
def test_positions_of_electrodes_tsv_serve_where_names_say_nothing(tmp_path, units, scale):
    names = [f"X{i}" for i in range(20)]
    data = noise()
    data[7] = 0
    beside = positions_table(tmp_path, units, names, scale)
    found = loaded(saved(raw_of(data, names), tmp_path), **beside)
    assert found.interpolated == ("X7",)  # known places can be interpolated
    assert found.domain.positions[0] == pytest.approx([0, 80, 20], abs=1e-3)
    assert found.about["PositionsFrom"] == "file"
    beside["coordsystem"].write_text("{}")
    with pytest.raises(WrongDataError, match="EEGCoordinateUnits None; expected m, cm, mm"):
        loaded(saved(raw_of(data, names), tmp_path), **beside)


def test_eeg_under_electroacupuncture_is_refused_until_its_artefacts_are_said_to_be_gone(tmp_path):
    path = saved(raw_of(noise()), tmp_path)
    one = replace(recording(path), entities={"sub": "01", "task": "electroacupuncture"})
    with pytest.raises(WrongDataError, match=r"during electroacupuncture.*artefacts_removed=true"):
        prepare(one, Options())
    assert prepare(one, Options(artefacts_removed=True)).form == "continuous"
    told = replace(recording(path), metadata={"TaskDescription": "Rest, then Electro-acupuncture at ST36"})
    with pytest.raises(WrongDataError, match="electroacupuncture"):
        prepare(told, Options())
    prepare(replace(recording(path), metadata={"TaskDescription": "Manual acupuncture at ST36"}), Options())


def test_frequencies_that_hold_the_mains_are_refused():
    epochs = replace(
        Epochs(
            data=noise(), rate=RATE, domain=Sensors(names=CAP), starts=np.array([0, 400]), length=int(4 * RATE),
            bad=np.zeros(int(40 * RATE), dtype=bool), places=np.arange(int(40 * RATE)), seconds=8.0, segments=2,
        ), about={"RecordingSidecar": {"PowerLineFrequency": 50}},
    )  # fmt: skip
    assert list(eeg_spectrum.measure(epochs, [], eeg_spectrum.Options()))
    with pytest.raises(NotMeasurableError, match=r"hold the mains \(PowerLineFrequency 50\).*high at 48"):
        list(eeg_spectrum.measure(epochs, [], eeg_spectrum.Options(high=49.0)))


@pytest.mark.real
def test_asymmetry_of_the_real_recording(whole):  # E3: ln F4 less ln F3
    (row,) = [
        feature.value
        for feature in eeg_spectrum.measure(whole, [], eeg_spectrum.Options(asymmetry=("F3", "F4")))
        if feature.output.kind == "people"
    ]
    assert row["alphaAsymmetry"][0] == pytest.approx(-0.138611, abs=1e-4)
