"""Declared paths of which data tell too little, or nothing: what is refused, left out or said."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import run_deqi

from bids_app.dataset.tables import read_tsv
from bids_app.derivatives.files import write_table
from bids_app.launch.demo.pathways import SETTINGS, write_demonstration

QUICK = ("--set", "inference.n_permutations=199")

CHAIN = SETTINGS.partition("# Each of")[0].replace('source = "made up"', 'source = "made up"\ndraws = 100')


@pytest.fixture
def data(tmp_path):
    write_demonstration(tmp_path / "data")
    return tmp_path / "data"


def edited(data, change):
    table = {name: np.array(values) for name, values in read_tsv(data / "participants.tsv").items()}
    change(table)
    write_table(data / "participants.tsv", {name: values.tolist() for name, values in table.items()})
    return table


def group(data, text=CHAIN, *words):
    (data / "code" / "analysis.toml").write_text(text)
    return run_deqi(data, data.parent / "out", "group", "--config", data / "code" / "analysis.toml", *QUICK, *words)


def said_of(data, name="framework"):
    folder = data.parent / "out" / "pathways"
    return json.loads((folder / f"{name}_diagram.json").read_text()), read_tsv(folder / f"{name}_paths.tsv")


def test_a_quantity_of_one_arm_keeps_its_intercept(data):
    def one_arm(table):
        table["needle_minutes"] = np.where(table["group"] == "sham", "n/a", table["needle_minutes"])

    table = edited(data, one_arm)
    ended = group(data)
    assert ended.code == 0, ended.text
    about, paths = said_of(data)
    verum = table["group"] == "verum"
    dose, before, after = (table[name][verum].astype(float) for name in ("needle_minutes", "pag_pre", "pag_post"))
    design = np.column_stack([dose, np.ones(len(dose)), before])
    assert float(paths["coefficient"][0]) == pytest.approx(np.linalg.lstsq(design, after - before)[0][0], rel=1e-6)
    assert [one["Arms"] for one in about["Paths"]] == [["verum"], *[["verum", "sham"]] * 3]
    page = (data.parent / "out" / "group-pathways.html").read_text()
    assert "dose, pag: known in verum alone." in page
    assert "32 to 64 participants" in page


def test_an_outcome_is_its_improvement(data):
    assert group(data).code == 0
    about, paths = said_of(data)
    assert about["Nodes"]["relief"]["What"] == "improvement of vas"
    assert float(paths["beta"][3]) > 0.4  # planted: more alpha, less pain


def test_pairs_that_too_few_have_are_named_and_left_out(data):
    def apart(table):
        first = np.arange(len(table["group"])) % 2 == 0
        for name in ("network_pre", "network_post"):
            table[name] = np.where(first, table[name], "n/a")
        table["needle_minutes"] = np.where(first, "n/a", table["needle_minutes"])

    edited(data, apart)
    ended = group(data, CHAIN.replace('pag = ["dose"]', 'alpha = ["dose"]').replace('alpha = ["network"]\n', ""))
    assert ended.code == 0, ended.text
    about, _ = said_of(data)
    assert "dose, network" in about["Untested"]
    assert all(one["Df"] >= 10 for one in about["Independences"])
    assert "Not tested, for too few participants have both: dose, network" in (
        (data.parent / "out" / "group-pathways.html").read_text()
    )


def _noise(table):
    table["noise"] = np.arange(len(table["group"])).astype(str)
    table["noise"][3] = "n/a"


@pytest.mark.parametrize(("change", "old", "new", "message"), [
    (None, "[pathways.framework.nodes]", 'covariates = ["vas_post"]\n[pathways.framework.nodes]',
     "after randomisation"),
    (None, "[pathways.framework.nodes]", 'covariates = ["vas_pre"]\n[pathways.framework.nodes]', ""),
    (None, 'relief = ["alpha"]', 'relief = ["alpha", "pain"]', "pain is made of the others in it"),
    (None, "dose ", "arm ", "arm is the name of a column of the table of nodes"),
    (None, "change = true }\nnetwork", 'change = true, when = "before" }\nnetwork',
     "a change is none before treatment"),
    (_noise, "[pathways.framework.nodes]", 'covariates = ["noise"]\n[pathways.framework.nodes]', ""),
    (None, "[pathways.framework.nodes]", 'within = "each arm"\nexclusion = "x"\n[pathways.framework.nodes]',
     "exclusion compares arms"),
])  # fmt: skip
def test_what_says_nothing_is_refused(data, change, old, new, message):
    if change:
        edited(data, change)
    text = CHAIN.replace(old, new).replace("relief  = {", 'pain = { column = "vas_pre", when = "before" }\nrelief  = {')
    if "pain" not in new:
        text = text.replace('pain = { column = "vas_pre", when = "before" }\n', "")
    if old == "dose ":
        text = text.replace('["dose"]', '["arm"]')
    ended = group(data, text)
    assert "Traceback" not in ended.text
    assert "unexpected" not in ended.text
    assert (ended.code == 0) if not message else message in ended.text, ended.text
    assert bool(list((data.parent / "out").glob("pathways/*"))) == (not message)


def test_names_of_tables_may_have_blanks_and_not_one_label(data):
    ended = group(data, CHAIN.replace("pathways.framework", 'pathways."my frame"'))
    assert ended.code == 0, ended.text
    again = run_deqi(data, data.parent / "again", "group", "--config", data.parent / "out" / "logs" / "settings.toml")
    assert again.code == 0, again.text  # what was written can be fed back in
    twice = CHAIN + CHAIN[CHAIN.index("[pathways") :].replace("pathways.framework", 'pathways."frame work"')
    ended = group(data, twice.replace("pathways.framework", 'pathways."frame  work"'))
    assert "another has the same name but for signs" in ended.text


def test_what_a_locked_diagram_rests_on_is_held_against_the_plan_too(data):
    def hidden(table):
        write_table(data.parent / "allocation.tsv", {n: table[n].tolist() for n in ("participant_id", "group")})
        del table["group"]

    edited(data, hidden)
    plan = data.parent / "plan.json"
    circle = CHAIN.replace('pag = ["dose"]', 'pag = ["alpha"]')
    ended = group(data, circle, "--lock", plan)
    assert "circle" in ended.text
    assert not plan.exists()
    ended = group(data, CHAIN, "--lock", plan)
    assert ended.code == 0, ended.text
    words = ("--allocation", data.parent / "allocation.tsv", "--plan", plan)
    for more, told in (
        ((), "as it was locked on"), (("--set", "inference.alpha=0.2"), "inference.alpha: planned 0.05, now 0.2"),
        (("--set", "outcomes.vas.endpoint=post"), "outcomes.vas.endpoint: planned"),
    ):  # fmt: skip
        ended = group(data, CHAIN, *words, *more)
        assert ended.code == 0, ended.text
        page = (data.parent / "out" / "group-pathways.html").read_text()
        assert told in page
        assert ("This is not the diagram that was locked" in page) is bool(more)
