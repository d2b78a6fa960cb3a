"""When a request has arrived whole, however it is cut."""

from __future__ import annotations

import itertools

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]
from hypothesis import example, given, settings
from hypothesis import strategies as st

from web.arrivals import parser_of_what_came
from web.framing import TELLING, Framing, Verdict
from web.limits import MAX_BODY, MAX_HEAD

START = b"POST /x HTTP/1.1\r\nHost: shop\r\n"
NONE = START + b"\r\n"
LENGTH = START + b"Content-Length: 11\r\n\r\nhello world"
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"
TRAILERS = START + b"transfer-encoding:Chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n"
WHOLE = [NONE, LENGTH, CHUNKED, TRAILERS]
IN_CHUNKS = START + b"Transfer-Encoding: chunked\r\n\r\n"

#: What may stand in a chunked body, and what may not.
BITS = st.sampled_from(
    [
        b"\r\n",
        b"0",
        b"1",
        b"2",
        b"a",
        b"x",
        b"\n",
        b"\r",
        b" ",
        b";",
        b";x",
        b'="y;\t"',
        b"0\r\n",
        b"0\r\n\r\n",
        b"1\r\nx",
    ]
)


CONFIG = Config()


def read_by_parser(data: bytes) -> tuple[bytes, bytes] | None:
    """What gunicorn makes of it: the body, and what is left for the next request. None if it refuses."""
    parser = parser_of_what_came(CONFIG, ("127.0.0.1", 1))
    parser.unreader.unread(data)
    body = b""
    try:
        request = next(parser)
        while piece := request.body.read(1024):
            body += piece
    except Exception:
        return None
    return body, parser.unreader.take_buffered()


@pytest.mark.parametrize("request_bytes", WHOLE)
def test_every_prefix_asks_for_more_and_the_whole_does_not(request_bytes: bytes) -> None:
    for end in range(1, len(request_bytes)):
        assert Framing().feed(request_bytes[:end]) is Verdict.MORE
    assert Framing().feed(request_bytes) is Verdict.WHOLE


@given(st.sampled_from(WHOLE), st.lists(st.integers(1, 200), max_size=12))
def test_the_cuts_do_not_matter(request_bytes: bytes, cuts: list[int]) -> None:
    places = sorted({cut for cut in cuts if cut < len(request_bytes)} | {0, len(request_bytes)})
    framing = Framing()
    verdicts = [framing.feed(request_bytes[begin:end]) for begin, end in itertools.pairwise(places)]
    assert verdicts[-1] is Verdict.WHOLE
    assert set(verdicts[:-1]) <= {Verdict.MORE}
    assert read_by_parser(framing.data) == read_by_parser(request_bytes)
    assert read_by_parser(framing.data) is not None


@settings(deadline=None)
@given(st.lists(BITS, max_size=12).map(b"".join), st.integers(1, 9))
@example(b"1\r\nx0\r\n\r\n", 1)  # a chunk that does not end its line must not be given one
def test_the_parser_reads_from_joined_chunks_what_it_reads_from_those_that_came(
    body: bytes, step: int
) -> None:
    """Or somebody could smuggle a request past it, or a body that was never sent."""
    framing, came = Framing(), IN_CHUNKS + body
    for begin in range(0, len(came), step):
        verdict = framing.feed(came[begin : begin + step])
        assert framing.held <= begin + step
        if verdict is not Verdict.MORE:
            came = came[: begin + step]
            break
    assert read_by_parser(framing.data) == read_by_parser(came)


