"""Servers and crowds of the relay's benchmark: processes that are spoken to in lines, and what they cost."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitloot.engines.process import accepts

__all__ = ["TICK", "Child", "child", "crowded", "python", "room_for"]

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")

#: Descriptors of a process that are not clients.
OWN = 256

#: What the first clients cost is not theirs: so many are there before memory is looked at.
WARM = 20


@dataclass
class Child:
    """A process of ours that is spoken to in lines."""

    popen: subprocess.Popen[str]

    def tell(self, line: str) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()

    def hear(self) -> Any:
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        if not line:
            raise RuntimeError("a process of the benchmark has ended: see its log")
        return json.loads(line)

    def ask(self, **command: Any) -> Any:
        self.tell(json.dumps(command))
        return self.hear()

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.popen.pid}/statm").read_text().split()[1]) * PAGE

    @property
    def busy(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours."""
    return [sys.executable, "-m", module, *arguments]


@contextmanager
def child(argv: Sequence[str], environ: dict[str, str], log: Path, port: int = 0) -> Iterator[Child]:
    """Runs until the block ends; with a `port`, once it listens there."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | environ
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            argv, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as popen,
    ):
        try:
            while port and not accepts(port):
                if popen.poll() is not None:
                    raise RuntimeError(f"{argv} has ended: see {log}")
                time.sleep(0.05)
            yield Child(popen)
        finally:
            popen.kill()


@contextmanager
def crowded(
    server: Child, port: int, path: str, say: list[Any], until: str, clients: int, log: Path, **more: Any
) -> Iterator[tuple[float, Child]]:
    """(bytes of the server's memory for each client, the clients)."""
    with child(python("bench.listeners", str(port), path), {}, log) as crowd:
        crowd.ask(say=[say], times=WARM, until=until, **more)
        before = server.memory
        crowd.ask(say=[say], times=clients - WARM, until=until, **more)
        yield (server.memory - before) / (clients - WARM), crowd


def room_for(clients: int, say: Callable[[str], None]) -> int:
    """As many of these clients as one process has descriptors for; lifts the soft limit, and tells what it found."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # some kernels refuse a hard limit above their own
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    room = clients if allowed == resource.RLIM_INFINITY else max(2 * WARM, min(clients, allowed - OWN))
    say(f"ulimit -n: {soft}, lifted to {allowed}; {room:,} clients")
    if room < clients:
        say(f"too few descriptors for {clients:,} clients: raise the hard limit (ulimit -Hn {clients + OWN})")
    return room
