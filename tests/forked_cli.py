"""A process that has everything imported and forks one process for each command line of deqi.

Such a process is as separate as one started anew and says the same, but saves the imports: four seconds of a group
level, one of each participant, more than half of what a call on a tiny trial takes. Processes that deqi itself starts
are forked too: its `sys.executable` is a program that hands its words and streams to this one. What a start itself
does (imports, settings of the environment) and what a killed process leaves behind is tested with real starts.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, NoReturn

TIMEOUT = 600
"""Seconds after which a process is ended."""

PROGRAM = """\
#!{python} -SE
import json, os, socket, sys
link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
link.connect({address!r})
task = dict(words=sys.argv[4:], cwd=os.getcwd(), environment=dict(os.environ))  # after -P -m bids_app
socket.send_fds(link, [json.dumps(task).encode()], [0, 1, 2])
code = int(link.recv(16) or 1)
sys.exit(code if code >= 0 else 128 - code)
"""


class Zygote:
    """The caller's side."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self._folder = tempfile.TemporaryDirectory()
        self._address = str(Path(self._folder.name) / "socket")
        program = Path(self._folder.name) / "python"
        program.write_text(PROGRAM.format(python=sys.executable, address=self._address))
        program.chmod(0o755)
        command = [sys.executable, __file__, self._address, str(program)]
        # It ends when our end of its standard input closes.
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._server.stdout
        self._server.stdout.readline()

    def run(self, words: list[str], cwd: Path | None) -> tuple[int, str, str]:
        """Run a command line of deqi and return its exit code and what it wrote."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open() as nothing:
            link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            link.connect(self._address)
            task = {"words": words, "cwd": str(cwd or Path.cwd()), "environment": self.environment}
            socket.send_fds(link, [json.dumps(task).encode()], [nothing.fileno(), out.fileno(), err.fileno()])
            code = int(link.recv(16))
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read().decode(errors="replace"))
            return code, texts[0], texts[1]


def _become(task: dict[str, Any], streams: list[int], program: str) -> NoReturn:
    """Be the process that was asked for, and end."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.alarm(TIMEOUT)
    os.chdir(task["cwd"])
    os.environ.clear()
    os.environ.update(task["environment"])
    sys.executable = program
    from threadpoolctl import threadpool_limits

    from bids_app.app import main

    code = 1
    try:
        with threadpool_limits(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))):
            code = main(task["words"])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:  # noqa: BLE001  as an interpreter does: traceback, code 1
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _import_all() -> None:
    import bids_app
    from bids_app.execute.output_dataset import choose_cache

    choose_cache(None)
    for module in pkgutil.walk_packages(bids_app.__path__, "bids_app."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("bids", "jinja2", "matplotlib.backends.backend_agg", "scipy.ndimage", "scipy.stats", "templateflow"):
        importlib.import_module(name)
    import numba

    numba.njit(lambda: 0)()  # its registries are filled by the first compilation


def _serve(address: str, program: str) -> None:
    _import_all()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(address)
    listener.listen(16)
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    events = selectors.DefaultSelector()
    for source in (listener.fileno(), ended, 0):
        events.register(source, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in events.select():
            if key.fd == 0:
                return
            if key.fd == ended:
                os.read(ended, 512)
                _answer(running)
                continue
            link, _ = listener.accept()
            message, streams, *_ = socket.recv_fds(link, 1 << 18, 3)
            process = os.fork()
            if not process:
                _become(json.loads(message), streams, program)
            for stream in streams:
                os.close(stream)
            running[process] = link


def _answer(running: dict[int, socket.socket]) -> None:
    """Tell the exit codes of processes that have ended to those who asked for them."""
    while running:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        with running.pop(process) as link:
            link.send(b"%d" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    _serve(*sys.argv[1:])
