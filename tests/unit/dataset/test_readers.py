"""Readers of tables, settings and volumes on what spreadsheets, damage and other programs leave in them."""

from __future__ import annotations

import gzip
import struct

import nibabel as nib
import numpy as np
import pytest

from bids_app.dataset.atlases import coordinates
from bids_app.dataset.series_stream import SeriesStream
from bids_app.dataset.settings_toml import override, read_file
from bids_app.dataset.tables import numeric, read_frame, read_json, read_tsv
from bids_app.dataset.volumes import read_map
from bids_app.errors import MissingInputError, UsageError, WrongDataError
from bids_app.statistics.map_stacks import stacks_of
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.participant_row import ParticipantRow

DIGITS = "1" * 5000


def test_a_lone_quotation_mark_swallows_no_lines(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text('participant_id\tnote\nsub-01\t"late\nsub-02\t"a ""b"""\nsub-03\t5"\n')
    assert read_tsv(path) == {"participant_id": ["sub-01", "sub-02", "sub-03"], "note": ['"late', 'a "b"', '5"']}


def test_numbers_are_those_of_tables_not_of_programs():
    assert numeric(["1_000"]) is None
    assert numeric(["1e3", "n/a"]) == pytest.approx([1000, np.nan], nan_ok=True)


def test_numbers_of_thousands_of_digits_are_told(tmp_path):
    sidecar, settings, tables = tmp_path / "x.json", tmp_path / "x.toml", {}
    sidecar.write_text(f'{{"X": {DIGITS}}}')
    settings.write_text(f"[inference]\nrandom_seed = {DIGITS}\n")
    with pytest.raises(WrongDataError, match="not valid JSON"):
        read_json(sidecar)
    with pytest.raises(UsageError, match="not a readable TOML"):
        read_file(settings)
    override(tables, [f"inference.random_seed={DIGITS}"])
    assert tables == {"inference": {"random_seed": DIGITS}}  # text, which is refused there


def volume(path, shape):
    data = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    nib.save(nib.Nifti1Image(data, np.diag([4.0, 4, 4, 1])), path)
    return data


def test_one_bit_of_a_map_is_found_wherever_it_is(tmp_path):
    path = tmp_path / "map.nii.gz"
    data = volume(path, (6, 7, 8))
    whole = path.read_bytes()
    assert np.array_equal(read_map(path)[0], data)
    wrong = 0
    for place in range(10, len(whole), 7):  # past gzip's own header, whose time and flags are nobody's concern
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        try:
            wrong += not np.array_equal(read_map(path)[0], data)
        except (MissingInputError, WrongDataError):
            continue
    assert wrong == 0


def test_a_series_with_more_volumes_than_its_header_knows_is_damaged(tmp_path):
    path = tmp_path / "bold.nii.gz"
    volume(path, (4, 4, 4, 20))
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:48] + struct.pack("<h", 17) + content[50:]))
    mask = np.ones((4, 4, 4), dtype=bool)
    with pytest.raises(MissingInputError, match="3 volumes follow that its header does not know"):
        list(SeriesStream(path).blocks(mask, np.ones(17, dtype=bool)))


def test_columns_are_compared_where_two_people_can_differ():
    nan = np.nan
    values = {("1", "pre"): [1, 5, nan, 0], ("2", "pre"): [2, 5, 1, 0], ("1", "late"): [3, 3, 3, nan]}
    rows = tuple(
        ParticipantRow({"participant_id": f"sub-{who}"}, frozenset(s for w, s in values if w == who)) for who in "12"
    )
    design = Design(rows=rows, sessions={"pre": "pre", "late": "late", "never": "never"}, contrasts=())
    stacks, kept = stacks_of(design, 4, lambda person, session: np.array(values[person, session], dtype=np.float32))
    assert kept.tolist() == [True, False, False, False]
    assert stacks["pre"].tolist() == [[1], [2]]
    assert stacks["late"][0].tolist() == [3]
    assert np.isnan(stacks["late"][1]).all()
    assert np.isnan(stacks["never"]).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("participant_id\tgroup\nsub-01\tverum\n".encode("utf-16"), "UTF-16.*Save it as UTF-8"),
        ("participant_id\tgroup\nsub-01\tverum\n".encode("utf-16-be"), "UTF-16"),
        ("participant_id\tnote\nsub-01\tJos\u00e9\n".encode("latin-1"), "not in UTF-8 .line 2.. Save it as UTF-8"),
        (b"participant_id;group\nsub-01;verum\n", "semicolons.*separated by tabs"),
        (b"participant_id,group\nsub-01,verum\n", "commas.*separated by tabs"),
    ],
)
def test_other_encodings_and_separators_are_named(tmp_path, content, message):
    path = tmp_path / "participants.tsv"
    path.write_bytes(content)
    with pytest.raises(WrongDataError, match=message):
        read_tsv(path)


@pytest.mark.parametrize(
    ("content", "command"),
    [
        ("/annex/objects/MD5E-s52428800--0123456789abcdef0123456789abcdef.nii.gz\n", "datalad get"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 52428800\n", "git lfs pull"),
    ],
)
@pytest.mark.parametrize("name", ["map.nii.gz", "table.tsv", "about.json"])
def test_pointers_to_content_elsewhere_say_how_to_get_it(tmp_path, content, command, name):
    path = tmp_path / name
    path.write_text(content)
    read = {"map.nii.gz": read_map, "table.tsv": read_tsv, "about.json": read_json}[name]
    with pytest.raises(MissingInputError, match=command):
        read(path)


def written(path, codes, unit=2):
    """Write a volume with these codes of sform and qform."""
    image = nib.Nifti1Image(np.ones((4, 4, 4), dtype=np.float32), np.diag([4.0, 4, 4, 1]))
    image.header["sform_code"], image.header["qform_code"] = codes
    image.header["xyzt_units"] = unit
    nib.save(image, path)
    content = bytearray(path.read_bytes())
    struct.pack_into("<hh", content, 252, codes[1], codes[0])  # nibabel writes a code of its own
    path.write_bytes(content)
    return path


def test_a_volume_that_does_not_say_where_it_lies_is_refused(tmp_path):
    with pytest.raises(WrongDataError, match="sform_code and qform_code are 0"):
        read_map(written(tmp_path / "a.nii", (0, 0)))
    with pytest.raises(WrongDataError, match="metres by its header; expected mm"):
        read_map(written(tmp_path / "b.nii", (1, 0), unit=1))
    assert read_map(written(tmp_path / "c.nii", (1, 0), unit=0))[0].shape == (4, 4, 4)


def test_a_cluster_without_a_named_place_has_no_name(tmp_path):
    path = tmp_path / "clusters.tsv"
    path.write_text("cluster\tplace\n1\tn/a\n2\tn/a\n")
    assert list(read_frame(path).fillna({"place": ""})["place"]) == ["", ""]
    path.write_text("cluster\tplace\n1\t7\n2\tn/a\n")
    assert list(read_frame(path).fillna({"place": ""})["place"]) == ["7", ""]


@pytest.mark.parametrize(("away", "said"), [(0, "thalamusL, 0 mm"), (9, "thalamusL, 9 mm"), (11, "")])
def test_beyond_ten_millimetres_a_centre_names_nothing(away, said, monkeypatch):
    monkeypatch.setattr(coordinates, "named", lambda: ((-12, -12, 6, "thalamusL"),))
    assert coordinates.nearest(-12 - away, -12, 6) == said
