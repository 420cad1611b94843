"""The brainlife app: `main` run for real, with stand-ins for the platform's hook and for the container."""

from __future__ import annotations

import base64
import json
import os
import shutil
import stat
import subprocess
import sys

import pytest
from conftest import ROOT, run_deqi

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed, which brainlife's hosts have")


def _stand_in(folder, name, text):
    path = folder / name
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def app(tmp_path, trial):
    ended = run_deqi("--export-app", "brainlife", tmp_path / "app")
    assert ended.code == 0, ended.text
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    # The hook lays the inputs out as a dataset in the current folder.
    _stand_in(bin_, "bl2bids", f"#!/bin/bash\ncp -r {trial.root} bids\n")
    # The container sees the current folder and has deqi on its path.
    _stand_in(
        bin_, "singularity",
        f"#!{sys.executable}\nimport subprocess, sys\nwords = sys.argv[sys.argv.index('deqi') + 1:]\n"
        f"sys.exit(subprocess.call([{sys.executable!r}, '-m', 'bids_app', *words]))\n",
    )  # fmt: skip
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def run(**config):
        (tmp_path / "app" / "config.json").write_text(json.dumps(config))
        return subprocess.run(
            ["./main"], cwd=tmp_path / "app", env=environment, capture_output=True, text=True, check=False
        )

    return tmp_path / "app", run


def test_main_writes_results_pages_and_the_product(app):
    folder, run = app
    ended = run(level="participant", seeds="near:0,0,0", _inputs=[{"meta": {"subject": "01"}}])
    assert ended.returncode == 0, ended.stderr
    assert (folder / "output" / "sub-01").is_dir()
    assert not (folder / "output" / "sub-02").exists()
    assert (folder / "output_report" / "html" / "sub-01.html").stat().st_size > 1000
    product = json.loads((folder / "product.json").read_text())["brainlife"]
    assert product[0] == {"type": "success", "msg": "deqi finished: open index.html"}
    assert product[1]["type"] == "image/png"
    assert base64.b64decode(product[1]["base64"]).startswith(b"\x89PNG")


def test_a_failure_is_the_exit_code_and_stands_in_the_product(app):
    folder, run = app
    ended = run(level="participant", _inputs=[{"meta": {"subject": "99"}}])
    assert ended.returncode == 18, ended.stderr
    assert "code 18" in json.loads((folder / "product.json").read_text())["brainlife"][0]["msg"]


def test_the_app_is_written_into_an_empty_folder_only(tmp_path, deqi):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    assert deqi("--export-app", "brainlife", tmp_path / "full").code == 73
    assert deqi("--export-app", "brainlive", tmp_path / "new").code == 64
    assert json.loads((ROOT / "bids_app" / "launch" / "brainlife" / "config.json.sample").read_text())["_inputs"]