@pytest.mark.parametrize(("step", "size"), [(7, 4_096), (65_536, MAX_BODY)])
def test_a_body_in_chunks_of_one_byte_is_kept_as_one(step: int, size: int) -> None:
    """Nothing is kept but the body: what the framing adds, five bytes for each, is gone when the next piece comes."""
    framing, added = Framing(), 0
    body = b"1\r\nx\r\n" * size + b"0\r\n\r\n"
    verdict = framing.feed(IN_CHUNKS)
    for begin in range(0, len(body), step):
        verdict = framing.feed(body[begin : begin + step])
        added = max(added, framing.held - len(IN_CHUNKS) - (begin + step) // 6)
    assert verdict is Verdict.WHOLE
    assert added <= 6
    assert framing.data.count(b"\r\n") == IN_CHUNKS.count(b"\r\n") + 4  # one chunk, and the last


def test_the_beginning_of_the_next_request_is_kept() -> None:
    framing = Framing()
    assert framing.feed(LENGTH + b"GET / HT") is Verdict.WHOLE
    assert framing.data.endswith(b"GET / HT")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 3\r\nContent-Length: 3\r\n",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: +3\r\n",
        b"Content-Length: -3\r\n",
        b"Content-Length: 0x3\r\n",
        b"Content-Length: 3, 3\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: identity, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_a_length_that_may_be_read_in_two_ways_is_refused_with_the_head(head: bytes) -> None:
    assert Framing().feed(START + head + b"\r\n") is Verdict.AMBIGUOUS


@pytest.mark.parametrize("size", [b"", b"-1", b"0x5", b"1_0", b"g", b"123456789", b"x" * 300])
def test_a_chunk_size_that_is_none_goes_to_the_parser(size: bytes) -> None:
    body = START + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n"
    assert Framing().feed(body) is Verdict.WHOLE


def test_a_declared_length_over_the_cap_is_refused_with_the_head() -> None:
    for length in (MAX_BODY + 1, 10**17):
        assert Framing().feed(START + b"Content-Length: %d\r\n\r\n" % length) is Verdict.BODY_TOO_LARGE
    assert Framing().feed(START + b"Content-Length: %d\r\n\r\n" % MAX_BODY) is Verdict.MORE


def test_chunks_are_added_up_against_the_cap() -> None:
    framing = Framing()
    assert framing.feed(START + b"Transfer-Encoding: chunked\r\n\r\n") is Verdict.MORE
    for _ in range(MAX_BODY // 0x1000):
        assert framing.feed(b"1000\r\n" + b"x" * 0x1000 + b"\r\n") is Verdict.MORE
    assert framing.feed(b"1\r\nx\r\n") is Verdict.BODY_TOO_LARGE


def test_extensions_do_not_carry_a_body_past_the_cap() -> None:
    framing = Framing()
    framing.feed(START + b"Transfer-Encoding: chunked\r\n\r\n")
    verdict, fed = Verdict.MORE, 0
    while verdict is Verdict.MORE:
        verdict = framing.feed(b"1;" + b"e" * 200 + b"\r\nx\r\n")
        fed += 1
        assert fed < 10_000
    assert verdict is Verdict.BODY_TOO_LARGE
    assert fed < MAX_BODY


def test_a_head_or_trailer_without_end_is_refused() -> None:
    assert Framing().feed(START + b"X: " + b"x" * MAX_HEAD) is Verdict.HEAD_TOO_LARGE
    assert Framing().feed(START + b"X: " + b"x" * MAX_HEAD + b"\r\n\r\n") is Verdict.HEAD_TOO_LARGE
    endless = START + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 8000
    assert Framing().feed(endless) is Verdict.HEAD_TOO_LARGE


def test_it_sees_who_asks_before_sending() -> None:
    framing = Framing()
    framing.feed(START + b"Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n")
    assert framing.expects_continue
    assert framing.has_head


@pytest.mark.parametrize("blank", [b" ", b"\t", b"\n", b"\v\f"])
def test_a_line_of_a_head_is_read_by_itself(blank: bytes) -> None:
    """Whoever looked on behind blank lines would do so from each of them: a head of those took half a second."""
    blanks = (b"\r\n" + blank) * 3
    assert TELLING.match(blanks + b"\r\nExpect: a") is None
    assert TELLING.match(b"\r\nExpect" + blanks + b": a") is None
    assert TELLING.findall(blanks + b"\r\nExpect: a" + blanks) == [(b"Expect", b" a")]


@given(st.binary(max_size=300))
def test_nothing_makes_it_stumble(noise: bytes) -> None:
    framing = Framing()
    assert framing.feed(noise or b"x") in Verdict
    chunks = Framing()
    assert chunks.feed(START + b"Transfer-Encoding: chunked\r\n\r\n" + noise) in Verdict
