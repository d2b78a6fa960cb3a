"""`bitloot`: commands by name, errors as sentences, exit codes that mean something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import psycopg2
import pytest
import redis

from bitloot.cli import root
from bitloot.errors import Blocked, UnsafeSettings
from tests.bitloot.cli.conftest import Bitloot


def test_help_names_every_command(bitloot: Bitloot) -> None:
    said = bitloot("--help")
    assert said.code == 0
    for name, (_, line) in root.COMMANDS.items():
        assert f"  {name} " in said.out
        assert f"  {line}\n" in said.out  # on one line, and whole


@pytest.mark.parametrize("name", list(root.COMMANDS))
def test_every_command_explains_itself(bitloot: Bitloot, name: str) -> None:
    said = bitloot(name, "--help")
    assert said.code == 0
    assert len(said.out.splitlines()) > 3


@pytest.mark.parametrize("words", [(), ("notices",), ("jobs",)], ids=["none", "notices", "jobs"])
def test_a_group_without_a_command_shows_its_help(bitloot: Bitloot, words: tuple[str, ...]) -> None:
    said = bitloot(*words)
    assert (said.code, said.err) == (0, "")
    assert said.out == bitloot(*words, "--help").out


def test_an_unknown_command_is_a_usage_error(bitloot: Bitloot) -> None:
    said = bitloot("sell")
    assert said.code == 2
    assert "No such command 'sell'" in said.err


def test_the_version_is_told(bitloot: Bitloot) -> None:
    assert bitloot("--version").out.startswith("bitloot, version ")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UnsafeSettings(["One is missing.", "Two is short."]), 2, ["cannot start", "• One is", "• Two is"]),
        (Blocked("kinguin: no balance"), 1, ["✗ kinguin: no balance"]),
        (Blocked("a[/] is no answer"), 1, ["✗ a[/] is no answer"]),
        (psycopg2.OperationalError("host=db password=pw"), 1, ["✗ The database cannot be reached."]),
        (redis.ConnectionError("redis://:pw@queue"), 1, ["✗ Redis cannot be reached."]),
        (KeyboardInterrupt(), 130, []),
    ],
    ids=["unsafe", "ours", "brackets", "database", "redis", "interrupt"],
)
def test_an_error_is_a_sentence_and_a_code(
    bitloot: Bitloot, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: list[str]
) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr("bitloot.cli.sweep.command", failing)
    ended = bitloot("sweep")
    assert ended.code == code
    assert ended.out == ""
    assert "pw" not in ended.err
    for part in said:
        assert part in ended.err


def test_who_read_enough_ends_it_as_sigpipe_would_and_without_a_word(nowhere: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "bitloot", "actors"], stdout=nobody, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (141, b"")


def test_what_an_encoding_lacks_is_a_question_mark(nowhere: Path) -> None:
    environ = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "bitloot", "actors"], capture_output=True, env=environ, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Jitter: ?1 to ?2" in done.stdout


def test_it_runs_as_a_module_and_starts_without_a_database(nowhere: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bitloot", "migrate"], capture_output=True, text=True, check=False, cwd=nowhere
    )
    assert done.returncode == 2
    assert "DATABASE_URL is missing" in done.stderr
    assert "Traceback" not in done.stderr
