"""One child process: started under a guard, known by its real pid, gone when we are."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bitloot.engines import guard
from bitloot.errors import BitLootError

__all__ = ["CannotStart", "Process"]

#: Seconds beyond `stop_seconds` in which the guard must have ended everything.
GUARD_SECONDS = 10.0


class CannotStart(BitLootError):
    """A process did not come up; the text says which, and the last lines of its log."""

    default_code = "cannot_start"


@dataclass
class Process:
    """A command of ours. `stop_seconds` is how long it may drain before SIGKILL; `user` is the (uid, gid) it gets.

    Its output goes to `log` (appended, 0600). `held` descriptors stay open until nothing of it is left.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    cwd: Path | None = None
    user: tuple[int, int] | None = None
    held: tuple[int, ...] = ()
    _guard: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _pid: int = field(default=0, init=False, repr=False)
    _log_start: int = field(default=0, init=False, repr=False)

    def start(self) -> Process:
        """Starts the command and returns once it was executed. Raises CannotStart."""
        if self.running:
            raise CannotStart(f"{self.name} is already running.")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
            self._log_start = log.tell()
            self._guard = subprocess.Popen(
                self._guarded(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=dict(self.env),
                cwd=self.cwd,
                pass_fds=self.held,
                start_new_session=True,
            )
        assert self._guard.stdout is not None  # noqa: S101
        pid, _, failure = self._guard.stdout.read().decode(errors="replace").partition("\n")
        self._guard.stdout.close()
        self._pid = int(pid or 0)
        if failure or not pid:
            self.stop()
            raise CannotStart(f"{self.name} cannot be started: {failure or self.last_lines()}")
        return self

    def ask_to_stop(self) -> None:
        """Asks for the end and returns at once; `stop` then waits for it."""
        if self._guard is not None:
            self._let_go(self._guard)

    def stop(self, *, seconds: float | None = None) -> int | None:
        """Asks for the end, forces it after `stop_seconds` (or `seconds`), and returns how it ended."""
        if self._guard is None:
            return None
        self._let_go(self._guard)
        try:
            self._guard.wait(self.stop_seconds + GUARD_SECONDS if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        return self._guard.returncode

    def kill(self) -> int | None:
        """SIGKILL for the command and all that it started; returns once nothing is left."""
        if self._guard is None:
            return None
        self.signal(signal.SIGKILL)
        try:
            self._guard.wait(GUARD_SECONDS)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()
        return self.stop()

    def signal(self, number: signal.Signals, *, all_of_it: bool = False) -> None:
        """Sends `number` to the command itself, if it still runs; `all_of_it`: and to what it started.

        Stopping (SIGSTOP) a server that works in children, as gunicorn and dramatiq do, needs all of it.
        """
        if self.running:
            (os.killpg if all_of_it else os.kill)(self.pid, number)

    @property
    def pid(self) -> int:
        """The command's own pid (not the guard's); 0 before the first start."""
        return self._pid

    @property
    def running(self) -> bool:
        return self._guard is not None and self.poll() is None

    def poll(self) -> int | None:
        """None while it runs; else its exit code, or minus the signal that ended it."""
        if self._guard is None or self._guard.poll() is None:
            return None
        self._let_go(self._guard)
        return self._guard.returncode

    def wait(self, seconds: float | None = None) -> int:
        """Waits for the end by itself. Raises subprocess.TimeoutExpired."""
        if self._guard is None:
            raise CannotStart(f"{self.name} was never started.")
        code = self._guard.wait(seconds)
        self._let_go(self._guard)
        return code

    def wait_for(self, condition: int | Callable[[], bool], *, seconds: float = 20.0) -> Process:
        """Waits until a TCP port of 127.0.0.1 accepts, or `condition()` holds. Raises CannotStart."""
        deadline = time.monotonic() + seconds
        while not (accepts(condition) if isinstance(condition, int) else condition()):
            if not self.running:
                raise CannotStart(f"{self.name} ended with {self.poll()}: {self.last_lines()}")
            if time.monotonic() > deadline:
                raise CannotStart(f"{self.name} is not ready after {seconds:g} s: {self.last_lines()}")
            time.sleep(0.02)
        return self

    def last_lines(self, count: int = 5) -> str:
        """The end of what this run has logged so far, on one line."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - 4096))
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return " | ".join(lines[-count:]) or "it said nothing"

    def __enter__(self) -> Process:
        return self if self.running else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @staticmethod
    def _let_go(guard: subprocess.Popen[bytes]) -> None:
        """Closes our end of the pipe: for a running guard the word to stop."""
        if guard.stdin is not None:
            guard.stdin.close()

    def _guarded(self) -> list[str]:
        user = f"{self.user[0]}:{self.user[1]}" if self.user else ""
        keep = ",".join(map(str, self.held))
        options = [str(int(self.stop_signal)), str(self.stop_seconds), user, keep]
        return [sys.executable, "-I", "-S", guard.__file__, *options, "--", *self.argv]


def accepts(port: int) -> bool:
    """Whether something accepts TCP connections on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
