"""What a notice would do if it ran again is told before, in words, and nothing is written."""

from __future__ import annotations

import json
from typing import Any

from actors.foresight import Foreseen, foresee
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Notice, base
from tests.actors.test_replay import an_ipn, kept
from tests.factories import a_payment, a_waiting_order, again, an_order, news_of, take


def told(shop: Shop, source: str, headers: dict[str, str], body: bytes) -> Foreseen:
    return foresee(shop, Notice.get_by_id(kept(shop, source, headers, body)))


def webhook(shop: Shop, **fields: Any) -> Foreseen:
    secret = shop.settings.kinguin_webhook_secret.get_secret_value()
    event = fields.pop("event", "order.status")
    base.rows("DELETE FROM notices RETURNING id")
    return told(
        shop, "kinguin", {"x-event-name": event, "x-event-secret": secret}, json.dumps(fields).encode()
    )


def test_a_payment_that_would_move_its_order_and_one_that_did(shop: Shop) -> None:
    payment = a_payment(an_order())
    foreseen = told(shop, "nowpayments", *an_ipn(shop, payment))
    assert (foreseen.outcome, foreseen.change, foreseen.order_id) == (
        "moved",
        "created → paid",
        payment.order_id,
    )
    assert again(payment.order).state is OrderState.CREATED
    take(news_of(payment))
    after = foresee(shop, Notice.get())
    assert (after.outcome, after.change) == ("noted", None)
    assert after.why == "the order is paid, and this moves it no further"


def test_money_for_nobody_changes_nothing_and_it_is_told_why(shop: Shop) -> None:
    payment = a_payment(an_order())
    headers, body = an_ipn(shop, payment)
    base.rows("DELETE FROM payments RETURNING id")
    adopted = told(shop, "nowpayments", headers, body)
    assert (adopted.outcome, adopted.order_id) == ("adopted", payment.order_id)
    assert base.rows("SELECT count(*) FROM payments") == [(0,)]
    base.rows("DELETE FROM notices RETURNING id")
    base.rows("DELETE FROM lines RETURNING id")
    base.rows("DELETE FROM moves RETURNING id")
    base.rows("DELETE FROM orders RETURNING id")
    unknown = told(shop, "nowpayments", headers, body)
    assert (unknown.outcome, unknown.change) == ("unknown", None)
    assert unknown.why == "it names no payment and no order of ours"


def test_a_webhook_names_the_step_that_it_would_wake_or_why_none(shop: Shop) -> None:
    order, (purchase,) = a_waiting_order()
    about = {"orderId": purchase.supplier_ref, "status": "completed", "updatedAt": "2026-01-02T03:04:05Z"}
    assert webhook(shop, **about).change == "wakes finalize"
    assert webhook(shop, **about | {"orderId": "PANOTHERONE"}).outcome == "unmatched"
    assert webhook(shop, event="product.update").outcome == "ignored"
    order.advance(OrderState.READY, actor="test")
    base.rows("UPDATE orders SET state = 'fulfilled' RETURNING id")
    done = webhook(shop, **about)
    assert (done.outcome, done.change, done.order_id) == ("matched", None, order.id)
    assert done.why == "the order is fulfilled: nothing waits for this news"
