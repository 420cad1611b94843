"""Whatever stands in a file from outside, its reader returns or says in words what is wrong: nothing else."""

from __future__ import annotations

import gzip
import json
import tempfile
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bids_app import settings as app_settings
from bids_app.dataset import settings_toml
from bids_app.dataset.confounds import read_confounds
from bids_app.dataset.filters import series_filter
from bids_app.dataset.participants import read_participants
from bids_app.dataset.phenotype import read_phenotype
from bids_app.dataset.ratings import read_ratings
from bids_app.dataset.series_stream import SeriesStream
from bids_app.dataset.sessions import read_sessions
from bids_app.dataset.tables import read_json, read_tsv
from bids_app.dataset.volumes import read_map, read_mask
from bids_app.derivatives.completion_records import read_record
from bids_app.derivatives.failure_records import read_failures
from bids_app.errors import DeqiError

BOUNDED = settings(max_examples=150, deadline=None, derandomize=True)

CELLS = st.one_of(
    st.text(max_size=6),
    st.floats().map(str),
    st.sampled_from(["n/a", "", "\t", "\n", '"', "\0", "1e999", "sub-01", "é"]),
)
TABLES = st.lists(st.lists(CELLS, max_size=4), max_size=5).map(
    lambda rows: "\n".join("\t".join(row) for row in rows).encode("utf-8", "surrogatepass")
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = VALUES.map(lambda value: json.dumps(value).encode())


@cache
def folder():
    return Path(tempfile.mkdtemp(prefix="deqi-fuzz-"))


def only_words(read, content, name):
    """Read a file of this content; nothing but an error of ours may come out."""
    path = folder() / name
    path.write_bytes(content)
    try:
        return read(path)
    except DeqiError:
        return None


TABLE_READERS = {
    "table": read_tsv,
    "confounds": lambda path: read_confounds(path, 2, lambda _: True),
    "participants": read_participants,
    "ratings": read_ratings,
    "phenotype": read_phenotype,
    "sessions": read_sessions,
}


@pytest.mark.parametrize("reader", TABLE_READERS)
@BOUNDED
@given(
    content=st.one_of(
        st.binary(max_size=60), TABLES, TABLES.map(lambda rows: b"participant_id\tsession\trating\n" + rows)
    )
)
def test_tables(reader, content):
    only_words(TABLE_READERS[reader], content, "table.tsv")


@BOUNDED
@given(content=st.one_of(st.binary(max_size=60), OBJECTS))
def test_json(content):
    only_words(read_json, content, "object.json")


@BOUNDED
@given(value=VALUES)
def test_filter_files(value):
    content = json.dumps({"bold": value} if not isinstance(value, dict) else value).encode()
    matches = only_words(series_filter, content, "filter.json")
    if matches:
        assert matches(Path("/x/sub-01/func/sub-01_task-rest_desc-preproc_bold.nii.gz")) in (True, False)


NAMES = st.sampled_from(
    ["dataset", "inference", "measures", "designs", "modalities", "exclusions", "multiverse", "x y"]
)
KEYS = st.sampled_from(
    ["tasks", "seeds", "n_permutations", "random_seed", "low_pass", "active", "alternatives", "alpha", ""]
)
PLUGS = st.sampled_from(["", ".fmri", ".seed_correlation", ".parallel_prepost", ".alff", ".none"])
WRITTEN = st.sampled_from(
    ["1", "-1", "1e999", "nan", '"x"', "[]", '["PAG", 3]', "{}", "{a = [1]}", "true", "1979-05-27", "[[]]", '"../x"']
)


@BOUNDED
@given(lines=st.lists(st.tuples(NAMES, PLUGS, KEYS, WRITTEN), max_size=3), noise=st.binary(max_size=8) | st.just(b""))
def test_settings_files(lines, noise):
    text = "".join(f'["{n}"{p}]\n"{k}" = {v}\n' for n, p, k, v in lines).replace('""', '"a"')
    tables = only_words(settings_toml.read_file, text.encode() + noise, "analysis.toml")
    if tables is not None:
        try:
            app_settings.resolve(tables)
        except DeqiError:
            return


@BOUNDED
@given(word=st.text(max_size=20) | st.tuples(NAMES, PLUGS, KEYS, WRITTEN).map(lambda t: f"{t[0]}{t[1]}.{t[2]}={t[3]}"))
def test_words_that_set_one_option(word):
    tables = {}
    try:
        settings_toml.override(tables, [word])
        app_settings.resolve(tables)
    except DeqiError:
        return


@cache
def volume():
    image = nib.Nifti1Image(np.arange(81, dtype=np.int16).reshape(3, 3, 3, 3), np.diag([2.0, 2, 2, 1]))
    return image.to_bytes()


HEADERS = st.lists(st.tuples(st.integers(0, 351), st.integers(0, 255)), min_size=1, max_size=6)


def measured(path):
    """Read all that is read of a series, and the volume as map and mask."""
    series = SeriesStream(path)
    mask = np.ones(series.grid.shape, dtype=bool)
    list(series.blocks(mask, np.ones(series.frames, dtype=bool)))


def first_volume(path):
    return read_map(path), read_mask(path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("read", [measured, first_volume])
@pytest.mark.parametrize("packed", [False, True])
@BOUNDED
@given(changes=HEADERS, cut=st.integers(0, 600))
def test_volumes(read, packed, changes, cut):
    content = bytearray(volume())
    for place, value in changes:
        content[place] = value
    content = bytes(content) if cut > 520 else bytes(content)[:cut]
    only_words(read, gzip.compress(content) if packed else content, "volume.nii.gz" if packed else "volume.nii")


@BOUNDED
@given(content=st.one_of(st.binary(max_size=60), OBJECTS))
def test_our_own_records(content):
    path = folder() / "logs" / "failed" / "sub-01.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    assert set(read_failures(folder())) == {"sub-01"}
    assert isinstance(read_record(path), dict)
