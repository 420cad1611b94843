"""Datasets as new users have them run from what --init-config writes, with at most one line edited."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nibabel as nib
import numpy as np
from conftest import FAST, run_deqi
from pages import group_pages
from synthetic import TARGET, blob, brain, describe, hash_of, write_run

PLACE = np.unravel_index(np.argmax(blob(TARGET) * brain()), brain().shape)


def dataset(root: Path, people, sessions, coupling, task="rest") -> Path:
    """Write fMRIPrep output of people (rows of participants.tsv by label), and their table."""
    describe(root, "raw")
    fmriprep = root / "derivatives" / "fmriprep"
    describe(fmriprep, "derivative")
    for label in people:
        for session in sessions or [""]:
            folder = fmriprep / f"sub-{label}" / (f"ses-{session}" if session else "") / "func"
            stem = f"sub-{label}{f'_ses-{session}' if session else ''}_task-{task}"
            write_run(folder, stem, seed=hash_of(label, session), coupling=coupling(label, session))
    columns = list(dict.fromkeys(key for row in people.values() for key in row))
    lines = ["\t".join(["participant_id", *columns])]
    lines += ["\t".join([f"sub-{label}", *(row.get(c, "n/a") for c in columns)]) for label, row in people.items()]
    (root / "participants.tsv").write_text("\n".join(lines) + "\n")
    return root


def labels(count):
    return [f"{i + 1:02d}" for i in range(count)]


def configured(root: Path, edit=lambda text: text) -> Path:
    """Write settings for a dataset, edit at most one line, and return the file."""
    config = root.parent / "analysis.toml"
    ended = run_deqi(root, "--init-config", config)
    assert ended.code == 0, ended.text
    before = config.read_text()
    after = edit(before)
    assert sum(a != b for a, b in zip(before.splitlines(), after.splitlines(), strict=True)) <= 1
    config.write_text(after)
    return config


def both_levels(root: Path, config: Path, words=FAST):
    out = root.parent / "out"
    for level in ("participant", "group"):
        ended = run_deqi(root, out, level, *words, "--config", config)
        assert ended.code == 0, ended.text
    return out, ended


def effect(out: Path, contrast: str, of="seed-near") -> float:
    (path,) = (out / "group").glob(f"*{of}_contrast-{contrast}_stat-effect_statmap.nii.gz")
    return float(np.asarray(nib.load(path).dataobj)[PLACE])


def test_sessions_by_number_and_arms_real_and_placebo(tmp_path):
    arms = ("real", "placebo")
    people = {label: {"treatment": arms[i % 2], "sex": "FM"[i // 2 % 2]} for i, label in enumerate(labels(8))}
    root = dataset(tmp_path / "data", people, ("01", "02"),
                   lambda label, ses: 2.0 if ses == "02" and int(label) % 2 else 0.2)  # fmt: skip
    config = configured(root)
    text = config.read_text()
    assert 'column = "treatment"' in text
    assert 'active = "real"' in text
    assert "QUESTION: is this the order in time: 01, 02?" in text
    out, _ = both_levels(root, config)
    assert effect(out, "realVsPlaceboAdjusted") > 0.2


def test_no_sessions(tmp_path):
    people = {label: {"group": ("verum", "sham")[i % 2]} for i, label in enumerate(labels(8))}
    root = dataset(tmp_path / "data", people, (), lambda label, _: 2.0 if int(label) % 2 else 0.2)
    config = configured(root)
    assert "[designs.post_only]" in config.read_text()
    out, ended = both_levels(root, config)
    assert effect(out, "verumVsSham") > 0.2
    # Without a settings file too: no option is needed where there are no sessions.
    ended = run_deqi(root, out, "group", *FAST, "--set", "designs.post_only.column=group")
    assert ended.code == 0, ended.text


def needling(root: Path, people) -> None:
    """Write blocks of two conditions, and add the response to one of them at the target."""
    onsets = np.arange(10.0, 290.0, 40.0)
    times = 2.0 * np.arange(150)
    for label in people:
        (root / f"sub-{label}" / "func").mkdir(parents=True)
        rows = [f"{o:g}\t10\tneedling" for o in onsets] + [f"{o + 20:g}\t10\ttouch" for o in onsets]
        text = "\n".join(["onset\tduration\ttrial_type", *rows]) + "\n"
        (root / f"sub-{label}" / "func" / f"sub-{label}_task-needle_events.tsv").write_text(text)
        path = next(root.glob(f"derivatives/fmriprep/sub-{label}/func/*_bold.nii.gz"))
        image = nib.load(path)
        busy = ((times[:, None] - onsets > 4) & (times[:, None] - onsets < 16)).any(axis=1)
        data = np.asarray(image.dataobj) + 40 * blob(TARGET)[..., None] * busy * brain()[..., None]
        nib.save(nib.Nifti1Image(data.astype(np.float32), image.affine, image.header), path)


def test_one_group_under_needling(tmp_path):
    people = {label: {"age": str(30 + i)} for i, label in enumerate(labels(7))}
    root = dataset(tmp_path / "data", people, (), lambda *_: 0.2, task="needle")
    needling(root, people)
    config = configured(root)
    assert "[designs.one_arm]" in config.read_text()
    words = ["--measures", "task_glm", "--n-permutations", "100"]
    contrasts = 'measures.task_glm.contrasts=["needling", "needling - touch"]'
    out, _ = both_levels(root, config, [*words, "--set", contrasts])
    assert effect(out, "mean", "meas-needling") > 1
    assert effect(out, "mean", "meas-needlingMinusTouch") > 1
    (about,) = (out / "group").glob("*meas-needling_contrast-mean_statmap.json")
    said = json.loads(about.read_text())
    assert said["Scheme"] == "signflip"
    assert "deactivation" in said["Sign"]
    assert "deactivation" in group_pages(out)


def test_a_crossover_with_sessions_called_after_treatments(tmp_path):
    people = {label: {"sequence": ("verum-sham", "sham-verum")[i % 2]} for i, label in enumerate(labels(8))}
    root = dataset(tmp_path / "data", people, ("verum", "sham"), lambda _, ses: 2.0 if ses == "verum" else 0.2)
    config = configured(root)
    text = config.read_text()
    assert "[designs.crossover]" in text
    assert 'active = "verum-sham"' in text
    assert "QUESTION" not in text
    out, ended = both_levels(root, config)
    assert effect(out, "treatment") > 0.1
    assert "verum is the real treatment" in ended.text
    refused = run_deqi(root, out, "group", *FAST, "--config", config, "--blind")
    assert refused.code == 64


def test_a_crossover_whose_order_is_told_by_dates(tmp_path):
    people = {label: {"age": str(30 + i)} for i, label in enumerate(labels(8))}
    # The second period adds as much as the treatment: only the order tells them apart.
    first = {label: "verum" if i % 2 else "sham" for i, label in enumerate(people)}
    root = dataset(tmp_path / "data", people, ("verum", "sham"),
                   lambda label, ses: 0.2 + (ses == "verum") + (ses != first[label]))  # fmt: skip
    for label in people:
        days = {"verum": 1 if first[label] == "verum" else 9, "sham": 9 if first[label] == "verum" else 1}
        rows = [f"ses-{ses}\t2024-03-{day:02d}T10:00:00" for ses, day in days.items()]
        path = root / f"sub-{label}" / f"sub-{label}_sessions.tsv"
        path.parent.mkdir()
        path.write_text("\n".join(["session_id\tacq_time", *rows]) + "\n")
    config = configured(root)
    assert 'column = "acq_time"' in config.read_text()
    out, _ = both_levels(root, config)
    assert effect(out, "treatment") > 0.05
    assert effect(out, "period") > 0.1


def test_three_arms_with_followups(tmp_path):
    arms = ("EA", "sham EA", "waitlist")
    people = {label: {"allocation": arms[i % 3]} for i, label in enumerate(labels(9))}
    root = dataset(tmp_path / "data", people, ("baseline", "post", "followup"),
                   lambda label, ses: 2.0 if ses == "post" and int(label) % 3 == 1 else 0.2)  # fmt: skip
    config = configured(root)
    text = config.read_text()
    assert "[designs.parallel_followups]" in text
    assert re.search(r'^posts = \["post", "followup"\]', text, re.MULTILINE)
    assert 'more_arms = ["waitlist"]' in text
    assert "QUESTION" not in text
    out, _ = both_levels(root, config)
    assert effect(out, "EAVsShamEAPost") > 0.2


def test_two_designs_are_a_sentence(tmp_path):
    people = {label: {"group": ("verum", "sham")[i % 2]} for i, label in enumerate(labels(2))}
    root = dataset(tmp_path / "data", people, ("pre",), lambda *_: 0.2)
    config = tmp_path / "a.toml"
    config.write_text('[designs.parallel_prepost]\ncovariates = ["age"]\n')
    ended = run_deqi(root, tmp_path / "out", "group", "--config", config, "--set", "designs.post_only.session=pre")
    assert ended.code == 64
    assert "parallel_prepost, post_only; a call has one" in ended.text


def test_baselines_of_periods_do_not_go_with_sessions_of_treatments(tmp_path):
    people = {label: {"sequence": ("AB", "BA")[i % 2]} for i, label in enumerate(labels(6))}
    root = dataset(tmp_path / "data", people, ("real", "sham", "b1", "b2"), lambda *_: 0.2)
    asked = ["first=real", "second=sham", 'baselines=["b1", "b2"]']
    words = [word for one in asked for word in ("--set", f"designs.crossover.{one}")]
    out = tmp_path / "out"
    assert run_deqi(root, out, "participant", *FAST).code == 0
    ended = run_deqi(root, out, "group", *FAST, *words)
    assert ended.code == 64
    assert "b1, b2 are of periods" in ended.text
