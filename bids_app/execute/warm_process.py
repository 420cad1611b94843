"""A process that has imported what calls need, and forks each call from it: a batch pays for its imports once.

Every call is as separate as one that is started anew: a process, a group and an environment of its own. What calls
need is not listed anywhere: each tells, when it ends, what it had imported, and that is imported here before the next.

Standard library alone until a call tells of more.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NoReturn, TypedDict

LONGEST = 1 << 17
"""Bytes of a message; a call whose words and environment are longer is started anew."""


class Task(TypedDict):
    """What a call is asked."""

    words: list[str]
    cwd: str
    environment: dict[str, str]


_one = threading.Lock()
_warm: list[tuple[socket.socket, subprocess.Popen[bytes]]] = []


@dataclass(frozen=True, kw_only=True)
class WarmChild:
    """A call that runs: its process, our end of its standard input, what it says, and where its end is told."""

    pid: int
    life: int
    said: int
    answer: socket.socket

    def wait(self) -> int:
        """Return the exit code, once it has ended; minus a signal's number, and 1 where that was lost."""
        with self.answer:
            code = self.answer.recv(16)
        os.close(self.life)
        os.close(self.said)
        return int(code or 1)


def start(words: Sequence[str], cwd: str, environment: Mapping[str, str]) -> WarmChild | None:
    """Have a call forked; None where that cannot be done, and it must be started anew.

    Parameters
    ----------
    environment : mapping
        Its own, and that of the process that forks, which is started with the first call.
    """
    task = json.dumps({"words": list(words), "cwd": cwd, "environment": dict(environment)}).encode()
    if len(task) > LONGEST:
        return None
    life, ours = os.pipe()
    said, theirs = os.pipe()
    answer, told = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        socket.send_fds(_process(environment), [task], [life, theirs, told.fileno()])
        told.close()  # so that its end closes with the process
        number = answer.recv(16)
    except OSError:
        number = b""
    finally:
        os.close(life)
        os.close(theirs)
        told.close()
    if number:
        return WarmChild(pid=int(number), life=ours, said=said, answer=answer)
    _forget(ended=True)
    answer.close()
    os.close(ours)
    os.close(said)
    return None


def _process(environment: Mapping[str, str]) -> socket.socket:
    """Return the link to the process that forks; it ends when the link closes, with this process at the latest."""
    with _one:
        if not _warm:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "bids_app.execute.warm_process"], stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(environment), process_group=0,
                )  # fmt: skip
            _warm.append((ours, process))
        return _warm[0][0]


def _forget(*, ended: bool = False) -> None:
    """Let the next call start another such process; with `ended` only if this one is gone: others may wait for it."""
    with _one:
        if _warm and not (ended and _warm[0][1].poll() is None):
            link, process = _warm.pop()
            link.close()
            process.kill()
            process.wait()


def title_of(words: Sequence[str]) -> str:
    """Return what a call is named where processes are listed, 15 letters at most.

    >>> title_of(["data", "out", "participant", "--participant-label", "01", "--nprocs", "1"])
    'deqi 01'
    """
    labels = [after for word, after in pairwise(words) if word == "--participant-label"]
    return f"deqi {labels[-1] if labels else 'share'}"[:15]


class _Server:
    """The process that forks: calls that run, and what was imported for them."""

    def __init__(self, link: socket.socket) -> None:
        self._link, self._running = link, dict[int, socket.socket]()
        self._news, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ended, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._tried = set(sys.modules)

    def serve(self) -> None:
        """Fork what is asked for, until the link closes."""
        with selectors.DefaultSelector() as events:
            for source in (self._link, self._news, self._ended):
                events.register(source, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in events.select()}
                if self._ended in ready:
                    os.read(self._ended, 512)
                    self._tell()
                if self._news.fileno() in ready:
                    self._import(json.loads(self._news.recv(LONGEST)))
                if self._link.fileno() in ready and not self._fork():
                    return

    def _fork(self) -> bool:
        message, streams, *_ = socket.recv_fds(self._link, LONGEST, 3)
        if not message:
            return False
        try:
            process = os.fork()
        except OSError:  # no room for one more: whoever asked sees its end close, and those that run go on
            for stream in streams:
                os.close(stream)
            return True
        if not process:
            self._become(json.loads(message), streams)
        answer = socket.socket(fileno=streams[2])
        for stream in streams[:2]:
            os.close(stream)
        with contextlib.suppress(OSError):
            answer.send(b"%d" % process)
        self._running[process] = answer
        return True

    def _become(self, task: Task, streams: Sequence[int]) -> NoReturn:
        """Be a call: run its words, tell what was imported, and end."""
        code = 1
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for source, target in zip((streams[0], streams[1], streams[1]), range(3), strict=True):
                os.dup2(source, target)
            # Nothing of the process that forks is held, so that its end is seen when it ends.
            for link in (self._link, self._news, *self._running.values()):
                link.close()
            for stream in (*streams, self._ended):
                os.close(stream)
            os.environ.clear()
            os.environ.update(task["environment"])
            os.chdir(task["cwd"])
            with contextlib.suppress(OSError):  # so that `ps` and `top` tell who is being worked on
                Path("/proc/self/comm").write_text(title_of(task["words"]), encoding="utf-8")
            sys.argv = ["deqi", *task["words"]]
            runpy.run_module("bids_app", run_name="__main__")
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        except BaseException:  # noqa: BLE001  (as an interpreter does: traceback, code 1)
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
                self._theirs.send(json.dumps([name for name in list(sys.modules) if name not in self._tried]).encode())
            os._exit(code)

    def _import(self, names: Sequence[str]) -> None:
        """Import what a call had imported, in its order."""
        for name in names:
            if name not in self._tried:
                self._tried.add(name)
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        if "numba" in sys.modules:  # its registries are filled by the first compilation
            with contextlib.suppress(Exception):
                sys.modules["numba"].njit(lambda: 0)()
        gc.freeze()

    def _tell(self) -> None:
        """Tell the exit codes of calls that have ended to those who wait for them."""
        while self._running:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            with self._running.pop(process) as answer, contextlib.suppress(OSError):
                answer.send(b"%d" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    _Server(socket.socket(fileno=os.dup(0))).serve()
