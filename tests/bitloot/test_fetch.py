"""The outgoing client against a server that misbehaves for real."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from bitloot.answer import Answer
from bitloot.errors import Ambiguous, BitLootError, Blocked, Permanent, Retryable
from bitloot.fetch import Fetch, path_part
from tests.bitloot.rude_server import RudeServer, answering, read_request, reset, serving

Manner = Callable[[socket.socket, RudeServer], None]

SECRET = "api-key-that-must-not-show"


def client(url: str, **limits: Any) -> Fetch:
    return Fetch(url, name="shop", headers={"X-Api-Key": SecretStr(SECRET)}, **limits)


def failure(method: str, fetch: Fetch) -> BitLootError:
    calls: dict[str, Callable[[str], Answer]] = {
        "GET": fetch.get,
        "POST": partial(fetch.post, json={"price": Decimal("0.10")}),
    }
    with pytest.raises(BitLootError) as raised:
        calls[method]("/thing")
    fetch.close()
    error = raised.value
    assert SECRET not in "".join(traceback.format_exception(error))
    assert error.__context__ is None
    return error


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


# --- certainly not sent: a repeat is free


def test_a_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for method in ("GET", "POST"):
        error = failure(method, client(f"http://127.0.0.1:{port}"))
        assert type(error) is Retryable
        assert error.code == "connection"


def test_a_name_that_does_not_resolve_was_not_sent() -> None:
    assert type(failure("POST", client("http://no-such-host.invalid"))) is Retryable


def test_a_connection_that_is_never_accepted_was_not_sent() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(full.getsockname())  # the backlog is full now: more are left without an answer
            error = failure("POST", client(f"http://127.0.0.1:{full.getsockname()[1]}", connect_timeout=0.2))
    assert type(error) is Retryable
    assert error.code == "timeout"


@pytest.fixture(scope="module")
def strange_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
    )
    path = tmp_path_factory.mktemp("tls") / "strange.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_certificate_that_nobody_vouches_for_gets_nothing(strange_tls: ssl.SSLContext) -> None:
    with serving(answering("200 OK", b"{}"), strange_tls) as server:
        error = failure("POST", client(server.url))
        assert type(error) is Retryable
        assert error.code == "tls"
        assert server.requests == []


def test_a_peer_that_never_shakes_hands_got_nothing() -> None:
    def silent(conn: socket.socket, server: RudeServer) -> None:
        conn.recv(65536)
        server.closing.wait(10)

    with serving(silent) as server:
        error = failure("POST", client(server.url.replace("http:", "https:"), connect_timeout=0.2))
    assert type(error) is Retryable


# --- sent, and no whole answer: a read may be repeated, a POST is in doubt


def _hang_up(conn: socket.socket, server: RudeServer) -> None:
    read_request(conn, server)


def _reset(conn: socket.socket, server: RudeServer) -> None:
    read_request(conn, server)
    reset(conn)


def _reset_unread(conn: socket.socket, server: RudeServer) -> None:
    conn.recv(1)
    reset(conn)


def _silence(conn: socket.socket, server: RudeServer) -> None:
    read_request(conn, server)
    server.closing.wait(10)


def _drip(head: bytes, unit: bytes) -> Manner:
    def manner(conn: socket.socket, server: RudeServer) -> None:
        read_request(conn, server)
        conn.sendall(head)
        while not server.closing.wait(0.02):
            conn.sendall(unit)

    return manner


def _saying(reply: bytes) -> Manner:
    def manner(conn: socket.socket, server: RudeServer) -> None:
        read_request(conn, server)
        conn.sendall(reply)

    return manner


def _oversize(conn: socket.socket, server: RudeServer) -> None:
    read_request(conn, server)
    conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not server.closing.is_set():
        conn.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


BOMB = gzip.compress(b"0" * 20_000_000)

DRIPPED_HEAD = b"HTTP/1.1 200 OK\r\nX-Drip: "
DRIPPED_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
DRIPPED_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

RUDE: dict[str, tuple[Manner, str]] = {
    "hangs up": (_hang_up, "connection"),
    "resets": (_reset, "connection"),
    "resets in the middle of the request": (_reset_unread, "connection"),
    "says nothing": (_silence, "timeout"),
    "drips its head": (_drip(DRIPPED_HEAD, b"x"), "deadline"),
    "drips its body": (_drip(DRIPPED_BODY, b"x"), "deadline"),
    "drips chunks": (_drip(DRIPPED_CHUNKS, b"1\r\nx\r\n"), "deadline"),
    "drips interim answers": (_drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "deadline"),
    "answers before it is done": (_saying(b"HTTP/1.1 102 Processing\r\n\r\n"), "http_102"),
    "says less than it promised": (
        _saying(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{}"),
        "connection",
    ),
    "breaks off a chunk": (
        _saying(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}"),
        "connection",
    ),
    "speaks no HTTP": (_saying(b"\x16\x03\x01 hello\r\n\r\n"), "connection"),
    "sends too much": (_oversize, "too_large"),
    "sends a bomb": (answering("200 OK", BOMB, Content_Encoding="gzip"), "too_large"),
    "sends no gzip": (answering("200 OK", b"plain", Content_Encoding="gzip"), "connection"),
    "redirects": (answering("307 Temporary Redirect", Location="http://127.0.0.1:1/"), "redirect"),
    "fails": (answering("500 Internal Server Error", b"<html>a secret</html>"), "http_500"),
    "is away": (answering("503 Service Unavailable", Retry_After="9"), "http_503"),
}


@pytest.mark.parametrize(("method", "kind"), [("GET", Retryable), ("POST", Ambiguous)])
@pytest.mark.parametrize("manner", RUDE)
def test_without_a_whole_answer_a_post_is_in_doubt(
    manner: str, method: str, kind: type[BitLootError]
) -> None:
    behave, code = RUDE[manner]
    with serving(behave) as server:
        fetch = client(
            server.url, read_timeout=0.4, deadline=0.4 if code == "deadline" else 5, max_bytes=50_000
        )
        error = failure(method, fetch)
        assert type(error) is kind
        assert error.code == code
        assert len(server.requests) <= 1
        assert server.connections == 1


def test_a_drip_does_not_outlive_the_deadline() -> None:
    """No promise about speed: without the deadline this body would take half an hour."""
    with serving(_drip(DRIPPED_BODY, b"x")) as server:
        began = time.monotonic()
        failure("POST", client(server.url, read_timeout=5, deadline=0.3))
        assert time.monotonic() - began < 60


def test_a_read_after_a_drip_starts_with_fresh_patience() -> None:
    manners = iter([_drip(DRIPPED_BODY, b"x"), answering("200 OK", b"{}")])
    with serving(lambda conn, server: next(manners)(conn, server)) as server:
        fetch = client(server.url, deadline=0.3)
        with pytest.raises(Retryable):
            fetch.get("/")
        assert fetch.get("/").json() == {}
        fetch.close()


def test_a_connection_that_died_while_idle_does_not_spoil_a_read() -> None:
    def once(conn: socket.socket, server: RudeServer) -> None:
        read_request(conn, server)
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with serving(once) as server:
        fetch = client(server.url)
        assert fetch.get("/").json() == {}
        assert fetch.post("/").json() == {}
        assert fetch.post("/").json() == {}
        fetch.close()


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
