"""Each fault of webhooks, IPNs and mails, biting at a real receiver."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from bitloot.errors import BadSignature
from bitloot.gateways.ipn_signature import prove
from tests.waiting import until
from tests.web.standins.caller import Caller
from tests.web.standins.receiver import Received, Receiver
from tests.web.standins.test_resend import MAIL
from web.standins.accounts import mails, notices


def pay(caller: Caller, **asked: Any) -> dict[str, Any]:
    payment = caller.payment()
    body = {"wait": True} | asked
    caller.control("POST", f"/nowpayments/payments/{payment['payment_id']}/pay", json=body)
    return payment


def bodies(received: list[Received]) -> list[dict[str, Any]]:
    return [json.loads(notice.body) for notice in received]


def proof(caller: Caller, notice: Received) -> str:
    """Which form its signature covers; raises BadSignature."""
    return prove(notice.headers["x-nowpayments-sig"], notice.body, caller.config.ipn_secret)


def test_no_notice_at_all(caller: Caller, receiver: Receiver) -> None:
    for name in ("webhook_never", "ipn_never"):
        caller.fault(name)
    caller.order("BL-1")
    pay(caller)
    until(lambda: caller.bites() == {"webhook_never": 1, "ipn_never": 5})
    assert receiver.received == []


def test_every_notice_five_times(caller: Caller, receiver: Receiver) -> None:
    for name in ("webhook_repeated", "ipn_repeated"):
        caller.fault(name)
    caller.order("BL-1")
    assert len({notice.body for notice in receiver.wait_for(5)}) == 1
    pay(caller, steps=["finished"])
    assert len(receiver.wait_for(10)) == 10


def test_webhooks_of_two_orders_change_places(caller: Caller, receiver: Receiver) -> None:
    caller.fault("webhook_reordered", seconds=30)
    caller.order("BL-1")
    until(lambda: caller.bites() == {"webhook_reordered": 1})
    caller.order("BL-2")
    told = [body["orderExternalId"] for body in bodies(receiver.wait_for(2))]
    assert told == ["BL-2", "BL-1"]


def test_the_statuses_of_one_payment_come_in_another_order_and_all(
    caller: Caller, receiver: Receiver
) -> None:
    caller.fault("ipn_reordered", seconds=30, seed=3)
    pay(caller)
    told = [body["payment_status"] for body in bodies(receiver.wait_for(5))]
    way = ["waiting", "confirming", "confirmed", "sending", "finished"]
    assert told != way
    assert sorted(told) == sorted(way)


def test_what_is_held_too_long_goes_alone(caller: Caller, receiver: Receiver) -> None:
    caller.fault("webhook_reordered", seconds=0.05)
    caller.order("BL-1")
    assert len(receiver.wait_for(1)) == 1


def test_a_late_notice_is_overtaken(
    caller: Caller, receiver: Receiver, pass_time: Callable[[float], object]
) -> None:
    caller.fault("ipn_delayed", seconds=60, match="confirming")
    pay(caller)
    receiver.wait_for(4)
    pass_time(60)
    assert bodies(receiver.wait_for(5))[-1]["payment_status"] == "confirming"


def test_a_webhook_before_the_purchases_answer(caller: Caller, receiver: Receiver) -> None:
    caller.control("POST", "/config", json={"delivery_seconds": 60})
    caller.fault("webhook_first")
    order_id = caller.order("BL-1").json()["orderId"]
    assert [body["orderId"] for body in bodies(receiver.received)] == [order_id]
    bearer = caller.bearer()
    hold = caller.reserve(bearer, "BL-2")
    caller.fault("webhook_first")
    caller.reservations("POST", f"/reservations/{hold}/give", bearer)
    assert bodies(receiver.received)[-1]["reservationId"] == hold


def test_an_ipn_before_the_payments_answer(caller: Caller, receiver: Receiver) -> None:
    caller.fault("ipn_first")
    payment = caller.payment()
    [body] = bodies(receiver.received)
    assert (str(body["payment_id"]), body["payment_status"]) == (payment["payment_id"], "waiting")


def test_forged_ipns_come_before_the_true_ones(caller: Caller, receiver: Receiver) -> None:
    caller.fault("ipn_forged")
    caller.fault("ipn_wrong_secret")
    pay(caller, steps=["partially_paid"])
    lie, stranger, truth = receiver.wait_for(3)
    for fraud in (lie, stranger):
        with pytest.raises(BadSignature):
            proof(caller, fraud)
    assert proof(caller, truth) == "sorted"
    assert [body["payment_status"] for body in bodies([lie, stranger, truth])] == [
        "finished",
        "partially_paid",
        "partially_paid",
    ]
    frauds = [line.get("fraud") for line in notices(caller.config.ledger_dir)]
    assert frauds == ["webhook_forged", "webhook_wrong_secret", None]


def test_a_forged_webhook_has_the_right_secret_and_lies(caller: Caller, receiver: Receiver) -> None:
    caller.fault("webhook_forged", only=True)
    caller.order("BL-1")
    [lie] = receiver.wait_for(1)
    assert json.loads(lie.body)["status"] == "canceled"
    assert lie.headers["X-Event-Secret"] == caller.config.kinguin_secret
    until(lambda: "kinguin.webhook_withheld" in caller.control("GET", "/stats").json()["effects"])


def test_a_webhook_under_a_wrong_secret(caller: Caller, receiver: Receiver) -> None:
    caller.fault("webhook_wrong_secret")
    caller.order("BL-1")
    wrong, right = receiver.wait_for(2)
    assert wrong.body == right.body
    assert wrong.headers["X-Event-Secret"] != right.headers["X-Event-Secret"]


SEEN: dict[str, Any] = {
    "small_floats": lambda body: body["fee"]["serviceFee"] == 1e-7,
    "non_ascii": lambda body: not body["order_description"].isascii(),
    "nested_fee": lambda body: body["fee"]["details"]["a"]["y"] == [{"d": 4, "c": 3}],
    "null_order_id": lambda body: body["order_id"] is None,
    "arrays": lambda body: len(body["payment_extra_ids"]) == 2,
    "epoch_millis": lambda body: body["created_at"] > 10**12,
    "iso_dates": lambda body: body["updated_at"].endswith("Z") and "fee" not in body,
}


@pytest.mark.parametrize("variant", SEEN)
def test_every_shape_of_an_ipn_is_signed_as_the_gateway_signs(
    caller: Caller, receiver: Receiver, variant: str
) -> None:
    caller.fault(f"ipn_{variant}")
    pay(caller, steps=["finished"])
    [notice] = receiver.wait_for(1)
    assert SEEN[variant](json.loads(notice.body))
    assert proof(caller, notice) == "sorted"
    if variant == "small_floats":
        assert b'"depositFee":0.0000021' in notice.body
        assert b'"serviceFee":1e-7' in notice.body
    if variant == "non_ascii":
        assert "Clé Steam – Duo/Pack".encode() in notice.body


def test_a_childs_ipn_comes_with_its_parents(caller: Caller, receiver: Receiver) -> None:
    caller.fault("ipn_child")
    payment = pay(caller, steps=["finished"])
    child, parent = bodies(receiver.wait_for(2))
    assert (child["order_id"], str(child["parent_payment_id"])) == (None, payment["payment_id"])
    assert parent["payment_extra_ids"] == [child["payment_id"]]
    known = caller.nowpayments("GET", f"/payment/{child['payment_id']}").json()
    assert str(known["parent_payment_id"]) == payment["payment_id"]


def test_a_payouts_ipn_is_about_no_payment(caller: Caller, receiver: Receiver) -> None:
    caller.fault("ipn_payout")
    pay(caller, steps=["finished"])
    payout, _ = receiver.wait_for(2)
    assert {"id", "status"} <= json.loads(payout.body).keys()
    assert "payment_id" not in json.loads(payout.body)
    assert proof(caller, payout) == "sorted"


def send(caller: Caller) -> requests.Response:
    return caller.resend("POST", "/emails", json=MAIL, headers={"Idempotency-Key": "letter/1"})


@pytest.mark.parametrize(
    ("name", "said", "sent"), [("mail_429", 429, 0), ("mail_500", 500, 0), ("mail_500_after", 500, 1)]
)
def test_resend_refuses(caller: Caller, name: str, said: int, sent: int) -> None:
    caller.fault(name)
    answer = send(caller)
    assert (answer.status_code, answer.json()["statusCode"]) == (said, said)
    assert ("Retry-After" in answer.headers) == (said == 429)
    assert mails(caller.config.ledger_dir)["letter/1"] == sent
    assert send(caller).status_code == 200
    assert mails(caller.config.ledger_dir) == {"letter/1": 1}


def test_resend_accepts_and_the_answer_is_lost(caller: Caller) -> None:
    caller.fault("mail_reply_lost")
    with pytest.raises(requests.ConnectionError):
        send(caller)
    assert send(caller).status_code == 200
    assert mails(caller.config.ledger_dir) == {"letter/1": 1}
