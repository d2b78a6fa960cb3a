"""The guard lets nothing outlive whoever asked for it, however anyone dies."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitloot.engines import guard
from tests.waiting import descendants, gone, until

SLEEP = [sys.executable, "-I", "-S", "-c", "import time; print('up', flush=True); time.sleep(600)"]
DEAF = [
    *SLEEP[:-1],
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: print('heard', flush=True))\n"
    "print('up', flush=True)\n"
    "while True: time.sleep(600)",
]
#: Starts a grandchild in a session of its own, where no signal to the group reaches it.
NESTED = [
    *SLEEP[:-1],
    "import os, time\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    print('grandchild', os.getpid(), flush=True)\n"
    "time.sleep(600)",
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def guards(log: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Guards started in a test; whatever happens there, they end with it."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for running in started:
        assert running.stdin
        assert running.stdout
        running.stdin.close()
        running.stdout.close()
        running.wait(60)


def start(
    guards: list[subprocess.Popen[bytes]], log: Path, argv: list[str], *, seconds: float = 10, keep: int = -1
) -> tuple[subprocess.Popen[bytes], int]:
    """A guard over `argv`, and the pid that it reports."""
    held = () if keep < 0 else (keep,)
    options = [str(int(signal.SIGTERM)), str(seconds), "", ",".join(map(str, held))]
    with log.open("ab") as output:
        running = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, *options, "--", *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            pass_fds=held,
            start_new_session=True,
        )
    guards.append(running)
    assert running.stdout
    return running, int(running.stdout.readline())


def says(log: Path, word: str) -> bool:
    return word in log.read_text()


def test_it_ends_with_the_exit_code_of_its_command(guards: list[subprocess.Popen[bytes]], log: Path) -> None:
    running, _ = start(guards, log, [*SLEEP[:-1], "raise SystemExit(7)"])
    assert running.wait(60) == 7


def test_it_ends_by_the_signal_that_ended_its_command(
    guards: list[subprocess.Popen[bytes]], log: Path
) -> None:
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGABRT):
        running, pid = start(guards, log, SLEEP)
        os.kill(pid, number)
        assert running.wait(60) == -number


def test_a_closed_pipe_asks_the_command_to_stop(guards: list[subprocess.Popen[bytes]], log: Path) -> None:
    running, pid = start(guards, log, SLEEP)
    assert running.stdin
    running.stdin.close()
    assert running.wait(60) == -signal.SIGTERM
    assert gone(pid)


def test_a_command_that_does_not_listen_is_killed(guards: list[subprocess.Popen[bytes]], log: Path) -> None:
    running, pid = start(guards, log, DEAF, seconds=0.3)
    until(lambda: says(log, "up"))
    running.terminate()  # the same as a closed pipe
    assert running.wait(60) == -signal.SIGKILL
    assert says(log, "heard")
    assert gone(pid)


def test_a_stopped_command_is_woken_to_hear_its_end(guards: list[subprocess.Popen[bytes]], log: Path) -> None:
    running, pid = start(guards, log, SLEEP, seconds=60)
    os.kill(pid, signal.SIGSTOP)
    running.terminate()
    assert running.wait(60) == -signal.SIGTERM


def test_a_grandchild_in_its_own_session_goes_too(guards: list[subprocess.Popen[bytes]], log: Path) -> None:
    running, pid = start(guards, log, NESTED)
    until(lambda: says(log, "grandchild"))
    grandchild = int(log.read_text().split()[1])
    os.kill(pid, signal.SIGKILL)
    assert running.wait(60) == -signal.SIGKILL
    assert gone(grandchild)


def test_the_command_hears_when_the_guard_itself_is_killed(
    guards: list[subprocess.Popen[bytes]], log: Path
) -> None:
    running, pid = start(guards, log, SLEEP)
    until(lambda: says(log, "up"))
    running.kill()
    running.wait(60)
    until(lambda: gone(pid), what="the end of the command")


def test_a_killed_asker_leaves_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    asker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time, pathlib\n"
            "from bitloot.engines.process import Process\n"
            "Process('nested', sys.argv[2:], {}, pathlib.Path(sys.argv[1])).start()\n"
            "time.sleep(600)",
            str(log),
            *NESTED,
        ]
    )
    until(lambda: log.exists() and says(log, "grandchild"))
    below = descendants(asker.pid)
    assert len(below) == 3  # guard, command, grandchild
    asker.kill()
    asker.wait(60)
    until(lambda: gone(*below), what="the end of guard, command and grandchild")


def test_a_held_lock_lasts_until_the_command_has_ended(
    guards: list[subprocess.Popen[bytes]], log: Path, tmp_path: Path
) -> None:
    with (tmp_path / "lock").open("w") as lock, (tmp_path / "lock").open("w") as other:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running, pid = start(guards, log, DEAF, seconds=60, keep=lock.fileno())
        until(lambda: says(log, "up"))
        lock.close()
        running.terminate()
        until(lambda: says(log, "heard"))
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.kill(pid, signal.SIGKILL)
        running.wait(60)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_command_that_cannot_start_is_reported(
    guards: list[subprocess.Popen[bytes]], log: Path, tmp_path: Path
) -> None:
    running, _ = start(guards, log, [str(tmp_path / "nothing")])
    assert running.stdout
    assert running.stdout.read().decode() == f"{tmp_path}/nothing: No such file or directory"
    assert running.wait(60) == 127
