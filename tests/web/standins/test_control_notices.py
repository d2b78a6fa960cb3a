"""Notices at will."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.web.standins.caller import Caller
from tests.web.standins.receiver import Received, Receiver
from web.standins.jsontext import read_json, sort_keys, write_json


def signed(secret: str, received: Received) -> bool:
    body = write_json(sort_keys(read_json(received.body))).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()
    return bool(received.headers["x-nowpayments-sig"] == signature)


def send_ipn(caller: Caller, **asked: Any) -> list[int | None]:
    path = f"/nowpayments/payments/{caller.payment()['payment_id']}/ipn"
    answer = caller.control("POST", path, json=asked)
    assert answer.status_code == 200, answer.text
    answers: list[int | None] = answer.json()["answers"]
    return answers


def test_one_ipn_may_be_sent_five_times(caller: Caller, receiver: Receiver) -> None:
    assert send_ipn(caller, times=5, status="finished") == [200] * 5
    assert len({received.body for received in receiver.received}) == 1
    assert json.loads(receiver.received[0].body)["payment_status"] == "finished"
    assert signed(caller.config.ipn_secret, receiver.received[0])


def test_a_forged_ipn_was_signed_for_another_body(caller: Caller, receiver: Receiver) -> None:
    send_ipn(caller, forged=True)
    assert not signed(caller.config.ipn_secret, receiver.received[0])


def test_an_ipn_may_be_signed_with_another_secret(caller: Caller, receiver: Receiver) -> None:
    send_ipn(caller, secret="somebody-elses")
    assert signed("somebody-elses", receiver.received[0])
    assert not signed(caller.config.ipn_secret, receiver.received[0])


def test_an_ipn_may_come_unsorted_and_is_signed_sorted(caller: Caller, receiver: Receiver) -> None:
    send_ipn(caller, unsorted=True)
    keys = list(json.loads(receiver.received[0].body))
    assert keys == sorted(keys, reverse=True)
    assert signed(caller.config.ipn_secret, receiver.received[0])


def test_fields_of_an_ipn_may_be_changed_before_it_is_signed(caller: Caller, receiver: Receiver) -> None:
    send_ipn(caller, fields={"order_id": None, "price_amount": 1.5, "payment_extra_ids": [7, 8]})
    body = json.loads(receiver.received[0].body)
    assert (body["order_id"], body["price_amount"], body["payment_extra_ids"]) == (None, 1.5, [7, 8])
    assert signed(caller.config.ipn_secret, receiver.received[0])


def test_an_ipn_at_will_is_not_repeated_by_itself(caller: Caller, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    assert send_ipn(caller) == [500]
    assert caller.control("GET", "/stats").json()["pending"] == 0


def test_payments_are_listed_by_order(caller: Caller) -> None:
    payment = caller.payment(order_id="BL-7")
    caller.payment(order_id="BL-8")
    [row] = caller.control("GET", "/nowpayments/payments?order_id=BL-7").json()["data"]
    assert str(row["payment_id"]) == payment["payment_id"]


def test_an_order_webhook_at_will(caller: Caller, receiver: Receiver) -> None:
    order = caller.order("BL-1").json()
    receiver.wait_for(1)
    path = f"/kinguin/orders/{order['orderId']}/webhook"
    asked = {"times": 2, "status": "canceled", "secret": "wrong"}
    assert caller.control("POST", path, json=asked).json() == {"answers": [200, 200]}
    last = receiver.received[-1]
    assert (json.loads(last.body)["status"], last.headers["X-Event-Secret"]) == ("canceled", "wrong")
    [row] = caller.control("GET", "/kinguin/orders?external_id=BL-1").json()["data"]
    assert row["orderId"] == order["orderId"]


def test_a_reservation_webhook_at_will(caller: Caller, receiver: Receiver) -> None:
    bearer = caller.bearer()
    hold = caller.reserve(bearer)
    caller.reservations("POST", f"/reservations/{hold}/give", bearer)
    receiver.wait_for(1)
    answer = caller.control(
        "POST", f"/reservations/{hold}/webhook", json={"status": "failed", "inline": True}
    )
    assert answer.json() == {"answers": [200]}
    body = json.loads(receiver.received[-1].body)
    assert (body["status"], body["event"]) == ("failed", "reservation.failed")
    assert body["key"].startswith("BLKEY-")
    [row] = caller.control("GET", "/reservations?order_id=BL-1").json()["data"]
    assert (row["reservationId"], row["gives"]) == (hold, 1)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/nowpayments/payments/{}/pay", {"steps": ["dancing"]}),
        ("/nowpayments/payments/{}/pay", {"steps": []}),
        ("/nowpayments/payments/{}/pay", {"amount": "much"}),
        ("/nowpayments/payments/{}/pay", {"amount": -1}),
        ("/nowpayments/payments/{}/pay", {"currency": "xyz"}),
        ("/nowpayments/payments/{}/ipn", {"times": 0}),
        ("/nowpayments/payments/{}/ipn", {"fields": 7}),
        ("/nowpayments/payments/{}/ipn", []),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(
    caller: Caller, receiver: Receiver, path: str, asked: object
) -> None:
    number = caller.payment()["payment_id"]
    assert caller.control("POST", path.format(number), json=asked).status_code == 400
    assert receiver.received == []


def test_what_is_not_there_cannot_be_told_of(caller: Caller) -> None:
    for path in ("nowpayments/payments/1/pay", "kinguin/orders/P/webhook", "reservations/r/webhook"):
        assert caller.control("POST", f"/{path}", json={}).status_code == 404
