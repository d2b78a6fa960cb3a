"""Suppliers' webhooks: matched with their purchase, by either reference."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import db
from bitloot.settings import Settings
from bitloot.states import OrderState, PurchaseState
from db import Notice, Order, base
from db.hints import Hinted, hinted
from db.hints import _keep_matched as keep_matched
from tests.db.test_notices import a_hint, a_webhook
from tests.factories import a_paid_order, a_waiting_order, intend


def test_a_webhook_finds_its_order_by_either_reference(database: Settings) -> None:
    order, (purchase,) = a_waiting_order()
    for hint in (a_hint(supplier_ref=purchase.supplier_ref), a_hint(purchase_ref=purchase.purchase_ref)):
        about = hinted("kinguin", hint)
        assert about is not None
        assert about.order_id == order.id
        assert (about.state, about.purchase_state) == (OrderState.WAITING, PurchaseState.WAITING)
        assert hinted("reservations", hint) is None
    assert hinted("kinguin", a_hint()) is None


def test_a_webhook_without_a_purchase_is_kept_for_later(database: Settings) -> None:
    assert db.keep_hint(a_webhook(external_id="S-9"), a_hint("S-9")) == (True, None)
    assert Notice.get().outcome == "unmatched"


def test_a_purchase_that_is_written_down_while_its_webhook_is_kept_is_seen(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise neither would wake the step: the purchase looked for it before, and it saw a purchase in flight."""
    order = a_paid_order()
    purchase = intend(order)[0]
    purchase.start_call(PurchaseState.SENDING, 60)

    def kept_meanwhile(*told: Any) -> tuple[bool, Hinted | None]:
        kept = keep_matched(*told)
        purchase.advance(PurchaseState.PLACED, supplier_ref="S-1")
        purchase.advance(PurchaseState.WAITING)
        return kept

    monkeypatch.setattr("db.hints._keep_matched", kept_meanwhile)
    _, about = db.keep_hint(a_webhook(), a_hint("S-1", purchase.purchase_ref))
    assert about is not None
    assert about.purchase_state is PurchaseState.WAITING


def test_an_irrelevant_webhook_is_kept_as_ignored(database: Settings) -> None:
    assert db.keep_hint(a_webhook(), a_hint("S-1", relevant=False)) == (True, None)
    assert Notice.get().outcome == "ignored"


def test_a_webhook_about_a_purchase_in_doubt_makes_its_order_due(database: Settings) -> None:
    """The message that wakes the step may be lost."""
    order = a_paid_order()
    purchase = intend(order)[0]
    order.look_again(900)
    hint = a_hint("S-1", purchase.purchase_ref)
    db.keep_hint(a_webhook("one"), hint)
    assert base.rows("SELECT due_at > now() FROM orders") == [(True,)]
    purchase.start_call(PurchaseState.SENDING, 60)
    purchase.doubt((900.0,), note="timeout")
    fresh, about = db.keep_hint(a_webhook("two"), hint)
    assert fresh
    assert about is not None
    assert base.rows("SELECT due_at <= now() FROM orders") == [(True,)]
    assert Order.get().state is OrderState.PAID


def test_a_hint_that_is_older_than_another_comes_late_and_wakes_nobody(database: Settings) -> None:
    _, (purchase,) = a_waiting_order()
    newer, older = datetime.now(UTC), datetime.now(UTC) - timedelta(seconds=5)

    def is_late(at: datetime) -> bool:
        hint = replace(a_hint(purchase.supplier_ref), updated_at=at)
        fresh, about = db.keep_hint(replace(a_webhook(str(at), purchase.supplier_ref), told_at=at), hint)
        assert fresh
        return isinstance(about, Hinted) and about.late

    assert [is_late(at) for at in (newer, older, newer + timedelta(seconds=1))] == [False, True, False]
    outcomes = [notice.outcome for notice in Notice.select().order_by(Notice.received_at)]
    assert outcomes == ["matched", "late", "matched"]
