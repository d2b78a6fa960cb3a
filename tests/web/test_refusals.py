"""What the worker says by itself."""

from __future__ import annotations

import json
import logging
import socket
import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest
from gunicorn.http import errors  # type: ignore[import-untyped]

from web.refusals import Refusal, refusal_for
from web.worker import GatheringWorker


def test_a_refusal_is_a_whole_http_answer() -> None:
    head, _, body = Refusal(413, "body_too_large").answer().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in head
    assert b"Content-Length: %d\r\n" % len(body) in head
    assert json.loads(body)["code"] == "body_too_large"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.LimitRequestLine(5000, 4094), 414),
        (errors.LimitRequestHeaders("fields"), 431),
        (errors.UnsupportedTransferCoding("magic"), 501),
        (errors.ExpectationFailed("x"), 417),
        (errors.InvalidHeader("x"), 400),
        (errors.InvalidRequestLine("x"), 400),
        (errors.InvalidChunkSize(b"x"), 400),
        (errors.InvalidResponseHeader("x"), 500),
        (RuntimeError("x"), 500),
    ],
)
def test_the_clients_faults_are_4xx_and_ours_500(error: Exception, status: int) -> None:
    assert refusal_for(error).status == status


def test_a_refusal_waits_for_no_client_that_does_not_read() -> None:
    """At the desk that would stop the loop for all, and a thread for good: nothing else ends such a wait."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        with suppress(BlockingIOError):
            while True:  # until no more goes in
                ours.send(bytes(65536))
        ours.setblocking(True)  # as gunicorn leaves it
        worker = SimpleNamespace(log=logging.getLogger(__name__))
        said = (worker, None, ours, None, errors.InvalidRequestLine("x"))
        refusing = threading.Thread(target=GatheringWorker.handle_error, args=said, daemon=True)
        refusing.start()
        refusing.join(60)
        assert not refusing.is_alive()
