"""Things that happen a moment later."""

from __future__ import annotations

import logging
import threading

import pytest

from tests.waiting import until
from web.standins.later import Later


def test_what_is_due_first_comes_first() -> None:
    later, seen, done = Later(), list[str](), threading.Event()
    later.call(60, lambda: seen.append("last"))
    later.call(0.5, done.set)
    later.call(0.01, lambda: seen.append("first"))
    assert done.wait(10)
    until(lambda: later.pending() == 1)
    later.close()
    assert seen == ["first"]


def test_what_was_forgotten_never_happens() -> None:
    later, seen = Later(), list[str]()
    later.call(0.2, lambda: seen.append("forgotten"))
    assert later.pending() == 1
    later.forget()
    done = threading.Event()
    later.call(0.25, done.set)
    assert done.wait(10)
    later.close()
    assert seen == []


def test_after_the_close_nothing_more_is_taken() -> None:
    later = Later()
    later.call(60, lambda: None)
    later.close()
    later.call(0, lambda: None)
    assert later.pending() == 0


def test_an_error_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    later, done = Later(), threading.Event()
    with caplog.at_level(logging.ERROR, logger="web.standins.later"):
        later.call(0, lambda: 1 / 0)
        until(lambda: bool(caplog.records))
        later.call(0, done.set)
        assert done.wait(10)
    later.close()
