"""How much memory a container or a batch job may have, as both versions of control groups tell it."""

from __future__ import annotations

import os

import pytest

from bids_app.launch.available_memory import memory_there

WHOLE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
GROUPS = [
    ("0::/slurm/job_1/step_0", {"slurm/job_1/memory.max": "2000", "slurm/memory.max": "max"}, 2000),
    ("0::/a/b", {"a/memory.max": "3000", "a/b/memory.max": "4000"}, 3000),
    ("0::/docker/of-the-host", {"memory.max": "5000"}, 5000),
    ("4:cpu:/x\n7:memory:/uid_1/job_2", {"memory/uid_1/memory.limit_in_bytes": "6000", "cpu/x/memory.max": "1"}, 6000),
    ("0::/", {"memory.max": "max"}, WHOLE),
    ("", {}, WHOLE),
]


@pytest.mark.parametrize(("own", "files", "expected"), GROUPS)
def test_the_least_limit_counts(own, files, expected, tmp_path):
    for name, content in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    (tmp_path / "own").write_text(own)
    assert memory_there(tmp_path / "own", tmp_path / "cgroup") == expected


def test_without_control_groups_it_is_the_machine(tmp_path):
    assert memory_there(tmp_path / "none", tmp_path / "none") == WHOLE
