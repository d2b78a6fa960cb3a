"""Kinguin's webhooks: believed for their secret; strange bodies are taken politely (PROVIDERS.md §1.6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bitloot.errors import BadSignature, Malformed
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Hint
from bitloot.suppliers.kinguin_webhook import read_webhook

SECRET = "a-shared-secret-of-the-tests"

TOLD = {
    "orderId": "PABCDEFGHIJ",
    "orderExternalId": "BL-1",
    "status": "completed",
    "updatedAt": "2026-01-02T03:04:05.678+00:00",
}


def _read(event: str, body: Any, secret: str = SECRET) -> Hint:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_webhook({"x-event-secret": secret, "x-event-name": event}, raw, SECRET)


def test_a_status_names_order_purchase_and_time() -> None:
    hint = _read("order.status", TOLD)
    assert (hint.event, hint.supplier_ref, hint.purchase_ref) == ("order.status", "PABCDEFGHIJ", "BL-1")
    assert hint.status is SupplierStatus.DELIVERED
    assert hint.updated_at == datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    assert hint.relevant


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("processing", SupplierStatus.PENDING),
        ("canceled", SupplierStatus.CANCELED),
        ("cancelled", SupplierStatus.CANCELED),
        ("refunded", SupplierStatus.REFUNDED),
        ("dreaming", None),
        (None, None),
    ],
)
def test_a_word_that_we_do_not_know_still_wakes_the_worker(word: Any, status: SupplierStatus | None) -> None:
    hint = _read("order.status", TOLD | {"status": word})
    assert hint.status is status
    assert hint.relevant


def test_the_deprecated_event_means_delivered() -> None:
    old = {name: value for name, value in TOLD.items() if name != "status"}
    assert _read("order.complete", old).status is SupplierStatus.DELIVERED


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("product.update", {"kinguinId": 1, "productId": "x", "qty": 3}),
        ("order.status", {}),
        ("order.status", {"orderId": "../x"}),
        ("order.status", []),
        ("order.status", b""),
        ("order.status", b"test"),
        ("", TOLD),
        ("test", TOLD),
        ("é" * 400, b"x"),
        ("product.update", b'{"a":1,"a":2}'),
    ],
)
def test_a_strange_body_with_the_right_secret_is_taken_politely(event: str, body: Any) -> None:
    hint = _read(event, body)
    assert not hint.relevant
    assert hint.status is None
    assert len(hint.event) <= 64


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"orderId":"P1","orderId":"P2"}', "json_duplicate_key"),
        (b'{"orderId":"P1","updatedAt":NaN}', "json_constant"),
        (b'{"orderId":"\\ud800"}', "json_text"),
        (b'{"orderId":' + b"9" * 41 + b"}", "json_number"),
        (b"[" * 33 + b"]" * 33, "json_depth"),
        (b"\xff\xfe{\x00}\x00", "json_encoding"),
    ],
)
def test_news_of_an_order_that_can_be_read_in_two_ways_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        _read("order.status", body)
    assert refusal.value.code == code


@pytest.mark.parametrize("event", ["AAAAA-BBBBB-CCCCC", "buyer@example.test", "a" * 65, "a\tb"])
def test_an_event_that_is_no_word_is_not_kept_in_clear(event: str) -> None:
    assert _read(event, TOLD).event == "unnamed"
    assert _read(event, TOLD).digest != _read(event + "2", TOLD).digest


def test_while_the_secret_changes_both_are_believed_and_it_is_told_which() -> None:
    def proof(theirs: str, previous: str) -> str:
        headers = {"x-event-secret": theirs, "x-event-name": "order.status"}
        return read_webhook(headers, json.dumps(TOLD).encode(), SECRET, previous).proof

    assert proof(SECRET, "the-one-before") == "secret"
    assert proof("the-one-before", " the-one-before\n") == "secret-previous"
    for theirs in ("the-one-before", ""):
        with pytest.raises(BadSignature):
            proof(theirs, "")


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + " ", SECRET[:-1], SECRET.upper(), "é", "\ud800"])
def test_another_secret_is_refused(secret: str) -> None:
    with pytest.raises(BadSignature):
        _read("order.status", TOLD, secret)


@pytest.mark.parametrize("ours", ["", "  "])
def test_without_a_secret_of_our_own_nothing_is_believed(ours: str) -> None:
    for theirs in ("", ours, "x"):
        with pytest.raises(BadSignature):
            read_webhook({"x-event-secret": theirs, "x-event-name": "order.status"}, b"{}", ours)


def test_repeats_have_one_digest_and_news_another() -> None:
    first = _read("order.status", TOLD)
    assert _read("order.status", dict(reversed(list(TOLD.items())))).digest == first.digest
    changes = [{"status": "refunded"}, {"updatedAt": "2026-01-02T03:04:06Z"}, {"orderId": "P2"}]
    others = {_read("order.status", TOLD | change).digest for change in changes}
    assert len(others | {first.digest}) == 4
