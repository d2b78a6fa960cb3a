"""One runner per directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bitloot.engines.lock import hold, release
from bitloot.engines.process import CannotStart

HOLDER = """
import sys, time, pathlib
from bitloot.engines.lock import hold
hold(pathlib.Path(sys.argv[1]), "Valkey")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_runner_gets_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "valkey" / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CannotStart) as refused:
            hold(path, "Valkey")
        assert str(refused.value) == f"Valkey in {path.parent} is already run by process {holder.pid}."
        holder.kill()


def test_after_the_holder_died_the_next_one_gets_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        holder.kill()
    descriptor = hold(path, "Valkey")
    assert path.read_text() == str(os.getpid())
    release(descriptor)


def test_a_released_lock_is_free_again(tmp_path: Path) -> None:
    release(hold(tmp_path / "lock", "Valkey"))
    release(hold(tmp_path / "lock", "Valkey"))
