"""Notices: kept once, sealed, matched to their order."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import db
from bitloot.errors import SealBroken
from bitloot.settings import Settings
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Hint
from bitloot.vault import Vault
from db import NewNotice, Notice, base, open_notice

VAULT = Vault({1: b"m" * 32})
CANARY = b"BLKEY-0123456789abcdef0123456789abcdef"


def a_webhook(digest: str = "d", external_id: str | None = "S-1") -> NewNotice:
    return db.seal_notice(
        VAULT,
        source="kinguin",
        event="order.status",
        external_id=external_id,
        digest=digest,
        proof="secret",
        headers={"x-event-secret": "s3cret-of-the-sender", "cookie": "no", "authorization": "no"},
        body=b'{"key":"' + CANARY + b'"}',
        address="127.0.0.1",
    )


def a_hint(supplier_ref: str | None = None, purchase_ref: str | None = None, **changes: Any) -> Hint:
    return Hint("order.status", supplier_ref, purchase_ref, None, None, "d", **changes)


def test_a_notice_is_kept_once_and_repeats_are_counted(database: Settings) -> None:
    assert db.keep_notice(a_webhook(), None, "ignored")
    assert not db.keep_notice(a_webhook(), None, "ignored")
    assert db.keep_notice(a_webhook("other"), None, "ignored")
    assert sorted(notice.repeats for notice in Notice.select()) == [0, 1]


def test_the_body_comes_back_as_it_came_with_the_headers_that_prove_it(database: Settings) -> None:
    db.keep_notice(a_webhook(), None, "ignored")
    headers, body = open_notice(VAULT, Notice.get())
    assert headers == {"x-event-secret": "s3cret-of-the-sender"}
    assert body == b'{"key":"' + CANARY + b'"}'


def test_neither_key_nor_secret_lies_in_the_table(database: Settings) -> None:
    db.keep_notice(a_webhook(), None, "ignored")
    dump = str(base.rows("SELECT n::text, encode(body, 'escape') FROM notices n"))
    assert CANARY.decode() not in dump
    assert CANARY.hex() not in dump
    assert "s3cret" not in dump


def test_a_body_moved_to_another_notice_does_not_open(database: Settings) -> None:
    db.keep_notice(a_webhook("one"), None, "ignored")
    db.keep_notice(a_webhook("two"), None, "ignored")
    one, two = Notice.select()
    one.body, one.data_key = two.body, two.data_key
    with pytest.raises(SealBroken):
        open_notice(VAULT, one)


def test_what_a_webhook_says_is_kept_beside_it_and_a_repeat_changes_nothing(database: Settings) -> None:
    said = Hint("order.status", "S-1", None, SupplierStatus.DELIVERED, None, "d")
    db.keep_hint(a_webhook(), said)
    db.keep_hint(a_webhook(), dataclasses.replace(said, status=SupplierStatus.PENDING))
    db.keep_hint(a_webhook("other"), a_hint())
    assert sorted(str(notice.says) for notice in Notice.select()) == ["None", "delivered"]
