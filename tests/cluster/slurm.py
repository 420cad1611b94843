"""A real Slurm of two nodes on this machine: own folder, loopback alone, no systemd, no cgroups, no database."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "munged")

CONFIGURATION = """\
ClusterName=deqi
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# A job of a lost node starts elsewhere when its credential has expired: 5 s is the least.
AuthInfo=socket={folder}/munge.sock,cred_expire=5
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdSpoolDir={folder}/spool-%n
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
SlurmdTimeout=10
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
MinJobAge=3600
KillWait=3
ReturnToService=2
{nodes}
PartitionName=all Nodes=n[1-2] Default=YES MaxTime=01:00:00 State=UP
"""


def why_not() -> str:
    """Return why there can be no Slurm here, or nothing."""
    if os.getuid():
        return "Slurm is started as root alone"
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    return f"not installed: {', '.join(absent)}" if absent else ""


@dataclass
class Slurm:
    """A cluster whose nodes can be lost."""

    folder: Path
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    def __enter__(self) -> Self:
        host = socket.gethostname().partition(".")[0]
        port = free_port()
        nodes = "\n".join(
            f"NodeName=n{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={port + i} CPUs=2 RealMemory=8000"
            for i in (1, 2)
        )
        for name in ("state", "spool-n1", "spool-n2"):
            (self.folder / name).mkdir()
        self.path.write_text(CONFIGURATION.format(host=host, port=port, folder=self.folder, nodes=nodes))
        (self.folder / "cgroup.conf").write_text("CgroupAutomount=no\n")
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        own = {
            "key-file": key,
            "socket": "munge.sock",
            "pid-file": "munge.pid",
            "log-file": "munge.log",
            "seed-file": "seed",
        }
        options = [f"--{name}={self.folder / str(place)}" for name, place in own.items()]
        self._start("munged", "--force", "--foreground", *options)
        self._wait((self.folder / "munge.sock").exists, "munged")
        self._start("slurmctld", "-D", "-c", "-f", str(self.path))
        for node in ("n1", "n2"):
            self._start(f"slurmd {node}", "-D", "-c", "-N", node, "-f", str(self.path))
        self._wait(lambda: self.says("sinfo", "-h", "-N", "-o", "%t").split() == ["idle", "idle"], "nodes")
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(subprocess.SubprocessError):
            self.says("scancel", "--user=root")
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
        kill(under(f"SLURM_CONF={self.path}"))  # steps are no children of their nodes

    @property
    def path(self) -> Path:
        return self.folder / "slurm.conf"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SLURM_CONF": str(self.path)}

    def says(self, *command: str) -> str:
        """Return what a command of Slurm prints."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=600
        ).stdout

    def idle(self, seconds: float) -> bool:
        """Wait until no job is left, at most so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.says("squeue", "-h").strip():
                return True
            time.sleep(0.5)
        return False

    def lose(self, node: str) -> None:
        """Let a node vanish with everything that runs on it, as when its power is cut."""
        doomed = [self.processes.pop(f"slurmd {node}").pid, *under(f"SLURMD_NODENAME={node}")]
        for number in doomed:
            doomed += children(number)
        kill(doomed)

    def _start(self, name: str, *words: str) -> None:
        log = (self.folder / f"{name.replace(' ', '-')}.out").open("wb")
        self.processes[name] = subprocess.Popen(
            [name.split(maxsplit=1)[0], *words], env=self.environment, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def _wait(self, condition: object, what: str) -> None:
        end = time.monotonic() + 600
        while time.monotonic() < end:
            if condition():  # type: ignore[operator]
                return
            time.sleep(0.1)
        logs = "\n".join(path.read_text(errors="replace")[-1500:] for path in self.folder.glob("*.log"))
        raise AssertionError(f"{what} did not come up:\n{logs}")


def under(setting: str) -> list[int]:
    """Return the processes, other than this one, in whose environment a setting stands."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if setting.encode() in (folder / "environ").read_bytes().split(b"\0") and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found


def kill(numbers: list[int]) -> None:
    for number in dict.fromkeys(numbers):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def children(number: int) -> list[int]:
    with suppress(OSError):
        tasks = Path(f"/proc/{number}/task").glob("*/children")
        return [int(word) for task in tasks for word in task.read_text().split()]
    return []


def free_port() -> int:
    """Return a port that nobody listens on, nor on the two after it."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
        with suppress(OSError), socket.socket() as second, socket.socket() as third:
            second.bind(("127.0.0.1", port + 1))
            third.bind(("127.0.0.1", port + 2))
            return port
