"""What carries a call from one machine to many: shares, resuming, the status, the script for Slurm, mapped arrays."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import FAST, ROOT, run_deqi
from fault_matrix import OPTIONS, copy, same

from bids_app import app, cli, settings
from bids_app.execute import jobs
from bids_app.launch import slurm_script
from bids_app.plan.command_line import understand
from bids_app.vocabulary.options.execution import PermutationShare


def test_shares_in_any_order_give_the_bytes_of_one_run(before_the_group, analysed):
    trial, out = before_the_group
    seen: dict[Path, int] = {}
    for share in ("3/3", "1/3", "2/3"):
        ended = run_deqi(trial.root, out, "group", *FAST, "--permutation-share", share)
        assert ended.code == 0, ended.text
        parts = {path: path.stat().st_mtime_ns for path in out.glob("logs/parts/*/*.npz")}
        assert len(parts) > len(seen)
        assert {path: parts[path] for path in seen} == seen  # none was made twice
        seen = parts
        assert not list(out.glob("group/*"))
    ended = run_deqi(trial.root, out, "group", *FAST)
    assert ended.code == 0, ended.text
    assert "relabellings" not in ended.err  # all of them were there
    same(out, analysed.output)
    assert not (out / "logs" / "parts").exists()
    ended = run_deqi(trial.root, out, "group", *FAST, "--permutation-share", "1/3")
    assert "already done" in ended.err
    assert not (out / "logs" / "parts").exists()


def test_a_damaged_or_lost_share_is_made_again(before_the_group, analysed):
    trial, out = before_the_group
    for share in ("1/2", "2/2"):
        run_deqi(trial.root, out, "group", *FAST, "--permutation-share", share)
    one, other, *_ = sorted(out.glob("logs/parts/*/*.npz"))
    one.write_bytes(one.read_bytes()[:100])
    other.unlink()
    assert run_deqi(trial.root, out, "group", *FAST).code == 0
    same(out, analysed.output)


@pytest.mark.parametrize("of", [1, 2, 3, 7, 64])
def test_every_place_belongs_to_one_share(of):
    shares = [PermutationShare(number, of) for number in range(1, of + 1)]
    places = [k / 1000 for k in range(1000)] + [i / of for i in range(of)]
    for place in places:
        assert sum(share.takes(place) for share in shares) == 1
        owner = next(share for share in shares if share.takes(place))
        assert owner.overlaps(place, place + 1e-9)


def test_maps_in_files_give_the_bytes_of_maps_in_memory(before_the_group, analysed):
    trial, out = before_the_group
    words = [str(trial.root), str(out), "group", *FAST]
    execution, tables = understand(cli.parse(words), words)
    plan = app._plan(execution, settings.resolve(tables))
    mapped = [replace(job, in_memory=0.0, scratch=out / "logs" / "parts") for job in plan.jobs]
    assert jobs.run_jobs(mapped, quiet=True) == {}
    # What is confirmatory is decided after all jobs, by the call.
    files = [p for p in analysed.output.glob("group/*") if p.suffix in (".gz", ".tsv", ".json")]
    for path in [p for p in files if not p.name.endswith("_multiplicity.json")]:
        assert (out / path.relative_to(analysed.output)).read_bytes() == path.read_bytes(), path
    assert not (out / "logs" / "parts").exists()


def test_status_and_missing(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    missing = [trial.root, out, "participant", *OPTIONS, "--status", "--missing"]
    nobody = run_deqi(trial.root, out, "participant", "--status")
    assert nobody.code == 0
    assert "0 of 4 sessions are done, 0 failed, 4 missing" in nobody.out
    assert not out.exists()
    whole = trial.file("01", "pre", "bold").read_bytes()
    trial.file("01", "pre", "bold").write_bytes(whole[:5000])
    assert run_deqi(trial.root, out, "participant", *OPTIONS).code == 1
    some = run_deqi(trial.root, out, "participant", "--status")
    assert "3 of 4 sessions are done, 1 failed, 0 missing" in some.out
    assert "is damaged" in some.out
    assert run_deqi(*missing).out == "01\n"
    trial.file("01", "pre", "bold").write_bytes(whole)
    ended = run_deqi(trial.root, out, "participant", *OPTIONS)
    assert "1 of 2 participants are done already" in ended.err
    assert run_deqi(*missing).out == ""
    assert run_deqi(*missing, "--set", "modalities.fmri.smoothing_fwhm=9").out == "01\n02\n"
    trial.file("02", "post", "confounds").touch()
    assert run_deqi(*missing).out == "02\n"
    again = run_deqi(trial.root, out, "participant", *OPTIONS)
    assert "2 of 2 participants are done already" in again.err
    assert "[1/" not in again.err  # nobody was started
    (out / "sub-02.html").unlink()  # killed between the last session and the page
    assert run_deqi(*missing).out == "02\n"
    assert run_deqi(trial.root, out, "participant", "--missing").code == 64


def test_status_imports_nothing_heavy(undisturbed):
    words = [undisturbed.trial.root, undisturbed.output, "participant", "--status"]
    command = [sys.executable, "-X", "importtime", "-m", "bids_app", *words]
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, cwd=ROOT)
    imported = {line.split("|")[-1].strip().split(".")[0] for line in ended.stderr.splitlines()}
    assert "4 of 4 sessions are done" in ended.stdout
    assert not imported & {"numpy", "nibabel", "scipy", "pandas", "numba", "pydantic", "bids", "nilearn", "distributed"}


def test_a_call_for_one_person_leaves_the_notes_of_others(undisturbed, tmp_path):
    trial, out = copy(undisturbed.trial, tmp_path / "data"), tmp_path / "out"
    trial.file("01", "pre", "mask").unlink()
    for label in ("01", "02"):
        assert run_deqi(trial.root, out, "participant", *OPTIONS, "--participant-label", label).code == 0
    assert "so it cannot be cleaned" in (out / "index.html").read_text()
    shutil.copy2(undisturbed.trial.file("01", "pre", "mask"), trial.file("01", "pre", "mask"))
    assert run_deqi(trial.root, out, "participant", *OPTIONS, "--participant-label", "01").code == 0
    same(out, undisturbed.output)


def test_the_script_for_slurm_in_a_container(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my data").mkdir()
    words = ["my data", "out", "participant", "--seeds", "a b:1,2,3", "--nprocs", "4", "--mem=12G"]
    slurm_script.write_script(Path("run.sh"), [*words, "--write-slurm-script", "x"], "deqi.sif")
    text = Path("run.sh").read_text()
    assert "@" not in text.replace("${@:2}", "").replace("[@]", "")
    deqi = shlex.split(text.partition("\nDEQI=(")[2].partition(")\n")[0])
    assert deqi[:6] == ["apptainer", "run", "-C", "--net", "--network", "none"]
    assert f"{tmp_path / 'my data'}:/data:ro" in deqi
    assert deqi[-1] == str(tmp_path / "deqi.sif")
    assert "FOLDERS=(/data /out)" in text
    assert "OPTIONS=(--seeds 'a b:1,2,3')" in text
    assert "CPUS=4 " in text
    assert "\nMEMORY=12288M " in text
    assert "\nGROUP_MEMORY=16G" in text
    assert f"LOGS={tmp_path / 'out' / 'logs' / 'slurm'}" in text
    shellcheck = Path(sys.executable).with_name("shellcheck")
    ended = subprocess.run([shellcheck, "-e", "SC2034", "run.sh"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_the_launcher_writes_the_script_for_the_container(undisturbed, tmp_path):
    start = [sys.executable, "-m", "bids_app.launcher"]
    words = [str(undisturbed.trial.root), str(tmp_path / "out"), "participant"]
    words += ["--write-slurm-script", str(tmp_path / "run.sh")]
    told = {"capture_output": True, "text": True, "cwd": ROOT}
    ended = subprocess.run([*start, "--image", "deqi.sif", *words], check=False, **told)
    assert ended.returncode == 0, ended.stderr
    assert "apptainer run" in (tmp_path / "run.sh").read_text()
    docker = subprocess.run([*start, "--engine", "docker", *words], check=False, **told)
    assert docker.returncode == 64
    assert "not docker" in docker.stderr
