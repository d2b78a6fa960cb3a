"""What counts as one whole answer of HTTP, and what does not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest

from bitloot.http_answer import MAX_HEAD, NoAnswer, OddFraming, Reply, TooLargeError, read_answer

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def _saying(*pieces: bytes) -> Callable[[], bytes]:
    """They come one after the other, and then the end."""
    left = [piece for piece in pieces if piece]
    return lambda: left.pop(0) if left else b""


def _read(*pieces: bytes, method: str = "GET", most: int = 1000) -> tuple[Reply, bool]:
    return read_answer(_saying(*pieces), method, most)


def _packed(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nX-Name:  a b \r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200\r\nx-name:a b\r\nContent-Length:5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\nX-Name: a b\nContent-Length: 5\n\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-Name: a\r\n b\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX-Name: a b\r\nTransfer-Encoding: Chunked\r\n\r\n"
        b"2;a=b\r\nhe\r\n3 \r\nllo\r\n0\r\nX-Late: 1\r\n\r\n",
    ],
)
def test_an_answer_is_the_same_in_whatever_pieces_it_comes(said: bytes) -> None:
    for reply, lasts in (_read(said), _read(*(said[at : at + 1] for at in range(len(said))))):
        assert (reply.status, reply.headers["x-name"], reply.body, lasts) == (200, "a b", b"hello", True)


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    reply, lasts = _read(b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo")
    assert (reply.body, lasts) == (b"hello", False)


@pytest.mark.parametrize(
    ("said", "method"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\n{}", "GET"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", "GET"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK", "GET"),
        (CHUNKED + b"0\r\n", "GET"),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", "GET"),
        (b"HTTP/1.1 102 Processing\r\n\r\n", "POST"),
    ],
)
def test_a_connection_of_which_more_may_come_is_not_used_again(said: bytes, method: str) -> None:
    assert not _read(said, method=method)[1]


@pytest.mark.parametrize(
    ("said", "method"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", "POST"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", "HEAD"),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", "GET"),
    ],
)
def test_an_answer_without_a_body_leaves_its_connection_good(said: bytes, method: str) -> None:
    reply, lasts = _read(said, method=method)
    assert (reply.body, lasts) == (b"", True)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        CHUNKED + b"9\r\n{}",
        CHUNKED + b"2\r\n{}",
        b"\x16\x03\x01 hello\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * MAX_HEAD,
    ],
)
def test_what_breaks_off_or_is_no_http_is_no_answer(said: bytes) -> None:
    with pytest.raises(NoAnswer):
        _read(said)


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: -2\r\n\r\n{}",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: 2, 2\r\n\r\n{}",
        b"Content-Length: \r\n\r\n{}",
        b"Content-Length : 2\r\n\r\n{}",
        b"Content-Length: 2\r\nno header at all\r\n\r\n{}",
        b"Content-Length: 2\rX: y\r\n\r\n{}",
        b"Transfer-Encoding: gzip\r\n\r\n{}",
        b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1_0\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}..0\r\n\r\n",
    ],
)
def test_an_answer_that_may_be_read_in_two_ways_is_none(framing: bytes) -> None:
    with pytest.raises(OddFraming):
        _read(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + framing)


def test_an_old_answer_cannot_come_in_chunks() -> None:
    with pytest.raises(OddFraming):
        _read(CHUNKED.replace(b"1.1", b"1.0") + b"2\r\n{}\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", TooLargeError),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, TooLargeError),
        (CHUNKED + b"3e9\r\n", TooLargeError),
        (CHUNKED + b"1f4\r\n" + b"x" * 500 + b"\r\n1f5\r\n", TooLargeError),
        (_packed(gzip.compress(b"x" * 1001)), TooLargeError),
        (_packed(gzip.compress(b"x" * 1000)[:-9]), zlib.error),
        (_packed(b"plain"), zlib.error),
        (_packed(gzip.compress(b"{}") * 2), zlib.error),
    ],
)
def test_what_is_too_large_or_badly_packed_is_no_answer(said: bytes, failure: type[Exception]) -> None:
    with pytest.raises(failure):
        _read(said)


def test_a_body_as_large_as_allowed_is_read() -> None:
    for said in (
        _packed(gzip.compress(b"x" * 1000)),
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000,
    ):
        assert _read(said)[0].body == b"x" * 1000
