"""What a status means by itself, and what an answer that makes no sense leaves open."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bitloot.answer import Answer, by_status, retry_after
from bitloot.errors import Ambiguous, BitLootError, Blocked, Permanent, Retryable


def _answer(status: int, method: str, body: bytes = b"") -> Answer:
    return Answer(status, {}, body, method, "shop")


@pytest.mark.parametrize(
    ("status", "read", "sent", "code"),
    [
        (301, Retryable, Ambiguous, "redirect"),
        (304, Retryable, Ambiguous, "redirect"),
        (400, Permanent, Permanent, "http_400"),
        (401, Blocked, Blocked, "unauthorized"),
        (403, Blocked, Blocked, "forbidden"),
        (404, Permanent, Permanent, "not_found"),
        (408, Retryable, Ambiguous, "http_408"),
        (409, Permanent, Permanent, "http_409"),
        (422, Permanent, Permanent, "http_422"),
        (425, Retryable, Ambiguous, "http_425"),
        (429, Retryable, Retryable, "rate_limited"),
        (500, Retryable, Ambiguous, "http_500"),
        (503, Retryable, Ambiguous, "http_503"),
        (520, Retryable, Ambiguous, "http_520"),
        (999, Retryable, Ambiguous, "http_999"),
    ],
)
def test_each_status_has_its_class(
    status: int, read: type[BitLootError], sent: type[BitLootError], code: str
) -> None:
    for method, kind in (("GET", read), ("POST", sent)):
        error = by_status(_answer(status, method, b"a secret"))
        assert type(error) is kind
        assert error.code == code
        assert "secret" not in str(error)
        assert str(status) in str(error)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_success_is_no_error(status: int) -> None:
    assert by_status(_answer(status, "POST")) is None


def test_a_body_is_read_with_its_digits() -> None:
    assert _answer(200, "GET", b'{"price":12.340}').json() == {"price": Decimal("12.340")}


@pytest.mark.parametrize(("method", "kind"), [("GET", Retryable), ("POST", Ambiguous)])
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"key":"AAAAA', b'{"a":1,"a":2}', b"\xff"])
def test_a_success_that_cannot_be_read_leaves_a_post_open(
    method: str, kind: type[BitLootError], body: bytes
) -> None:
    with pytest.raises(kind) as unreadable:
        _answer(201, method, body).json()
    assert unreadable.value.code == "unreadable"
    assert "AAAAA" not in str(unreadable.value)
    assert unreadable.value.__context__ is None


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"kind":"InsufficientBalance"}', "InsufficientBalance"),
        (b'{"kind":"two words"}', None),
        (b'{"kind":"AAAAA-BBBBB\\nCCCCC"}', None),
        (b'{"kind":7}', None),
        (b"{}", None),
        (b"[]", None),
        (b'"kind"', None),
        (b"7", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_an_error_names_itself_by_one_plain_word_or_not_at_all(body: bytes, word: str | None) -> None:
    assert _answer(422, "POST", body).word("kind") == word


NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 30),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2099 11:00:00 GMT", 86400),
        ("9" * 400, 86400),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_as_number_or_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds
