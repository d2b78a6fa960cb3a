"""What Kinguin has sold, and how it tells the shop."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from tests.waiting import until
from tests.web.standins.caller import Caller
from tests.web.standins.receiver import Receiver
from web.standins import RunningStandins
from web.standins.ledger import read_ledger


def test_a_completed_order_is_told_with_the_secret_in_clear(caller: Caller, receiver: Receiver) -> None:
    order = caller.order("BL-1").json()
    [received] = receiver.wait_for(1)
    assert received.path == "/kinguin/webhooks"
    assert received.headers["X-Event-Name"] == "order.status"
    assert received.headers["X-Event-Secret"] == caller.config.kinguin_secret
    assert received.headers["Content-Type"] == "aplication/json"
    body = json.loads(received.body)
    assert set(body) == {"orderId", "orderExternalId", "status", "updatedAt"}
    assert (body["orderId"], body["orderExternalId"], body["status"]) == (
        order["orderId"],
        "BL-1",
        "completed",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", body["updatedAt"])


def test_when_the_webhook_comes_the_keys_are_there(caller: Caller, receiver: Receiver) -> None:
    order_id = caller.order("BL-1").json()["orderId"]
    receiver.wait_for(1)
    assert len(caller.kinguin("GET", f"/v2/order/{order_id}/keys").json()) == 1


def test_a_webhook_that_is_not_taken_comes_again(caller: Caller, receiver: Receiver) -> None:
    receiver.answer = lambda received: 503 if len(received) == 1 else 204
    caller.order("BL-1")
    first, second = receiver.wait_for(2)
    assert first.body == second.body
    until(lambda: len(read_ledger(caller.config.ledger_dir, "kinguin", "webhook_sent")) == 2)
    answers = [line["answer"] for line in read_ledger(caller.config.ledger_dir, "kinguin", "webhook_sent")]
    assert answers == [503, 204]


def test_a_canceled_order_gives_the_money_back(
    caller: Caller, receiver: Receiver, standins: RunningStandins
) -> None:
    standins.configure(delivery_seconds=60)
    order_id = caller.order("BL-1").json()["orderId"]
    orders = standins.shop.kinguin
    order = orders.get(order_id)
    assert order is not None
    for status in ("canceled", "refunded"):
        orders.move(order, status)
    assert orders.balance == Decimal(1_000_000)
    assert [json.loads(received.body)["status"] for received in receiver.received] == ["canceled", "refunded"]
    orders.deliver(order)
    assert caller.kinguin("GET", f"/v2/order/{order_id}/keys").json() == []
