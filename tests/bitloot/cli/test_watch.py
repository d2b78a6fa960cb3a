"""`bitloot watch`, as a process of its own beside a running shop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bitloot.cli import watch
from bitloot.cli.house import House
from bitloot.cli.shopper import Shopper
from bitloot.cli.watch import _told
from tests.bitloot.cli.conftest import Bitloot
from web.relay.client import Subscribed


@contextmanager
def watching(house: House, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "bitloot", "watch", *arguments]
    environ = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"} | house.environ
    with subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)  # before its output is closed: what it still tells would fail


def line_with(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    return next(line for line in process.stdout if words in line)


def test_an_order_is_told_in_lines_that_a_person_likes(house: House) -> None:
    shopper = Shopper(house.settings, "bob@example.com")
    shopper.order([("tin-parade", 1)], "btc")
    with watching(house, str(shopper.order_id)[:8]) as process:
        assert "is created, since " in line_with(process, f"order {shopper.order_id}")
        shopper.pay()
        line = line_with(process, "payment:confirmed")
    shopper.close()
    assert str(shopper.order_id)[:8] in line
    assert "created → paid   by " in line
    assert process.returncode == 130


def test_machines_get_a_document_a_line_and_everything_that_happens(house: House) -> None:
    shopper = Shopper(house.settings, "bob@example.com")
    with watching(house, "--json") as process:
        assert json.loads(line_with(process, '"orders"'))["recovered"] is None
        line_with(process, '"webhooks"')
        shopper.order([("tin-parade", 1)], "btc")
        event = json.loads(line_with(process, str(shopper.order_id)))
    shopper.close()
    assert (event["type"], event["seq"], event["data"]["dst"]) == ("fulfillment:status", 1, "created")


def test_an_order_that_is_not_there_is_a_sentence(
    bitloot: Bitloot, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    said = bitloot("watch", str(uuid.uuid4()))
    assert (said.code, said.err) == (1, "✗ There is no such order, or this token may not see it.\n")


def test_without_any_token_it_says_what_is_missing(bitloot: Bitloot, nowhere: Path) -> None:
    said = bitloot("watch")
    assert said.code == 2
    assert "BITLOOT_TOKEN" in said.err
    assert "`bitloot up` prints a token" in said.err


def test_a_relay_that_does_not_answer_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two tries in vain, and then it is there."""
    start = Subscribed(order=None, topic="orders", recovered=None, cursor="1", snapshot=None)

    async def follow(
        *_: object, unreachable: Callable[[], None], **__: object
    ) -> AsyncGenerator[Subscribed, None]:
        unreachable()
        unreachable()
        yield start

    monkeypatch.setattr(watch, "follow", follow)
    heard: list[object] = []
    asyncio.run(watch._watch("ws://127.0.0.1:9", "a token", None, None, heard.append))
    assert heard == [start]
    assert capsys.readouterr().err == (
        "! The relay at ws://127.0.0.1:9 cannot be reached; trying again.\n· The relay answers.\n"
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"src": None, "dst": "created"}, "· → created"),
        (
            {"src": "paid", "dst": "failed", "actor": "reserve", "reason": "sold out"},
            "paid → failed   by reserve: sold out",
        ),
        ({"order": "x", "actor": "notify", "ms": 3}, "actor=notify  ms=3"),
    ],
)
def test_what_happened_is_told_in_words(data: dict[str, object], words: str) -> None:
    assert _told(data) == words
