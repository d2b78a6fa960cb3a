"""What a failure of S3 means."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bitloot.errors import BitLootError, Blocked, Permanent, Retryable
from tests.bitloot.scripted_http import Reply, dead_port, scripted
from tests.bitloot.stores.contract import NAME
from tests.bitloot.stores.opened_s3 import SECRET, opened


def _error(code: str) -> bytes:
    text = f"<Code>{code}</Code><Message>about https://account.example/secret</Message>"
    return f'<?xml version="1.0"?><Error>{text}</Error>'.encode()


@pytest.mark.parametrize(
    ("status", "name", "kind", "code"),
    [
        (404, "NoSuchKey", Permanent, "object_missing"),
        (404, "NoSuchBucket", Blocked, "bucket_missing"),
        (401, "Unauthorized", Blocked, "store_denied"),
        (403, "AccessDenied", Blocked, "store_denied"),
        (403, "InvalidAccessKeyId", Blocked, "store_denied"),
        (403, "SignatureDoesNotMatch", Blocked, "store_denied"),
        (403, "RequestTimeTooSkewed", Blocked, "store_denied"),
        (400, "RequestTimeout", Retryable, "store_busy"),
        (408, "RequestTimeout", Retryable, "store_busy"),
        (429, "TooManyRequests", Retryable, "rate_limited"),
        (500, "InternalError", Retryable, "store_busy"),
        (501, "NotImplemented", Retryable, "store_busy"),
        (503, "SlowDown", Retryable, "rate_limited"),
        (400, "InvalidRequest", Permanent, "store_refused"),
        (400, "BadDigest", Permanent, "store_refused"),
        (416, "InvalidRange", Permanent, "store_refused"),
    ],
)
def test_an_answer_means_what_happens_next(
    status: int, name: str, kind: type[BitLootError], code: str
) -> None:
    with scripted(lambda request: Reply(status, _error(name))) as server:
        store = opened(server.url)
        for call in (lambda: store.get(NAME), lambda: store.put_once(NAME, b"x")):
            with pytest.raises(kind) as caught:
                call()
            assert type(caught.value) is kind
            assert caught.value.code == code
            assert "account.example" not in str(caught.value)
            assert SECRET not in str(caught.value)


def test_words_of_a_stranger_do_not_reach_the_text() -> None:
    body = _error("Bad&#10;Code https://x/?key=1")
    with scripted(lambda request: Reply(400, body)) as server, pytest.raises(Permanent) as caught:
        opened(server.url).get(NAME)
    assert str(caught.value) == "store: GetObject was answered 400 BadCodehttpsxkey1"


def test_nobody_there_is_tried_again_later() -> None:
    url = f"http://127.0.0.1:{dead_port()}"
    store = opened(url)
    calls: list[Callable[[], object]] = [
        lambda: store.put_once(NAME, b"x"),
        lambda: store.get(NAME),
        lambda: store.exists(NAME),
        lambda: store.delete(NAME),
        store.health,
    ]
    for call in calls:
        with pytest.raises(Retryable) as caught:
            call()
        assert caught.value.code == "store_unreachable"
        assert url not in str(caught.value)


def test_an_address_that_is_none_blocks() -> None:
    with pytest.raises(Blocked) as caught:
        opened("not a url").get(NAME)
    assert caught.value.code == "store_settings"
