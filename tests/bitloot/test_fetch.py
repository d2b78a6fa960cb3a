"""The outgoing client against a server that misbehaves for real."""

from __future__ import annotations

import gzip
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from bitloot.answer import Answer
from bitloot.errors import Ambiguous, BitLootError, Blocked, Permanent, Retryable
from bitloot.fetch import Fetch, path_part
from tests.bitloot.fetching import SECRET, client, failure
from tests.bitloot.rude_server import RudeServer, answering, read_request, serving

# --- what goes out and comes back


def test_a_post_carries_plain_decimals_and_the_revealed_header() -> None:
    with serving(answering("201 Created", b'{"id":7}', X_Trace="t-1")) as server:
        fetch = client(server.url + "/base/")
        answer = fetch.post("/thing", json={"price": Decimal("1E-7"), "name": "é"})
        fetch.close()
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /base/thing HTTP/1.1\r\n")
    assert f"X-Api-Key: {SECRET}".encode() in head
    assert b"Content-Type: application/json" in head
    assert body == '{"price":0.0000001,"name":"é"}'.encode()
    assert (answer.status, answer.headers["x-trace"], answer.json()) == (201, "t-1", {"id": 7})


def test_a_get_carries_its_parameters_and_a_form_its_fields() -> None:
    with serving(answering("200 OK", b"{}")) as server:
        fetch = client(server.url)
        fetch.get("/search", {"orderExternalId": "BL-1 &x"}, headers={"Authorization": SecretStr("Bearer t")})
        fetch.post("", form={"grant_type": "client_credentials"})
        fetch.post("/give")
        fetch.close()
    assert server.requests[0].startswith(b"GET /search?orderExternalId=BL-1+%26x HTTP/1.1")
    assert b"Authorization: Bearer t" in server.requests[0]
    assert server.requests[1].endswith(b"\r\n\r\ngrant_type=client_credentials")
    assert b"Content-Length: 0\r\n" in server.requests[2]


def test_a_compressed_answer_is_read() -> None:
    body = gzip.compress(b'{"ok":true}')
    with serving(answering("200 OK", body, Content_Encoding="gzip")) as server:
        assert client(server.url).get("/").json() == {"ok": True}


def test_proxies_netrc_and_cookies_are_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", os.fspath(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with serving(answering("200 OK", b"{}", Set_Cookie="session=1; Path=/")) as server:
        fetch = client(server.url)
        fetch.get("/")
        fetch.get("/")
        fetch.close()
    assert len(server.requests) == 2
    assert not any(b"Cookie" in request or b"Authorization: Basic" in request for request in server.requests)


def test_reads_share_a_connection_and_each_post_has_its_own() -> None:
    with serving(answering("200 OK", b"{}")) as server:
        fetch = client(server.url)
        for _ in range(3):
            fetch.get("/")
        assert server.connections == 1
        for _ in range(3):
            fetch.post("/")
        assert server.connections == 4
        assert all(b"Connection: close" in request for request in server.requests[3:])
        for _ in range(3):
            fetch.post("/", harmless=True)
        assert server.connections == 4
        fetch.close()


def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    """102 looks final to http.client; what follows it must not answer another question."""

    def manner(conn: socket.socket, server: RudeServer) -> None:
        if b"GET /slow" in read_request(conn, server):
            conn.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
            late = b'"one"' if read_request(conn, server) else b""  # asked again before the first is answered
        else:
            late = b'"two"'
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + late)

    with serving(manner) as server:
        fetch = client(server.url)
        with pytest.raises(Retryable):
            fetch.get("/slow")
        assert fetch.get("/quick").json() == "two"
        fetch.close()


def test_threads_share_one_client() -> None:
    with serving(answering("200 OK", b'{"n":1.50}')) as server:
        fetch = client(server.url)
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: fetch.get("/").json(), range(64)))
        fetch.close()
    assert answers == [{"n": Decimal("1.50")}] * 64
    assert server.connections <= 8


# --- whole answers


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_full_house_says_when_to_come_back(method: str) -> None:
    with serving(answering("429 Too Many Requests", b"<html>", Retry_After="7")) as server:
        error = failure(method, client(server.url))
    assert isinstance(error, Retryable)
    assert error.code == "rate_limited"
    assert error.after == 7


def test_a_full_house_may_name_a_date_or_nothing() -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=600)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with serving(answering("429 Too Many Requests", Retry_After=soon)) as server:
        error = failure("POST", client(server.url))
        assert isinstance(error, Retryable)
        assert 0 < (error.after or 0) <= 600
    with serving(answering("429 Too Many Requests")) as server:
        error = failure("POST", client(server.url))
        assert isinstance(error, Retryable)
        assert error.after is None


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("401 Unauthorized", Blocked, "unauthorized"),
        ("403 Forbidden", Blocked, "forbidden"),
        ("404 Not Found", Permanent, "not_found"),
        ("422 Unprocessable Content", Permanent, "http_422"),
    ],
)
def test_a_refusal_is_sorted_by_its_status(
    method: str, status: str, kind: type[BitLootError], code: str
) -> None:
    with serving(answering(status, b"<html>cloudflare</html>")) as server:
        error = failure(method, client(server.url))
    assert type(error) is kind
    assert error.code == code


def test_an_adapter_may_name_a_refusal_first() -> None:
    def classify(answer: Answer) -> BitLootError | None:
        assert answer.method == "POST"
        return Blocked("shop: no funds", code="no_funds") if answer.json()["kind"] == "NoFunds" else None

    for body, kind in ((b'{"kind":"NoFunds"}', Blocked), (b'{"kind":"Other"}', Permanent)):
        with serving(answering("422 Unprocessable Content", body)) as server:
            assert type(failure("POST", client(server.url, classify=classify))) is kind


def test_a_header_that_http_cannot_carry_breaks_nothing_and_shows_nothing() -> None:
    with serving(answering("200 OK")) as server:
        fetch = Fetch(server.url, headers={"X-Api-Key": SecretStr(f"{SECRET}\nX: y")})
        error = failure("POST", fetch)
        assert isinstance(error, Ambiguous)
        assert server.requests == []


@pytest.mark.parametrize(
    "reference", ["", ".", "..", "a/b", "a?b", "a#b", "a b", "a%2e", "é", "x" * 129, "a\n"]
)
def test_a_reference_cannot_change_the_address(reference: str) -> None:
    with pytest.raises(Permanent) as refused:
        path_part(reference)
    assert refused.value.code == "bad_reference"
    assert path_part("res-0001_A") == "res-0001_A"
