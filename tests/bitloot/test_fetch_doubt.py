"""Whether anything left, and whether it may have happened: the outgoing client before a server that misbehaves."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bitloot.errors import Ambiguous, BitLootError, Retryable
from tests.bitloot.fetching import client, failure
from tests.bitloot.rude_server import Manner, RudeServer, answering, read_request, reset, serving

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


@contextmanager
def full_house() -> Iterator[int]:
    """A port on 127.0.0.1 on which nobody who knocks hears anything."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(full.getsockname())  # the backlog is full now: more are left without an answer
            yield full.getsockname()[1]


def test_a_connection_that_is_never_accepted_was_not_sent() -> None:
    with full_house() as port:
        error = failure("POST", client(f"http://127.0.0.1:{port}", connect_timeout=0.2))
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
DRIPPED_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n"
DRIPPED_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

#: Seconds, where something else than time is to end a call.
PATIENT = {"read_timeout": 30.0, "deadline": 30.0}

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
    "tells a chunk of less than nothing": (
        _saying(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n{}"),
        "framing",
    ),
    "tells two lengths": (
        _saying(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n{}{}"),
        "framing",
    ),
    "tells a length and chunks": (
        _saying(
            b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        ),
        "framing",
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
        limits = {"timeout": {"read_timeout": 0.4}, "deadline": {"deadline": 0.4}}
        fetch = client(server.url, max_bytes=50_000, **{**PATIENT, **limits.get(code, {})})
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


def test_a_name_with_many_silent_addresses_has_no_more_time_than_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each address may take the whole time for a connection; all of them together not."""
    asked = 0

    def addresses(_host: str, port: int, *_: object) -> Iterator[tuple[object, ...]]:
        nonlocal asked
        for _each in range(30):
            asked += 1
            yield socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)

    with full_house() as port:
        fetch = client(f"http://silent.example:{port}", connect_timeout=0.2, deadline=0.3)
        monkeypatch.setattr(socket, "getaddrinfo", addresses)
        error = failure("POST", fetch)
    assert type(error) is Retryable  # nothing left
    assert error.code == "deadline"
    assert asked < 30


def test_a_request_that_nobody_takes_does_not_outlive_the_deadline() -> None:
    """No promise about speed: without the deadline the sending would wait for an hour."""

    def deaf(_conn: socket.socket, server: RudeServer) -> None:
        server.closing.wait(50)

    with serving(deaf) as server:
        fetch = client(server.url, read_timeout=3600, deadline=0.5)
        began = time.monotonic()
        with pytest.raises(Ambiguous) as raised:
            fetch.post("/thing", form={"much": "x" * 20_000_000})
        assert raised.value.code == "deadline"
        assert time.monotonic() - began < 40
        fetch.close()


def test_a_read_after_a_drip_starts_with_fresh_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed[0])
    monkeypatch.setattr("bitloot.attempt.time", clock)

    def for_a_long_time(conn: socket.socket, server: RudeServer) -> None:
        passed[0] = 60
        _drip(DRIPPED_BODY, b"x")(conn, server)

    manners = iter([for_a_long_time, answering("200 OK", b"{}")])
    with serving(lambda conn, server: next(manners)(conn, server)) as server:
        fetch = client(server.url, deadline=30)
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
