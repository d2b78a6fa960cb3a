"""Payments played through, and the IPNs that tell of them."""

from __future__ import annotations

import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.waiting import until
from tests.web.standins.caller import Caller, exact
from tests.web.standins.receiver import Received, Receiver
from web.standins import RunningStandins
from web.standins.ledger import read_ledger

# PROVIDERS.md §3.5: exactly these keys, in this order.
IPN_KEYS = [
    *("actually_paid", "actually_paid_at_fiat", "fee", "invoice_id", "order_description", "order_id"),
    *("outcome_amount", "outcome_currency", "parent_payment_id", "pay_address", "pay_amount", "pay_currency"),
    *(
        "payin_extra_id",
        "payment_extra_ids",
        "payment_id",
        "payment_status",
        "price_amount",
        "price_currency",
    ),
    *("purchase_id", "updated_at"),
]
WAY = ["waiting", "confirming", "confirmed", "sending"]


def pay(caller: Caller, payment: dict[str, Any], **asked: Any) -> dict[str, Any]:
    path = f"/nowpayments/payments/{payment['payment_id']}/pay"
    answer = caller.control("POST", path, json={"wait": True} | asked)
    assert answer.status_code == 202, answer.text
    return exact(answer)


def read(caller: Caller, payment: dict[str, Any]) -> dict[str, Any]:
    return exact(caller.nowpayments("GET", f"/payment/{payment['payment_id']}"))


def raw_signature(caller: Caller, received: Received) -> str:
    return hmac.new(caller.config.ipn_secret.encode(), received.body, hashlib.sha512).hexdigest()


def statuses(receiver: Receiver) -> list[str]:
    return [json.loads(received.body)["payment_status"] for received in receiver.received]


def test_a_paid_payment_goes_its_way_with_one_signed_ipn_each(caller: Caller, receiver: Receiver) -> None:
    payment = caller.payment(order_description="Clé Steam – Duo/Pack “X”")
    assert pay(caller, payment)["ipns"] == [200] * 5
    assert statuses(receiver) == [*WAY, "finished"]
    for received in receiver.received:
        assert received.path == "/payments/ipn"
        # The body is in sorted order already, so the raw bytes are what was signed.
        assert received.headers["x-nowpayments-sig"] == raw_signature(caller, received)
        assert "Clé Steam – Duo/Pack “X”".encode() in received.body
    assert read(caller, payment)["actually_paid"] == payment["pay_amount"]


def test_an_ipn_has_exactly_the_keys_of_production_in_their_order(caller: Caller, receiver: Receiver) -> None:
    payment = caller.payment()
    pay(caller, payment)
    body = json.loads(receiver.received[-1].body, parse_float=Decimal)
    assert list(body) == IPN_KEYS
    assert list(body["fee"]) == ["currency", "depositFee", "serviceFee", "withdrawalFee"]
    assert body["payment_id"] == int(payment["payment_id"])
    assert body["purchase_id"] == payment["purchase_id"]
    assert isinstance(body["updated_at"], int)
    assert body["updated_at"] > 1_700_000_000_000
    assert body["actually_paid"] == body["pay_amount"] == payment["pay_amount"]


def test_small_fees_are_written_as_javascript_writes_them(caller: Caller, receiver: Receiver) -> None:
    pay(caller, caller.payment(pay_currency="btc"))
    assert b'"depositFee":0.0000021' in receiver.received[-1].body
    pay(caller, caller.payment(pay_currency="xmr"))
    assert b'"depositFee":1e-7' in receiver.received[-1].body


def test_news_of_one_payment_never_share_a_time(caller: Caller, receiver: Receiver) -> None:
    pay(caller, caller.payment())
    times = [json.loads(received.body)["updated_at"] for received in receiver.received]
    assert times == sorted(set(times))


def test_too_little_ends_partially_paid(caller: Caller, receiver: Receiver) -> None:
    payment = caller.payment()
    pay(caller, payment, amount="0.0004")
    assert statuses(receiver)[-1] == "partially_paid"
    assert read(caller, payment)["actually_paid"] == Decimal("0.0004")


def test_another_coin_is_told(caller: Caller, receiver: Receiver) -> None:
    payment = caller.payment()
    pay(caller, payment, currency="ltc")
    assert json.loads(receiver.received[-1].body)["pay_currency"] == "ltc"


@pytest.mark.parametrize("status", ["failed", "expired", "refunded"])
def test_a_payment_can_end_otherwise(caller: Caller, receiver: Receiver, status: str) -> None:
    payment = caller.payment()
    pay(caller, payment, status=status)
    assert statuses(receiver) == [status]
    assert read(caller, payment)["payment_status"] == status


def test_steps_may_be_given_one_by_one(caller: Caller, receiver: Receiver) -> None:
    pay(caller, caller.payment(), steps=["confirming", "finished", "waiting"])
    assert statuses(receiver) == ["confirming", "finished", "waiting"]


def test_money_for_a_paid_address_is_a_child_without_order(caller: Caller, receiver: Receiver) -> None:
    payment = caller.payment()
    pay(caller, payment)
    child = pay(caller, payment)
    assert str(child["payment_id"]) != payment["payment_id"]
    body = json.loads(receiver.received[-1].body)
    assert (body["parent_payment_id"], body["order_id"]) == (int(payment["payment_id"]), None)
    assert read(caller, payment)["payment_extra_ids"] == [child["payment_id"]]
    assert read(caller, child)["origin_type"] == "REPEATED"


def test_money_after_expiry_comes_without_a_word(caller: Caller, receiver: Receiver) -> None:
    payment = caller.payment()
    pay(caller, payment, status="expired")
    assert pay(caller, payment)["silent"] is True
    assert statuses(receiver) == ["expired"]
    assert read(caller, payment)["payment_status"] == "finished"


def test_an_ipn_goes_where_the_payment_says(caller: Caller, receiver: Receiver) -> None:
    pay(caller, caller.payment(ipn_callback_url=f"{receiver.url}/elsewhere"), status="failed")
    assert receiver.received[0].path == "/elsewhere"


def test_an_ipn_that_is_refused_comes_again(caller: Caller, receiver: Receiver) -> None:
    receiver.answer = lambda received: 500 if len(received) == 1 else 200
    assert pay(caller, caller.payment(), status="finished")["ipns"] == [500]
    first, second = receiver.wait_for(2)
    assert first.body == second.body
    until(lambda: len(read_ledger(caller.config.ledger_dir, effect="ipn_sent")) == 2)
    lines = read_ledger(caller.config.ledger_dir, effect="ipn_sent")
    assert [(line["status"], line["attempt"], line["answer"]) for line in lines] == [
        ("finished", 1, 500),
        ("finished", 2, 200),
    ]


def test_without_waiting_the_ipns_come_by_themselves(
    caller: Caller, receiver: Receiver, standins: RunningStandins
) -> None:
    standins.configure(step_seconds=0.01)
    answer = pay(caller, caller.payment(), wait=False)
    assert "ipns" not in answer
    receiver.wait_for(5)
    assert statuses(receiver) == [*WAY, "finished"]
