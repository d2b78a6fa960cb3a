"""The outgoing client asks its gate before a call, and tells it afterwards."""

from __future__ import annotations

import pytest

from bitloot.errors import BitLootError, Permanent, Retryable
from tests.bitloot.fetching import client, failure
from tests.bitloot.rude_server import answering, serving


class Book:
    """A gate that lets all but `closed` through, and writes down what it hears."""

    def __init__(self, closed: str = "") -> None:
        self.closed = closed
        self.heard: list[tuple[str, int | None, str]] = []

    def admit(self, method: str, path: str) -> None:
        if method == self.closed:
            raise Retryable("shut", code="shut", after=3)

    def report(self, method: str, status: int | None, failure: BitLootError | None) -> None:
        self.heard.append((method, status, failure.code if failure else "fine"))


def test_a_shut_gate_refuses_before_a_byte_leaves() -> None:
    book = Book(closed="POST")
    with serving(answering("200 OK", b"{}")) as server:
        error = failure("POST", client(server.url, gate=book))
    assert (type(error), error.code, server.requests) == (Retryable, "shut", [])
    assert book.heard == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_gate_hears_how_each_call_ended(method: str) -> None:
    book = Book()
    with serving(answering("404 Not Found", b"")) as server:
        assert isinstance(failure(method, client(server.url, gate=book)), Permanent)
    with serving(answering("200 OK", b"{}")) as server:
        client(server.url, gate=book).get("/")
    failure(method, client("http://127.0.0.1:9", gate=book))
    assert book.heard == [(method, 404, "not_found"), ("GET", 200, "fine"), (method, None, "connection")]
