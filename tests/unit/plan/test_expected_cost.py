"""What a dry run says of time and memory, for sizes whose answer is known."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bids_app.plan import expected_cost as module
from bids_app.vocabulary.options.execution import Execution


class Size:
    """A file of some megabytes."""

    def __init__(self, megabytes):
        self.megabytes = megabytes

    def stat(self):
        if self.megabytes is None:
            raise FileNotFoundError
        return SimpleNamespace(st_size=int(self.megabytes * 1e6))


@pytest.fixture
def sessions(monkeypatch):
    monkeypatch.setattr(module, "ParticipantJob", SimpleNamespace)
    return lambda *sizes: [SimpleNamespace(recordings=[SimpleNamespace(series=Size(size))]) for size in sizes]


@pytest.mark.parametrize(
    ("count", "nprocs", "memory", "said"),
    [
        (1, 1, None, "about a minute on 1 process, up to 0.6 GB"),
        (100, 1, None, "about 10 minutes on 1 process, up to 0.6 GB"),  # 100 x (2 + 0.04 x 100) s
        (100, 4, None, "about 2 minutes on 4 processes, up to 2.4 GB"),
        (100, 4, 1300, "about 5 minutes on 2 processes, up to 1.2 GB"),
        (9000, 2, None, "about 7.5 hours on 2 processes"),
    ],
)
def test_time_and_memory_follow_from_sizes_and_processes(sessions, tmp_path, count, nprocs, memory, said):
    execution = Execution(bids_dir=tmp_path, output_dir=tmp_path, level="participant", nprocs=nprocs, memory_mb=memory)
    assert said in module.expected(sessions(*[100] * count), execution)


def test_files_without_content_are_passed_over(sessions, tmp_path):
    execution = Execution(bids_dir=tmp_path, output_dir=tmp_path, level="participant")
    assert module.expected(sessions(None), execution) == ""
    assert "from 0.1 GB" in module.expected(sessions(None, 100), execution)
