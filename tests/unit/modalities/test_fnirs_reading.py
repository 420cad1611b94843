"""SNIRF files: a real run by the constants of the specification (N1-N9), written ones, and what cannot be read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from real_data import real

pytest.importorskip("mne")
pytest.importorskip("h5py")

import h5py
from nilearn.glm.first_level.hemodynamic_models import compute_regressor

from bids_app.dataset.mne_files.optodes import read_optodes, to_haemoglobin
from bids_app.dataset.mne_files.snirf import Light, Stimuli, write_snirf
from bids_app.errors import UsageError, WrongDataError
from bids_app.modalities._fnirs_cleaning import _require_micromolar
from bids_app.modalities._fnirs_regions import regions_of
from bids_app.statistics.optics import robust_model
from bids_app.statistics.optics.light import slow_waves
from bids_app.vocabulary.options.fnirs import Options
from bids_app.vocabulary.recording import Recording

OPTODES = {"S1": (0.0, 0.0, 0.0), "D1": (30.0, 0.0, 0.0), "D2": (0.0, 8.0, 0.0)}
PAIRS = (("S1", "D1"), ("S1", "D2"))


@pytest.fixture
def runs():
    return real("fnirs_snirf")


def light(samples=1200, seed=1):
    rng = np.random.default_rng(seed)
    heart = 0.02 * np.sin(2 * np.pi * 1.1 * np.arange(samples) / 10.0)
    return 2.0 + heart[:, None, None] + 0.002 * rng.standard_normal((samples, 2, 2))


def written(path, values=None, rate=10.0, **more):
    write_snirf(path, Light(light() if values is None else values, PAIRS, (760.0, 850.0), OPTODES), rate, **more)
    return path


def test_a_real_run_is_read_as_it_is(runs):
    """N1: series, rate, first time, events from the first sample, distances."""
    held = read_optodes(runs / "neuro_run01.snirf")
    assert (len(held.pairs), held.values.shape, held.wavelengths) == (9, (9, 2, 8000), (690.0, 830.0))
    assert (held.rate, held.first) == pytest.approx((20.0331, 0.04991744), abs=1e-4)
    onsets = {one.name: one.onsets + held.first for one in held.stimuli}
    assert onsets["1"] == pytest.approx([158.488, 194.279, 231.367, 269.055], abs=1e-3)
    assert onsets["2"] == pytest.approx([334.197, 370.637], abs=1e-3)
    assert all((one.durations == 5).all() for one in held.stimuli)
    assert sorted(set((1e3 * held.distances).round(1).tolist())) == [20.0, 22.4]
    assert (held.values > 0).all()


def test_haemoglobin_of_a_real_run(runs):
    """N2 (SD and a sample, by mne and by hand), N4 (60 times), N5 (coupling), N7 (motion correction)."""
    held = read_optodes(runs / "neuro_run01.snirf")
    plain = to_haemoglobin(held, motion="none", ppf=(6.0, 6.0))
    assert plain.values[0].std(axis=1) == pytest.approx([3.49080, 1.67960], abs=1e-5)
    assert plain.values[0, :, 4000] == pytest.approx([1.70610, 1.48422], abs=1e-5)
    assert plain.values[1].std(axis=1) == pytest.approx([1.87573, 1.02655], abs=1e-5)
    assert plain.values[1, :, 4000] == pytest.approx([-0.12214, 0.25247], abs=1e-5)
    assert plain.before[0] == pytest.approx(-np.log(held.values[0] / held.values[0].mean(axis=1, keepdims=True)))
    extinction = np.array([[63.5628, 472.566388], [224.3122, 159.607112]])
    by_hand = np.linalg.solve(extinction * 6 * 0.02, plain.before[0]) * 1e3
    assert plain.values[0] == pytest.approx(by_hand, abs=1e-6)
    assert plain.coupling == pytest.approx([0.383, 0.909, 0.363, 0.710, 0.849, 0.906, 0.787, 0.804, 0.915], abs=6e-4)
    thin = to_haemoglobin(held, motion="none", ppf=(0.1, 0.1))
    assert thin.values == pytest.approx(60 * plain.values, rel=1e-9)
    repaired = to_haemoglobin(held, motion="tddr", ppf=(6.0, 6.0))
    before, after = ([one[k, 0].std() for k in (0, 1, 3)] for one in (repaired.before, repaired.after))
    assert before == pytest.approx([0.1086, 0.0738, 0.1178], abs=1e-4)
    assert after == pytest.approx([0.0640, 0.0259, 0.0318], abs=1e-4)
    assert np.corrcoef(plain.values[1])[0, 1] == pytest.approx(0.459, abs=1e-3)
    assert np.corrcoef(repaired.values[1])[0, 1] == pytest.approx(-0.084, abs=1e-3)
    assert repaired.values[1, 0].std() == pytest.approx(1.028, abs=1e-3)


def test_a_model_of_a_real_run(runs):
    """N9: least squares by the specification's constants; a robust fit lies within its own error of the prototype's."""
    held = read_optodes(runs / "neuro_run01.snirf")
    times = np.arange(8000) / held.rate
    # The constants were computed with onsets as mne has them, which still count from the clock of the file.
    events = [np.vstack([s.onsets + held.first, s.durations, np.ones(len(s.onsets))]) for s in held.stimuli]
    columns = [compute_regressor(one, "spm", times)[0][:, 0] for one in events]
    design = np.column_stack([*columns, slow_waves(8000, held.rate, 0.01), np.ones(8000)])
    assert design.shape[1] == 10
    plain = to_haemoglobin(held, motion="none", ppf=(6.0, 6.0)).values[1, 0]
    assert np.linalg.lstsq(design, plain, rcond=None)[0][0] == pytest.approx(-0.0650, abs=0.01)
    series = to_haemoglobin(held, motion="tddr", ppf=(6.0, 6.0)).values[8, 1]
    assert np.linalg.lstsq(design, series, rcond=None)[0][0] == pytest.approx(-0.2959, abs=0.003)
    found = robust_model.effect(robust_model.fit(series, design, 80), np.eye(10)[0])
    assert abs(found.size + 0.3092) < 0.5 * 0.3001
    assert found.error == pytest.approx(0.3001, rel=0.25)
    more = robust_model.effect(robust_model.fit(series + 0.5 * design[:, 0], design, 80), np.eye(10)[0])
    assert more.size - found.size == pytest.approx(0.5, abs=1e-6)


def test_the_file_that_breaks_mne(runs):
    with pytest.raises(WrongDataError, match=r"minimum_example.snirf holds no samples \(mne: .*\); export it again"):
        read_optodes(runs / "minimum_example.snirf")


def test_written_files_are_read_as_they_were_written(tmp_path):
    stimuli = [Stimuli("needle", np.array([10.0, 50.0]), np.array([20.0, 20.0]))]
    held = read_optodes(written(tmp_path / "a.snirf", stimuli=stimuli, first=3.0))
    assert held.pairs == PAIRS
    assert held.values == pytest.approx(light().transpose(1, 2, 0))
    assert (held.rate, held.first, held.length_unit) == (pytest.approx(10.0), 3.0, "mm")
    assert held.stimuli[0].onsets == pytest.approx([10.0, 50.0])
    assert 1e3 * held.distances == pytest.approx([30.0, 8.0])


def test_closed_form_of_the_law_of_light(tmp_path):
    """N3: 760 and 850 nm, 30 mm, factor 6."""
    density = np.zeros((200, 2, 2))
    density[50, 0], density[51, 0] = (0.01, 0.02), (0.02, 0.01)
    held = read_optodes(written(tmp_path / "a.snirf", np.exp(-density)))
    found = to_haemoglobin(held, motion="none", ppf=(6.0, 6.0)).values[0]
    change = found[:, [50, 51]] - found[:, [0]]
    assert change[:, 0] == pytest.approx([0.47058475, -0.02229963], abs=1e-6)
    assert change[:, 1] == pytest.approx([0.03244792, 0.29928448], abs=1e-6)


def test_motion_correction_of_known_jumps(tmp_path):
    """N6: two jumps and a spike on a slow wave; a channel without any hardly changes."""
    rng = np.random.default_rng(0)
    times = np.arange(3000) / 10
    truth = 0.01 * np.sin(2 * np.pi * 0.05 * times) + 0.002 * rng.standard_normal(3000)
    moved = truth.copy()
    moved[1000:] += 0.3
    moved[2000:2003] += 0.5
    moved[500:505] -= 0.4
    density = np.stack([np.stack([moved, moved], axis=1), np.stack([truth, truth], axis=1)], axis=1)
    held = read_optodes(written(tmp_path / "a.snirf", np.exp(-density)))
    found = to_haemoglobin(held, motion="tddr", ppf=(6.0, 6.0))

    def error(values):
        return float(np.sqrt(np.mean((values - values.mean() - truth + truth.mean()) ** 2)))

    assert error(found.before[0, 0]) == pytest.approx(0.1445, abs=0.01)
    assert error(found.after[0, 0]) == pytest.approx(0.0188, abs=0.004)
    assert error(found.after[1, 0]) < 0.0015


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_events_in_either_unit(tmp_path, scale):
    """The format has events in seconds whatever the unit of times is; some write them in that unit."""
    stimuli = [Stimuli("needle", scale * np.array([10.0, 50.0]), scale * np.array([20.0, 20.0]))]
    path = written(tmp_path / "a.snirf", stimuli=stimuli)
    with h5py.File(path, "r+") as held:
        held["nirs/data1/time"][:] = 1000 * held["nirs/data1/time"][()]
        del held["nirs/metaDataTags/TimeUnit"]
        held["nirs/metaDataTags/TimeUnit"] = "ms"
    found = read_optodes(path)
    assert found.rate == pytest.approx(10.0)
    assert found.stimuli[0].onsets == pytest.approx([10.0, 50.0], abs=1e-6)
    assert found.stimuli[0].durations == pytest.approx([20.0, 20.0])


def test_haemoglobin_without_its_unit_is_refused(tmp_path):
    """Concentrations may be below 0; ones that vary by molar sizes, or by none, are told in another unit."""
    held = read_optodes(written(tmp_path / "a.snirf"))
    recording = Recording(modality="fnirs", entities={"sub": "01"}, series=tmp_path / "a.snirf", root=tmp_path,
                          dataset="raw")  # fmt: skip
    rng = np.random.default_rng(5)
    for size, fits in ((1.0, True), (1e-6, False), (1e6, False)):
        made = replace(held, values=size * rng.standard_normal((2, 2, 300)), concentrations=True)
        if fits:
            _require_micromolar(made, recording)
            continue
        with pytest.raises(WrongDataError, match="Export it again with its unit"):
            _require_micromolar(made, recording)


def _several(held):
    held.copy("nirs", "nirs2")


def _uneven(held):
    times = held["nirs/data1/time"][()]
    times[600:] += 0.05
    del held["nirs/data1/time"]
    held["nirs/data1/time"] = times


def _one_wavelength(held):
    held["nirs/data1/measurementList2/wavelengthIndex"][()] = 1


@pytest.mark.parametrize(("change", "said"), [
    (_several, "holds 2 recordings (/nirs) with 1 blocks of data"), (_uneven, "is sampled unevenly"),
    (_one_wavelength, "cannot be read as SNIRF|have one of two wavelengths alone|wavelengths"),
])  # fmt: skip
def test_files_that_cannot_be_used(tmp_path, change, said):
    path = written(tmp_path / "a.snirf")
    with h5py.File(path, "r+") as held:
        change(held)
    with pytest.raises(WrongDataError) as raised:
        read_optodes(path)
    assert any(one in str(raised.value) for one in said.split("|"))


def test_what_is_no_snirf(tmp_path):
    (tmp_path / "a.snirf").write_text("light")
    with pytest.raises(WrongDataError, match="cannot be read as SNIRF"):
        read_optodes(tmp_path / "a.snirf")


def test_times_as_a_start_and_a_step(tmp_path):
    path = written(tmp_path / "a.snirf")
    with h5py.File(path, "r+") as held:
        del held["nirs/data1/time"]
        held["nirs/data1/time"] = np.array([0.5, 0.1])
    held = read_optodes(path)
    assert (held.rate, held.first) == (pytest.approx(10.0), 0.5)


def test_optodes_have_the_names_of_the_file(tmp_path):
    """MNE counts sources and detectors; a file may call them otherwise, as channels.tsv does."""
    path = written(tmp_path / "a.snirf")
    with h5py.File(path, "r+") as held:
        held["nirs/probe/sourceLabels"][0] = "Fp1"
        held["nirs/probe/detectorLabels"][1] = "AF-7"
    assert read_optodes(path).pairs == (("Fp1", "D1"), ("Fp1", "AF7"))


def test_a_recording_that_is_numbered(tmp_path):
    """The format allows /nirs1 for one recording; the file itself stays as it is."""
    path = written(tmp_path / "a.snirf")
    expected = read_optodes(path)
    with h5py.File(path, "r+") as held:
        held.move("nirs", "nirs1")
    before = path.read_bytes()
    assert (read_optodes(path).values == expected.values).all()
    assert path.read_bytes() == before


def test_regions_by_name_and_by_a_box(tmp_path):
    """The middle of S1-D1 lies at x = 15 mm, that of S1-D2 at y = 4 mm; a box needs a space of MNI."""
    held = read_optodes(written(tmp_path / "a.snirf"))
    system = tmp_path / "coordsystem.json"
    recording = Recording(
        modality="fnirs", entities={"sub": "01"}, series=tmp_path / "a.snirf", root=tmp_path, dataset="raw",
        companions={"coordsystem": system},
    )  # fmt: skip
    system.write_text('{"NIRSCoordinateSystem": "MNI152NLin2009cAsym"}')
    options = Options(regions={"right": ("x 10 20", "y -1 1"), "named": ("S1_D2",)})
    assert regions_of(options, held, recording) == {"right": ("S1-D1",), "named": ("S1-D2",)}
    some = Options(regions={"named": ("S1_D2", "S9_D9"), "gone": ("S9_D9",)})
    with pytest.raises(UsageError, match=r"gone names S9-D9, none of which a.snirf has; it has S1-D1, S1-D2"):
        regions_of(some, held, recording)
    some = Options(regions={"named": ("S1_D2", "S9_D9")})
    assert regions_of(some, held, recording) == {"named": ("S1-D2", "S9-D9")}  # one of two is good
    system.write_text('{"NIRSCoordinateSystem": "Other"}')
    with pytest.raises(UsageError, match=r"right is a box of MNI space, and NIRSCoordinateSystem of a.snirf is Other"):
        regions_of(options, held, recording)
