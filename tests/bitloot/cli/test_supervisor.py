"""A process that dies is started again, ever more slowly while it keeps dying."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitloot.cli.supervisor import Supervisor
from bitloot.engines.process import CannotStart, Process
from bitloot.engines.valkey import ValkeyEngine
from tests.waiting import until


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    argv = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
    process = Process("web", argv, {}, tmp_path / "log").start()
    yield process
    process.kill()


def looked(watch: Supervisor, said: list[str], ending: str) -> bool:
    watch.look()
    return bool(said) and said[-1].endswith(ending)


def test_a_killed_process_is_started_again(process: Process, said: list[str]) -> None:
    watch = Supervisor({"web": process}, said.append, first=0.05, longest=0.2)
    watch.look()
    assert said == []
    first = process.pid
    process.kill()
    until(lambda: looked(watch, said, "is up again"))
    assert process.running
    assert process.pid != first
    assert said[0] == "web was killed (SIGKILL); starting it in 0.05 s"


def test_an_engine_comes_back_where_the_others_look_for_it(tmp_path: Path, said: list[str]) -> None:
    with ValkeyEngine(tmp_path, durable=False) as engine:
        watch = Supervisor({"Valkey": engine}, said.append, first=0.05, longest=0.2)
        before = engine.url
        assert engine.process is not None
        engine.process.kill()
        until(lambda: looked(watch, said, "is up again"))
        assert (engine.url, engine.running) == (before, True)


def test_an_engine_that_cannot_start_is_said_not_to_run(tmp_path: Path, said: list[str]) -> None:
    with ValkeyEngine(tmp_path, durable=False):
        second = ValkeyEngine(tmp_path, durable=False)
        with pytest.raises(CannotStart):
            second.start()
        watch = Supervisor({"Valkey": second}, said.append, first=0.05, longest=0.2)
        watch.look()
        assert said == ["Valkey does not run; starting it in 0.05 s"]


def test_the_pause_grows_while_it_keeps_dying(tmp_path: Path, said: list[str]) -> None:
    broken = Process("web", [sys.executable, "-I", "-S", "-c", "raise SystemExit(3)"], {}, tmp_path / "log")
    watch = Supervisor({"web": broken.start()}, said.append, first=0.05, longest=0.2)
    until(lambda: looked(watch, said, "in 0.2 s"))
    pauses = [sentence.rpartition(" in ")[2] for sentence in said if "ended with 3" in sentence]
    assert pauses == ["0.05 s", "0.1 s", "0.2 s"]
    broken.kill()


def test_one_that_cannot_even_start_is_tried_on(tmp_path: Path, said: list[str]) -> None:
    ghost = Process("ghost", [str(tmp_path / "ghost")], {}, tmp_path / "log")
    watch = Supervisor({"ghost": ghost}, said.append, first=0.05, longest=0.2)
    until(lambda: looked(watch, said, "No such file or directory"))
