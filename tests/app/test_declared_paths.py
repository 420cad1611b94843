"""Declared paths from columns of participants to the page: a planted chain, a contradicted one, and what is refused."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from conftest import run_deqi
from forbidden import said_too_much
from pages import visible

from bids_app.dataset.tables import read_tsv
from bids_app.derivatives.files import write_json, write_table
from bids_app.launch.demo.physiology import write_physiology

PEOPLE = 64

NODES = """[pathways.{name}]
source = "made up"
draws = 500
[pathways.{name}.nodes]
dose = {{column = "needle_minutes"}}
alpha = {{column = "alpha", change = true}}
network = {{column = "network", change = true}}
relief = {{outcome = "vas"}}
[pathways.{name}.paths]
"""

SETTINGS = (
    '[trial]\ntitle = "Paths"\n[modalities.physio]\n[measures.hrv]\n[outcomes.vas]\ncolumn = "vas"\n'
    'kind = "measurement"\nunits = "mm"\n[inference]\nn_permutations = 199\n'
)

CHAIN = 'alpha = ["dose"]\nnetwork = ["alpha"]\nrelief = ["network"]\n'

FORK = 'network = ["dose"]\nalpha = ["dose"]\nrelief = ["alpha"]\n'

CAUSES = re.compile(r"\b(?:causes?|caused|causal|mediat\w+|drives?|driven|through|mechanism)\b", re.IGNORECASE)


def columns() -> dict[str, np.ndarray]:
    """A chain of dose, alpha, network and relief within arms, and a shift of each by arm."""
    rng = np.random.default_rng(7)
    arm = rng.permutation(["verum", "sham"] * (PEOPLE // 2))
    verum = arm == "verum"
    dose = rng.normal(20, 3, PEOPLE)
    alpha = 0.6 * (dose - 20) / 3 + 0.8 * rng.standard_normal(PEOPLE) + 0.5 * verum
    network = 0.6 * alpha + 0.8 * rng.standard_normal(PEOPLE)
    relief = -5 * network + 6 * rng.standard_normal(PEOPLE) - 6 * verum
    before = {"alpha": rng.standard_normal(PEOPLE), "network": rng.standard_normal(PEOPLE),
              "vas": rng.normal(60, 8, PEOPLE)}  # fmt: skip
    changes = {"alpha": alpha, "network": network, "vas": relief}
    found = {"participant_id": np.array([f"sub-{i + 1:02d}" for i in range(PEOPLE)]), "group": arm,
             "needle_minutes": dose.round(3)}  # fmt: skip
    for name, first in before.items():
        found |= {f"{name}_pre": first.round(3), f"{name}_post": (first + changes[name]).round(3)}
    return found


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """Sixty-four people, two of them with a recording of the heart."""
    folder = tmp_path_factory.mktemp("paths") / "data"
    folder.mkdir()
    write_json(folder / "dataset_description.json", {"Name": "x", "BIDSVersion": "1.10.0", "DatasetType": "raw"})
    write_table(folder / "participants.tsv", {name: list(map(str, own)) for name, own in columns().items()})
    for number in (0, 1):
        for session in ("pre", "post"):
            place = folder / f"sub-{number + 1:02d}" / f"ses-{session}" / "beh"
            place.mkdir(parents=True)
            stem = place / f"sub-{number + 1:02d}_ses-{session}_task-rest"
            write_physiology(stem, 150, number, verum=False, after=session == "post")
    for number in range(2, PEOPLE):
        (folder / f"sub-{number + 1:02d}").mkdir()
    ended = run_deqi(folder, folder / "out", "participant", "--config", settings(folder / "a.toml"))
    assert ended.code == 0, ended.text
    return folder


def settings(path, *diagrams, more=""):
    """Settings with diagrams, (name, paths) each."""
    path.write_text(SETTINGS + more + "".join(NODES.format(name=name) + own for name, own in diagrams))
    return path


def test_a_planted_chain_is_found_and_another_contradicted(trial, tmp_path):
    config = settings(tmp_path / "a.toml", ("framework", CHAIN), ("fork", FORK))
    ended = run_deqi(trial, trial / "out", "group", "--config", config)
    assert ended.code == 0, ended.text
    folder = trial / "out" / "pathways"
    table = read_tsv(folder / "framework_paths.tsv")
    assert list(zip(table["parent"], table["child"], strict=True)) == [
        ("dose", "alpha"), ("alpha", "network"), ("network", "relief"),
    ]  # fmt: skip
    assert all(float(p) <= 0.05 for p in table["p_holm"])
    own = columns()
    change = {name: own[f"{name}_post"] - own[f"{name}_pre"] for name in ("alpha", "network")}
    design = np.column_stack([own["group"] == "verum", own["group"] == "sham", own["alpha_pre"], own["network_pre"],
                              change["alpha"]]).astype(float)  # fmt: skip
    expected = np.linalg.lstsq(design, change["network"], rcond=None)[0][-1]
    assert float(table["coefficient"][1]) == pytest.approx(expected, abs=1e-6)
    about = {name: json.loads((folder / f"{name}_diagram.json").read_text()) for name in ("framework", "fork")}
    assert about["framework"]["CP"] > 0.05 > about["fork"]["CP"]
    assert about["framework"]["Equivalent"] == 4
    page = (trial / "out" / "group-pathways.html").read_text()
    assert "framework: 3 of 3 declared paths are associated within arms" in page
    assert "The data do not contradict the independences" in page
    assert "The data contradict the independences that it declares (C =" in page
    assert "3 other diagrams, with arrows turned round, fit exactly as well." in page
    assert not said_too_much(page)
    assert not CAUSES.findall(" ".join(visible(page)))


def test_arm_as_an_instrument_needs_a_sentence(trial, tmp_path):
    """Of the first parent of the last node; too weak here, and said so; without the sentence nothing is said."""
    config = settings(tmp_path / "a.toml", ("lot", 'relief = ["network"]\n'))
    for more, said in (("", False), ('exclusion = "Arms differ in the needle alone."\n', True)):
        config.write_text(config.read_text().replace("draws = 500\n", f"draws = 500\n{more}"))
        ended = run_deqi(trial, trial / "out", "group", "--config", config)
        assert ended.code == 0, ended.text
        page = (trial / "out" / "group-pathways.html").read_text()
        assert ("Arm as an instrument of network and relief: too weak (first-stage F" in page) is said
    about = json.loads((trial / "out" / "pathways" / "lot_diagram.json").read_text())["Instrument"]
    own = columns()
    change = {name: own[f"{name}_post"] - own[f"{name}_pre"] for name in ("network", "vas")}
    whole = np.column_stack([np.ones(PEOPLE), own["network_pre"], own["vas_pre"], own["group"] == "verum"]).astype(
        float
    )
    rests = [((change["network"] - x @ np.linalg.lstsq(x, change["network"], rcond=None)[0]) ** 2).sum()
             for x in (whole[:, :3], whole)]  # fmt: skip
    assert about["F"] == pytest.approx((rests[0] - rests[1]) / (rests[1] / (PEOPLE - 4)), rel=1e-6)
    assert about["Ratio"] is None


def _table(folder, change):
    own = columns()
    change(own)
    write_table(folder / "participants.tsv", {name: list(map(str, values)) for name, values in own.items()})


def _one_dose(own):
    own["needle_minutes"] = np.full(PEOPLE, 20.0)


def _a_function(own):
    own["network_pre"], own["network_post"] = own["alpha_pre"], own["alpha_post"] * 2 - own["alpha_pre"]


def _words(own):
    own["needle_minutes"] = np.array(["long"] * PEOPLE)


def _few(own):
    own["needle_minutes"] = np.array([*own["needle_minutes"][:12].astype(str), *["n/a"] * (PEOPLE - 12)])


@pytest.mark.parametrize(("change", "paths", "said"), [
    (None, 'alpha = ["network"]\nnetwork = ["alpha"]\n', "circle"),
    (None, 'alpha = ["doses"]\n', "doses"), (None, 'dose = ["relief"]\n', "dose was measured before its parent relief"),
    (None, "".join(f"{child} = {parents}\n" for child, parents in (
        ("alpha", '["dose"]'), ("network", '["dose", "alpha"]'), ("relief", '["dose", "alpha", "network"]'),
    )), "6 paths are too many for 64 participants; at most 5"),
    (_one_dose, CHAIN, "dose"), (_a_function, CHAIN, "function"), (_words, CHAIN, "Column needle_minutes holds 'long'"),
    (_few, CHAIN, "12"),
])  # fmt: skip
def test_what_cannot_be_is_said(trial, tmp_path, change, paths, said):
    """Each case by its message; nothing is written of the diagram, and the rest of the trial is."""
    if change:
        _table(trial, change)
    try:
        config = settings(tmp_path / "a.toml", ("wrong", paths))
        ended = run_deqi(trial, trial / "out", "group", "--config", config)
    finally:
        _table(trial, lambda own: None)
    print(ended.text)
    assert ended.code != 0
    assert said in ended.text
    assert "Traceback" not in ended.text
    assert not list((trial / "out" / "pathways").glob("wrong_*diagram*"))


def test_words_that_are_no_node(trial, tmp_path):
    for words, said in (
        ('nodes = { a = {}, b = {column = "vas_pre"} }\npaths = {b = ["a"]}', "has nothing; expected one of column"),
        ('nodes = { a = {column = "vaas"}, b = {column = "vas_pre"} }\npaths = {b = ["a"]}', "vaas"),
        ('nodes = { a = {outcome = "pain"}, b = {column = "vas_pre"} }\npaths = {a = ["b"]}', "no outcome 'pain'"),
        ('nodes = { a = {measure = "alff"}, b = {column = "vas_pre"} }\npaths = {a = ["b"]}', "nodes of alff, which"),
        ("draws = 500", "needs nodes and paths"),
    ):
        config = settings(tmp_path / "a.toml", more=f"[pathways.wrong]\n{words}\n")
        ended = run_deqi(trial, trial / "out", "group", "--config", config)
        assert (ended.code != 0, said in ended.text) == (True, True), ended.text


def test_each_arm_by_itself(trial, tmp_path):
    config = settings(tmp_path / "a.toml", ("apart", 'alpha = ["dose"]\n'))
    config.write_text(config.read_text().replace("draws = 500", 'draws = 500\nwithin = "each arm"'))
    ended = run_deqi(trial, trial / "out", "group", "--config", config)
    assert ended.code == 0, ended.text
    tables = sorted((trial / "out" / "pathways").glob("apart_arm-*_paths.tsv"))
    assert [path.name.split("_")[1] for path in tables] == ["arm-sham", "arm-verum"]
    assert [read_tsv(path)["participants"] for path in tables] == [["32"], ["32"]]
    assert not list((trial / "out" / "pathways").glob("framework_*"))  # what is no longer declared is gone
