"""A child process: its real pid, its log, its end."""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bitloot.engines.ports import free_port
from bitloot.engines.process import CannotStart, Process
from tests.waiting import gone


@pytest.fixture
def python(tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    """Makes a process that runs a piece of Python; stopped when the test ends."""
    made: list[Process] = []

    def make(code: str) -> Process:
        argv = [sys.executable, "-I", "-S", "-u", "-c", code]
        made.append(Process("the sleeper", argv, {"GREETING": "hello"}, tmp_path / "logs" / "log"))
        return made[-1]

    yield make
    for process in made:
        process.kill()


def test_it_is_known_by_its_real_pid(python: Callable[[str], Process]) -> None:
    process = python("import os; print(os.getpid(), flush=True); import time; time.sleep(600)").start()
    process.wait_for(lambda: process.log.read_text() != "")
    assert process.pid == int(process.log.read_text())
    assert process.running


def test_it_stops_when_asked_and_tells_how(python: Callable[[str], Process]) -> None:
    code = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(3)); print('up'); time.sleep(600)"
    process = python(code).start()
    process.wait_for(lambda: "up" in process.log.read_text())
    assert process.poll() is None
    assert process.stop() == 3
    assert process.poll() == 3
    assert process.stop() == 3


def test_several_may_drain_at_once(python: Callable[[str], Process]) -> None:
    processes = [python("import time; time.sleep(600)").start() for _ in range(2)]
    for process in processes:
        process.ask_to_stop()
    assert [process.stop() for process in processes] == [-signal.SIGTERM] * 2


def test_a_kill_leaves_nothing(python: Callable[[str], Process]) -> None:
    process = python("import time; time.sleep(600)").start()
    pid = process.pid
    assert process.kill() == -signal.SIGKILL
    assert gone(pid)


def test_it_can_be_stalled_and_woken(python: Callable[[str], Process]) -> None:
    process = python("import time; time.sleep(600)").start()
    process.signal(signal.SIGSTOP)
    process.wait_for(lambda: Path(f"/proc/{process.pid}/stat").read_text().split()[2] == "T")
    process.signal(signal.SIGCONT)
    process.wait_for(lambda: Path(f"/proc/{process.pid}/stat").read_text().split()[2] == "S")


def test_all_of_it_can_be_stalled(python: Callable[[str], Process]) -> None:
    process = python("import os, time; print(os.fork(), flush=True); time.sleep(600)").start()
    process.wait_for(lambda: len(process.log.read_text().split()) == 2)
    child = max(map(int, process.log.read_text().split()))
    for number, state in ((signal.SIGSTOP, "T"), (signal.SIGCONT, "S")):
        process.signal(number, all_of_it=True)
        for pid in (process.pid, child):
            process.wait_for(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == state)  # noqa: B023


def test_it_gets_the_given_environment_and_nothing_else(python: Callable[[str], Process]) -> None:
    process = python("import os; print(sorted(os.environ))").start()
    assert process.wait(60) == 0
    names = process.log.read_text()
    assert "GREETING" in names
    assert "HOME" not in names


def test_its_log_is_private_and_kept_over_restarts(python: Callable[[str], Process]) -> None:
    process = python("print('once')")
    for _ in range(2):
        process.start().wait(60)
    assert process.log.read_text() == "once\nonce\n"
    assert stat.S_IMODE(process.log.stat().st_mode) == 0o600
    assert process.last_lines() == "once"


def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    process = Process("the ghost", [str(tmp_path / "ghost")], {}, tmp_path / "log")
    with pytest.raises(CannotStart, match=r"^the ghost cannot be started: .*No such file or directory$"):
        process.start()
    assert not process.running


def test_one_that_ends_early_is_not_waited_for(python: Callable[[str], Process]) -> None:
    process = python("print('no money'); raise SystemExit(4)").start()
    with pytest.raises(CannotStart, match="the sleeper ended with 4: no money"):
        process.wait_for(free_port())


def test_one_that_is_not_ready_in_time_says_so(python: Callable[[str], Process]) -> None:
    process = python("import time; time.sleep(600)").start()
    with pytest.raises(CannotStart, match="not ready after"):
        process.wait_for(lambda: False, seconds=0.1)


def test_it_waits_for_a_port(python: Callable[[str], Process]) -> None:
    port = free_port()
    process = python(
        f"import socket, time; s = socket.socket(); s.bind(('127.0.0.1', {port})); s.listen(); time.sleep(600)"
    ).start()
    process.wait_for(port)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        assert connection.getpeername()[1] == port


def test_a_second_start_of_a_running_one_is_refused(python: Callable[[str], Process]) -> None:
    process = python("import time; time.sleep(600)").start()
    with pytest.raises(CannotStart, match="already running"):
        process.start()


def test_used_in_a_with_block_it_ends_with_it(python: Callable[[str], Process]) -> None:
    with python("import time; time.sleep(600)") as process:
        assert os.getpgid(process.pid) == process.pid
    assert gone(process.pid)
