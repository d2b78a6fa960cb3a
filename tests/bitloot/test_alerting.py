"""The signed sink: what Standard Webhooks ask of a sender."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from pydantic import SecretStr

from bitloot.alerting import AlertSink, advice
from bitloot.errors import Retryable
from tests.bitloot.scripted_http import Reply, scripted

KEY = bytes(range(32))
SECRET = SecretStr("whsec_" + base64.b64encode(KEY).decode())


def test_id_time_and_body_are_signed() -> None:
    with scripted(lambda _: Reply(200, b"{}")) as server:
        AlertSink(server.url, SECRET).send("alert-1", {"type": "alert.stuck", "data": {"what": "Schlüssel"}})
    (request,) = server.requests
    head, body = request.headers, request.body
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert (head["webhook-id"], head["webhook-signature"]) == ("alert-1", f"v1,{expected}")
    assert json.loads(body)["data"] == {"what": "Schlüssel"}


def test_doubt_is_tried_again_since_the_id_makes_that_safe() -> None:
    with scripted(lambda _: Reply(502)) as server, pytest.raises(Retryable):
        AlertSink(server.url, SECRET).send("alert-1", {})


@pytest.mark.parametrize("kind", ["stuck", "dead_job", "blocked", "quiet", "refusals", "underpaid"])
def test_every_alert_says_what_and_what_to_do(kind: str) -> None:
    what, todo = advice(kind, "kinguin", "0f")
    assert "{" not in what + todo
    assert "kinguin" in what or "0f" in what
    assert todo
