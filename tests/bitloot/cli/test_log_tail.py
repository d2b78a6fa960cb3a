"""Lines of several logs, under their names, as they come."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from bitloot.cli.log_tail import APART, LogTail


@pytest.fixture
def printed() -> io.StringIO:
    return io.StringIO()


def test_new_lines_are_printed_once_under_their_names(tmp_path: Path, printed: io.StringIO) -> None:
    logs = {"web": tmp_path / "web.log", "worker": tmp_path / "worker.log"}
    logs["web"].write_text("old\n")
    tail = LogTail(logs, Console(file=printed))
    with logs["web"].open("a") as web:
        web.write("one [bold]\ntwo\nhalf")
    logs["worker"].write_text("three\n")
    tail.look()
    tail.look()
    assert printed.getvalue().splitlines() == ["web    │ one [bold]", "web    │ two", "worker │ three"]
    with logs["web"].open("a") as web:
        web.write(" a line\n")
    tail.look()
    assert printed.getvalue().splitlines()[-1] == "web    │ half a line"


def test_of_a_quiet_tail_only_trouble_is_printed(tmp_path: Path, printed: io.StringIO) -> None:
    path = tmp_path / "web.log"
    tail = LogTail({"web": path}, Console(file=printed, width=200), all_lines=False)
    usual, odd = (
        "2026-11-22T04:00:00Z [info     ] fine [web]",
        "2026-11-22T04:00:01Z [error    ] it broke [web] a=1",
    )
    path.write_text(f'{usual}\n{odd}\n{{"level": "warning"}}\n')
    tail.look()
    assert printed.getvalue().splitlines() == ["web │ 04:00:01 it broke", 'web │ {"level": "warning"}']


def test_trouble_that_comes_again_and_again_is_counted(tmp_path: Path, printed: io.StringIO) -> None:
    path, now = tmp_path / "web.log", [0.0]
    tail = LogTail({"web": path}, Console(file=printed, width=200), all_lines=False, clock=lambda: now[0])
    path.write_text("2026-11-22T04:00:01Z [error    ] it broke [web]\n" * 12)
    tail.look()
    now[0] = APART
    tail.look()
    tail.look()
    assert printed.getvalue().splitlines() == ["web │ 04:00:01 it broke", "web │   11 more: it broke"]


def test_a_log_that_is_not_there_yet_is_waited_for(tmp_path: Path, printed: io.StringIO) -> None:
    tail = LogTail({"web": tmp_path / "web.log"}, Console(file=printed))
    tail.look()
    (tmp_path / "web.log").write_text("first\n")
    tail.look()
    assert printed.getvalue() == "web │ first\n"
