"""The first page of a whole trial: its numbers are those of the files."""

from __future__ import annotations

import html
import json
import re

import pytest

from bids_app.dataset.tables import read_frame

ROW = re.compile(r'<tr class="\w*"><td class="left"><a href="([^"]+)">(.*?)</tr>')
CELL = re.compile(r"<td [^>]*data-label=[^>]*>([^<]*)</td>")
"""Decision, adjusted p, p, effect, and p of the changes within both arms."""


def number(said: str) -> float:
    """Return a p value as it is printed."""
    return float(said.replace("< ", "").strip())


def near(said: str, value: float) -> bool:
    """Tell whether a printed p is that of a file, to the digits that are printed."""
    if said.startswith("<"):
        return value < number(said)
    return abs(number(said) - value) <= 0.5 * 10.0 ** -len(said.partition(".")[2]) + 1e-12


@pytest.fixture(scope="module")
def rows(whole):
    text = html.unescape((whole.output / "group.html").read_text())
    return {page: CELL.findall(cells) for page, cells in ROW.findall(text)}


@pytest.fixture(scope="module")
def hypotheses(whole):
    graphs = json.loads((whole.output / "group" / "desc-trial_multiplicity.json").read_text())["Graphs"]
    return {one["Name"]: one for graph in graphs for one in graph["Hypotheses"]}


def test_every_measure_and_outcome_has_a_row(whole, rows, hypotheses):
    measures = {f"group-{one['Name']}.html" for one in hypotheses.values() if one["Kind"] == "brain"}
    outcomes = {path.name.split("_")[0][5:] for path in (whole.output / "group").glob("meas-*_outcome.json")}
    assert set(rows) >= measures | {f"group-outcomes.html#outcome-{name}" for name in outcomes}


def test_p_and_decisions_are_those_of_the_graph(rows, hypotheses):
    checked = 0
    for name, one in hypotheses.items():
        row = next(
            row for page, row in rows.items() if page in (f"group-{name}.html", f"group-outcomes.html#outcome-{name}")
        )
        decision, adjusted, p = row[:3]
        assert decision == ("passes" if one["Passed"] else "does not pass")
        assert near(adjusted, one["AdjustedP"]), name
        assert near(p, one["P"]), name
        checked += 2
    assert checked >= 4


def test_effects_of_outcomes_are_those_of_their_tables(whole, rows):
    for path in (whole.output / "group").glob("meas-*_outcome.tsv"):
        table = read_frame(path)
        (line,) = table[table["weight"] == "decides"].to_dict("records")
        said = rows[f"group-outcomes.html#outcome-{path.name.split('_')[0][5:]}"][3]
        found = [float(word) for word in re.findall(r"-?\d+(?:\.\d+)?", said.replace("95 %", ""))]
        assert found == pytest.approx([line["estimate"], line["low"], line["high"]], rel=6e-3)


def test_changes_within_arms_are_the_smallest_p_of_their_contrasts(whole, rows):
    for at, arm in ((4, "verum"), (5, "sham")):
        found = []
        for path in (whole.output / "group").glob(f"*_seed-*_contrast-{arm}Change_statmap.json"):
            about = json.loads(path.read_text())
            found.append(about["SmallestJointP"][about["ClaimStatistic"]])
        assert near(rows["group-seed_correlation.html"][at], min(found))


def test_participants_are_counted_as_in_the_flow_table(whole):
    flow = read_frame(next((whole.output / "group").glob("*_flow.tsv")))
    text = (whole.output / "group.html").read_text()
    for arm in ("verum", "sham"):
        own = flow[flow["arm"] == arm]
        assert f"<b>{arm}</b>: {len(own)} in participants.tsv" in text
        assert f"<b>{(own['stage'] == 'analysed').sum()} analysed</b>" in text
