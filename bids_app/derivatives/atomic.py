"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path
from uuid import uuid4

from bids_app.errors import OutputError

ABANDONED_SECONDS = 3600


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name beside it, then rename it; an equal file is left alone.

    Raises
    ------
    OutputError
        If the folder or the file cannot be written (no permission, disk full).
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        if path.exists() and path.stat().st_size == len(content) and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OutputError(_explain(path, error)) from error


def sweep(folder: Path) -> None:
    """Remove what writers that were killed left in a folder: no writer takes an hour to write one file."""
    for path in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, whole or not at all; bytes of file names that are no text are shown as such."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def make_folder(path: Path) -> None:
    """Make a folder that can be written to.

    Raises
    ------
    OutputError
        If that is not possible.
    """
    probe = path / f".deqi-{uuid4().hex}.tmp"
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(bytes(4096))  # an empty file goes onto a full disk
        probe.unlink()
    except OSError as error:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
        raise OutputError(_explain(path, error)) from error


def _explain(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"No space left for {path}. Free some space and run the same command again: finished work is kept."
    return (
        f"{path} cannot be written ({error.strerror}). Choose another output folder, or give yourself the right to "
        "write there (docker: -u $(id -u):$(id -g))."
    )
