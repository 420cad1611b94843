"""What builds and publishes: the Dockerfile, the definition files and the workflow, checked without an engine."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"


def _ignored(name: str) -> bool:
    """Tell whether .dockerignore keeps a name of the top folder out of the build; the last line that fits decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text().split():
        if Path(name).match(line.removeprefix("!")):
            out = not line.startswith("!")
    return out


def test_what_the_dockerfile_copies_is_there_and_not_ignored():
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    copied = [shlex.split(line)[1:-1] for line in text.splitlines() if line.startswith("COPY ")]
    sources = {name for words in copied for name in words if not words[0].startswith("--from")}
    assert sources >= {"container.lock", "bids_app", "run.py", "boutiques.json"}
    for name in sources:
        assert (ROOT / name).exists(), name
        assert not _ignored(name), name
    stages = set(re.findall(r"^FROM .* AS (\w+)$", text, flags=re.MULTILINE))
    assert {words[0].partition("=")[2] for words in copied if words[0].startswith("--from")} <= stages


def test_the_image_gets_the_versions_that_are_tested():
    pins = [dict(re.findall(r"^(\S+==\S+)(.*)$", (ROOT / name).read_text(), flags=re.MULTILINE))
            for name in ("container.lock", "requirements.lock")]  # fmt: skip
    assert set(pins[0]) <= set(pins[1])
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {pin.partition("==")[0] for pin in pins[0]}
    assert {re.split(r"[\[<>=]", line)[0] for line in needed} <= names


@pytest.mark.parametrize("name", ["Singularity.def", "Singularity.scratch.def"])
def test_definition_files_have_all_parts_and_copy_what_is_there(name):
    text = (ROOT / name).read_text()
    parts = dict(re.findall(r"^%(\w+)\n(.*?)(?=^%|\Z)", text, flags=re.MULTILINE | re.DOTALL))
    assert {"help", "labels", "runscript", "test", "environment"} <= set(parts)
    assert "--demo" in parts["test"]
    for line in parts.get("files", "").split("\n"):
        if line.strip():
            assert (ROOT / line.split()[0]).exists(), line
    assert "unset PYTHONPATH" in parts["environment"]  # else the caller's packages come before ours


def test_both_definition_files_run_and_test_alike():
    texts = [(ROOT / name).read_text() for name in ("Singularity.def", "Singularity.scratch.def")]
    ends = [text[text.index("%help") :] for text in texts]
    assert ends[0] == ends[1]


def test_the_workflow_publishes_both_architectures_signed_and_asks_for_no_secret():
    text = WORKFLOW.read_text()
    jobs = yaml.safe_load(text)["jobs"]
    assert set(re.findall(r"secrets\.(\w+)", text)) == {"GITHUB_TOKEN"}
    assert {row["platform"] for row in jobs["image"]["strategy"]["matrix"]["include"]} == {"linux/amd64", "linux/arm64"}
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"].split()[0])
               for job in jobs.values() for step in job["steps"] if "uses" in step)  # fmt: skip
    steps = [str(step) for job in jobs.values() for step in job["steps"]]
    for wanted in ("cosign sign", "sbom", "check_version.py", "--read-only", "gh release create", ".ci/run"):
        assert any(wanted in step for step in steps), wanted
    # Nothing is published before everything is built and tried.
    for name in ("publish-image", "publish-wheels"):
        assert {"image", "wheels"} <= set(jobs[name]["needs"])
    assert jobs["image"]["needs"] == jobs["wheels"]["needs"] == "gate"
