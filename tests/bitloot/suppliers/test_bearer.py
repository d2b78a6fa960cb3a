"""Bearer tokens: one fetch for many threads, renewed in time, refused without doubt."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from bitloot.errors import BitLootError, Blocked, Retryable
from bitloot.suppliers import bearer as bearer_module
from bitloot.suppliers.bearer import ClientCredentials
from tests.bitloot.rude_server import RudeServer, answering, read_request, serving

SECRET = "a-client-secret-of-the-tests"


def _credentials(url: str) -> ClientCredentials:
    return ClientCredentials(f"{url}/auth/token", "client-1", SecretStr(SECRET), name="shop")


def _issuing(life: Any) -> Any:
    """Gives out t1, t2, …"""
    lock = threading.Lock()
    issued = [0]

    def manner(conn: socket.socket, server: RudeServer) -> None:
        while read_request(conn, server):
            with lock:
                issued[0] += 1
                body = json.dumps(
                    {"access_token": f"t{issued[0]}", "expires_in": life, "token_type": "bearer"}
                )
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            conn.sendall((head + body).encode())

    return manner


def test_it_asks_by_form_and_shows_nothing() -> None:
    with serving(_issuing(3600)) as server:
        bearer = _credentials(server.url).bearer()
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /auth/token HTTP/1.1")
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    assert parse_qs(body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["client-1"],
        "client_secret": [SECRET],
    }
    assert bearer.header["Authorization"].get_secret_value() == "Bearer t1"
    assert "t1" not in repr(bearer)


def test_many_threads_fetch_one_token() -> None:
    with serving(_issuing(3600)) as server:
        credentials = _credentials(server.url)
        with ThreadPoolExecutor(8) as threads:
            bearers = list(threads.map(lambda _: credentials.bearer(), range(40)))
    assert len(server.requests) == 1
    assert len(set(map(id, bearers))) == 1


def test_many_threads_that_were_refused_fetch_one_other_token() -> None:
    with serving(_issuing(3600)) as server:
        credentials = _credentials(server.url)
        refused = credentials.bearer()
        with ThreadPoolExecutor(8) as threads:
            bearers = list(threads.map(lambda _: credentials.bearer(instead_of=refused), range(40)))
    assert {bearer.token.get_secret_value() for bearer in bearers} == {"t2"}
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("life", "good_for"), [(3600, 3540), (100, 80), ("100", 80), (None, 240), ("soon", 240), (True, 240)]
)
def test_it_is_renewed_before_its_end(monkeypatch: pytest.MonkeyPatch, life: Any, good_for: float) -> None:
    clock = [1000.0]

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return clock[0]

    monkeypatch.setattr(bearer_module, "time", Clock)
    with serving(_issuing(life)) as server:
        credentials = _credentials(server.url)
        credentials.bearer()
        clock[0] += good_for - 1
        credentials.bearer()
        assert len(server.requests) == 1
        clock[0] += 1
        credentials.bearer()
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("401 Unauthorized", b'{"error":"invalid_client"}', Blocked),
        ("400 Bad Request", b'{"error":"invalid_request"}', Blocked),
        ("403 Forbidden", b"<html>", Blocked),
        ("404 Not Found", b"<html>", Blocked),
        ("429 Too Many Requests", b"", Retryable),
        ("500 Internal Server Error", b"", Retryable),
        ("302 Found", b"", Retryable),
        ("200 OK", b"<html>", Retryable),
        ("200 OK", b"[]", Retryable),
        ("200 OK", b"{}", Retryable),
        ("200 OK", b'{"access_token":""}', Retryable),
        ("200 OK", b'{"access_token":"a\\r\\nX: y"}', Retryable),
    ],
)
def test_without_a_token_nothing_is_in_doubt(status: str, body: bytes, kind: type[BitLootError]) -> None:
    with serving(answering(status, body)) as server:
        with pytest.raises(BitLootError) as raised:
            _credentials(server.url).bearer()
        assert type(raised.value) is kind
        assert SECRET not in str(raised.value)
        assert len(server.requests) == 1


def test_a_failed_renewal_is_tried_again() -> None:
    manners = iter([answering("500 Internal Server Error"), _issuing(3600)])
    with serving(lambda conn, server: next(manners)(conn, server)) as server:
        credentials = _credentials(server.url)
        with pytest.raises(Retryable):
            credentials.bearer()
        assert credentials.bearer().token.get_secret_value() == "t1"
