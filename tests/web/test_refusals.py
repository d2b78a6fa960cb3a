"""What the worker says by itself."""

from __future__ import annotations

import json

import pytest
from gunicorn.http import errors  # type: ignore[import-untyped]

from web.refusals import Refusal, refusal_for


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
