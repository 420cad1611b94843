"""How much memory there is: of the machine, or of the part of it that a container or a batch job may have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def memory_there(own: Path = OWN, cgroups: Path = CGROUPS) -> int:
    """Return the bytes that this process and its kin may have: of both versions of control groups, the least limit."""
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_limits(own, cgroups)])


def _limits(own: Path, cgroups: Path) -> Iterator[int]:
    lines = []
    with suppress(OSError):
        lines = own.read_text(encoding="utf-8").splitlines()
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        place = cgroups / "memory" if controllers else cgroups
        name = "memory.limit_in_bytes" if controllers else "memory.max"
        group = PurePosixPath(path.lstrip("/"))
        # Inside a container the path is that of the host, and the container's own limit stands at the top.
        for folder in (group, *group.parents):
            with suppress(OSError, ValueError):  # not there, or "max"
                yield int((place / folder / name).read_text(encoding="utf-8"))
