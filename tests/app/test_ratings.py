"""Sessions rated by people: `--exclusions FILE`."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest
from conftest import FAST
from pages import group_pages


def _group(deqi, analysed, tmp_path, text):
    output = tmp_path / "out"
    shutil.copytree(analysed.output, output)
    file = tmp_path / "ratings.tsv"
    file.write_text(text)
    return output, deqi(analysed.trial.root, output, "group", *FAST, "--exclusions", file)


def test_an_excluded_session_stands_in_the_flow_with_its_comment(deqi, analysed, tmp_path):
    person = min(path.name for path in analysed.output.glob("sub-*") if path.is_dir())
    output, ended = _group(
        deqi, analysed, tmp_path,
        f"participant_id\tsession_id\ttask\trating\tcomment\n{person}\tses-post\trest\texclude\tsinus filled\n",
    )  # fmt: skip
    assert ended.code == 0, ended.text
    flow = pd.read_csv(next((output / "group").glob("*_flow.tsv")), sep="\t").set_index("participant_id")
    assert flow.loc[person, "stage"] == "post"
    assert flow.loc[person, "reason"] == "session post: excluded by rating: sinus filled"
    assert "excluded by rating: sinus filled" in group_pages(output)


def test_other_ratings_leave_nobody_out(deqi, analysed, tmp_path):
    person = min(path.name for path in analysed.output.glob("sub-*") if path.is_dir())
    output, ended = _group(deqi, analysed, tmp_path, f"participant_id\trating\n{person}\tunsure\n")
    assert ended.code == 0, ended.text
    flow = pd.read_csv(next((output / "group").glob("*_flow.tsv")), sep="\t").set_index("participant_id")
    assert flow.loc[person, "stage"] == "analysed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("participant_id\trating\nsub-nobody\texclude\n", "excludes sub-nobody, which the outputs do not have"),
        ("participant_id\trating\nsub-01\tmaybe\n", "rating is 'maybe'; expected keep, exclude, unsure"),
        ("participant\tscore\nsub-01\t1\n", "expected participant_id, rating too"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(deqi, analysed, tmp_path, text, said):
    _, ended = _group(deqi, analysed, tmp_path, text)
    assert ended.code == 65
    assert said in ended.err
