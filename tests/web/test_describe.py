"""Promises stand beside responders."""

from __future__ import annotations

from web.describe import describe, described


def test_a_responder_carries_its_promise() -> None:
    @describe("Says hello", who="anyone", tag="test", answers={204: None}, refusals=[404])
    def on_get() -> None:
        return None

    promise = described(on_get)
    assert promise is not None
    assert (promise.summary, promise.who, promise.answers) == ("Says hello", "anyone", {204: None})
    assert on_get() is None


def test_what_promises_nothing_says_so() -> None:
    assert described(None) is None
    assert described(print) is None
