"""A process that has everything imported and forks one child for each command line.

A child is as much a process of its own as one started anew, but saves four seconds of imports; that is half the time
of a call on a tiny trial. What a start itself does (settings of the environment, imports) is tested with real starts.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

TIMEOUT = 600
"""Seconds after which a child is ended."""


class Zygote:
    """The caller's side: one server, asked for one command at a time."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self._server = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, words: list[str], cwd: Path | None) -> tuple[int, str, str]:
        """Run a command line of deqi and return its exit code and what it wrote."""
        assert self._server.stdin
        assert self._server.stdout
        with tempfile.TemporaryDirectory() as folder:
            streams = [str(Path(folder) / name) for name in ("out", "err")]
            task = {"words": words, "cwd": str(cwd or Path.cwd()), "streams": streams}
            self._server.stdin.write(json.dumps(task).encode() + b"\n")
            self._server.stdin.flush()
            code = int(self._server.stdout.readline())
            return code, *(Path(stream).read_text(errors="replace") for stream in streams)


def _child(task: dict[str, Any]) -> int:
    for number, stream in enumerate((os.devnull, *task["streams"])):
        os.dup2(os.open(stream, os.O_RDWR | os.O_CREAT), number)
    os.chdir(task["cwd"])
    signal.alarm(TIMEOUT)
    from bids_app.app import main

    try:
        return main(task["words"])
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:  # noqa: BLE001  as an interpreter does: traceback, code 1
        traceback.print_exc()
        return 1


def _import_all() -> None:
    import bids_app
    from bids_app.execute.prepare import choose_cache

    choose_cache(None)
    for module in pkgutil.walk_packages(bids_app.__path__, "bids_app."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("bids", "jinja2", "matplotlib.backends.backend_agg", "scipy.ndimage", "scipy.stats", "templateflow"):
        importlib.import_module(name)
    import numba

    numba.njit(lambda: 0)()  # its registries are filled by the first compilation


def _serve() -> None:
    _import_all()
    answers = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        process = os.fork()
        if not process:
            code = _child(json.loads(line))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        os.write(answers, b"%d\n" % status)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    _serve()
