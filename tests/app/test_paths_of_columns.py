"""The demonstration of declared paths: no recording, one diagram that holds, one contradicted, a locked one."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest
from conftest import run_deqi, validate_bids

from bids_app.dataset.tables import read_tsv
from bids_app.launch.demo.pathways import SETTINGS, STRENGTH, write_demonstration

QUICK = ("--set", "inference.n_permutations=499", "--set", "pathways.framework.draws=200", "--set",
         "pathways.separate.draws=200")  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "demo"
    write_demonstration(folder)
    return folder


def group(data, out, *words, config=None):
    return run_deqi(data, out, "group", "--config", config or data / "code" / "analysis.toml", *QUICK, *words)


def test_columns_alone_need_no_recording(demo, tmp_path):
    foreseen = group(demo, tmp_path / "out", "--dry-run")
    assert foreseen.code == 0, foreseen.text
    ended = group(demo, tmp_path / "out")
    assert ended.code == 0, ended.text
    assert "No recordings are read: declared paths of columns and outcomes alone." in ended.text
    found = tmp_path / "out" / "pathways"
    about = {name: json.loads((found / f"{name}_diagram.json").read_text()) for name in ("framework", "separate")}
    assert about["framework"]["CP"] > 0.05 > about["separate"]["CP"]
    assert [one["PHolm"] < 0.05 for one in about["framework"]["Paths"]] == [True] * 4
    betas = np.abs(np.array(read_tsv(found / "framework_paths.tsv")["beta"], dtype=float))
    assert betas == pytest.approx([STRENGTH] * 4, abs=0.2)  # two standard errors of 64 people
    assert about["framework"]["Plan"] is None
    assert validate_bids(tmp_path / "out").returncode == 0
    pages = (tmp_path / "out" / "group-pathways.html").read_text()
    assert "SYNTHETIC" in (tmp_path / "out" / "index.html").read_text()
    assert pages.count("<details open") == 1  # what is contradicted is not folded


def test_a_locked_diagram_that_changed_is_told(demo, tmp_path):
    data, out, plan = tmp_path / "data", tmp_path / "out", tmp_path / "plan.json"
    (data / "code").mkdir(parents=True)
    for name in ("dataset_description.json", "participants.json"):
        (data / name).write_bytes((demo / name).read_bytes())
    table = read_tsv(demo / "participants.tsv")

    def write(path, columns):
        lines = ["\t".join(columns), *("\t".join(row) for row in zip(*(table[c] for c in columns), strict=True))]
        path.write_text("\n".join(lines) + "\n")

    write(data / "participants.tsv", [name for name in table if name != "group"])
    write(tmp_path / "allocation.tsv", ["participant_id", "group"])
    config = data / "code" / "analysis.toml"
    config.write_text(SETTINGS)
    ended = group(data, out, "--lock", plan)
    assert ended.code == 0, ended.text
    with_plan = ("--allocation", tmp_path / "allocation.tsv", "--plan", plan)
    assert group(data, out, *with_plan).code == 0
    page = (out / "group-pathways.html").read_text()
    assert page.count("The diagram is as it was locked on") == 2
    assert "before arms could be read" in page
    config.write_text(SETTINGS.replace('alpha = ["network"]', 'alpha = ["pag"]'))
    ended = group(data, out, *with_plan)
    assert ended.code == 0, ended.text
    page = (out / "group-pathways.html").read_text()
    assert page.count("The diagram is as it was locked on") == 1
    assert page.count("This is not the diagram that was locked on") == 1
    plans = [json.loads((out / "pathways" / f"{name}_diagram.json").read_text())["Plan"]
             for name in ("framework", "separate")]  # fmt: skip
    assert [one["Status"] for one in plans] == ["exploratory"] * 2
    assert [len(one["Deviations"]) for one in plans] == [1, 0]


ALSO = """[pathways.joined]
draws = 100
[pathways.joined.nodes]
dose = { column = "needle_minutes" }
brain = { column = "pag", also = ["network", "alpha"], change = true }
[pathways.joined.paths]
brain = ["dose"]
"""


def test_several_columns_are_one_node_by_what_they_were_before(demo, tmp_path):
    config = tmp_path / "a.toml"
    config.write_text(ALSO)
    ended = run_deqi(demo, tmp_path / "out", "group", "--config", config)
    assert ended.code == 0, ended.text
    table = {name: np.array(values) for name, values in read_tsv(demo / "participants.tsv").items()}
    before, after = (
        np.column_stack([table[f"{name}_{visit}"].astype(float) for name in ("pag", "network", "alpha")])
        for visit in ("pre", "post")
    )
    sd = before.std(axis=0, ddof=1)
    axis = np.linalg.svd((before - before.mean(axis=0)) / sd)[2][0]  # independent of eigenvectors of correlations
    expected = (after - before) / sd @ axis * np.sign(axis[0])
    found = read_tsv(tmp_path / "out" / "pathways" / "joined_nodes.tsv")
    assert np.array(found["brain"], dtype=float) == pytest.approx(expected, abs=1e-5)
    about = json.loads((tmp_path / "out" / "pathways" / "joined_diagram.json").read_text())
    assert about["Nodes"]["brain"]["What"] == "change of first component of pag, network, alpha"
    share = np.linalg.svd((before - before.mean(axis=0)) / sd, compute_uv=False) ** 2
    share = 100 * share[0] / share.sum()
    page = (tmp_path / "out" / "group-pathways.html").read_text()
    assert f"brain has {share:.0f} % of the variance before treatment of what it stands for." in page


@pytest.mark.parametrize(("node", "said"), [
    ('{ outcome = "vas", also = ["pag"] }', "goes on from column, place or region"),
    ('{ column = "pag_post", also = ["alpha_post"] }', "fixed on values before treatment"),
    ('{ column = "pag", also = ["alpaa"], change = true }', "alpaa_pre"),
])  # fmt: skip
def test_components_that_cannot_be_are_refused(demo, tmp_path, node, said):
    config = tmp_path / "a.toml"
    line = 'brain = { column = "pag", also = ["network", "alpha"], change = true }'
    config.write_text(f"[outcomes.vas]\n{ALSO.replace(line, f'brain = {node}')}")
    ended = run_deqi(demo, tmp_path / "out", "group", "--config", config)
    assert (ended.code != 0, said in ended.text, "Traceback" in ended.text) == (True, True, False), ended.text


LAVAAN = """
suppressMessages(library(lavaan))
words <- commandArgs(trailingOnly = TRUE)
d <- read.delim(words[1], na.strings = "n/a")
d$verum <- as.numeric(d$arm == "verum")
model <- "
pag ~ dose + pag_before + verum
network ~ pag + network_before + pag_before + verum
alpha ~ network + alpha_before + network_before + verum
relief ~ alpha + relief_before + alpha_before + verum
"
found <- parameterEstimates(sem(model, d, fixed.x = TRUE))
wanted <- paste(c("pag~dose", "network~pag", "alpha~network", "relief~alpha"))
cat(found$est[match(wanted, paste0(found$lhs, found$op, found$rhs))])
"""


def test_paths_are_those_of_lavaan(demo, tmp_path):
    """Maximum likelihood of the whole recursive model, by R's package lavaan as a program of its own."""
    if (
        not shutil.which("Rscript")
        or subprocess.run(["Rscript", "-e", "library(lavaan)"], capture_output=True, check=False).returncode
    ):
        pytest.skip("R with lavaan is not here (Debian: r-cran-lavaan)")
    assert group(demo, tmp_path / "out").code == 0
    found = tmp_path / "out" / "pathways"
    done = subprocess.run(
        ["Rscript", "-e", LAVAAN, found / "framework_nodes.tsv"], capture_output=True, text=True, check=True
    )
    expected = [float(word) for word in done.stdout.split()]
    ours = [float(word) for word in read_tsv(found / "framework_paths.tsv")["coefficient"]]
    assert ours == pytest.approx(expected, rel=1e-5)
