"""Notices about money: stored before they are answered, believed only if signed, taken once."""

from __future__ import annotations

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from falcon.testing import TestClient

from actors import courier
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Move, Notice, Order, base
from tests.factories import a_payment, again, an_order
from tests.statements import counted
from tests.web.cast import JSON, ipn_body, signed
from tests.web.conftest import waiting_messages

FORGED = {"x-nowpayments-sig": "0" * 128}


def test_a_true_notice_pays_the_order_and_hands_it_on(client: TestClient, shop: Shop) -> None:
    order = an_order()
    body = ipn_body(a_payment(order))
    answer = client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body))
    assert (answer.status_code, answer.json) == (200, {"ok": True})
    assert again(order).state is OrderState.PAID
    courier.stop()
    assert waiting_messages(shop, reserve) == [str(order.id)]


def test_a_notice_costs_one_round_trip_to_the_database(client: TestClient, shop: Shop) -> None:
    for _ in range(2):
        body = ipn_body(a_payment(an_order()))
        with counted() as asked:
            assert (
                client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body)).status_code
                == 200
            )
        assert len(asked) == 1


def test_the_notice_is_kept_sealed_with_its_outcome(client: TestClient, shop: Shop) -> None:
    order = an_order()
    body = ipn_body(a_payment(order))
    client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body))
    [notice] = Notice.select()
    assert (notice.source, notice.event, notice.outcome) == ("nowpayments", "finished", "moved")
    assert notice.order_id == order.id
    assert b"pay_address" not in bytes(notice.body or b"")


@pytest.mark.parametrize("headers", [{}, FORGED, {"x-nowpayments-sig": ""}, {"x-nowpayments-sig": "é" * 64}])
def test_a_forged_notice_changes_nothing(client: TestClient, shop: Shop, headers: dict[str, str]) -> None:
    order = an_order()
    body = ipn_body(a_payment(order))
    answer = client.simulate_post("/payments/ipn", body=body, headers=JSON | headers)
    assert (answer.status_code, answer.json["code"]) == (401, "bad_signature")
    assert answer.headers["content-type"] == "application/problem+json"
    assert again(order).state is OrderState.CREATED
    assert Notice.select().count() == 0


def test_a_notice_that_was_altered_after_signing_is_forged(client: TestClient, shop: Shop) -> None:
    order = an_order()
    body = ipn_body(a_payment(order))
    headers = signed(shop, body)
    altered = body.replace(str(order.id).encode(), str(an_order().id).encode())
    assert client.simulate_post("/payments/ipn", body=altered, headers=headers).status_code == 401
    assert Notice.select().count() == 0


def test_the_same_notice_five_times_is_one_move(client: TestClient, shop: Shop) -> None:
    order = an_order()
    body = ipn_body(a_payment(order))
    answers = [client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body)) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert Move.select().where(Move.order == order.id, Move.dst == "paid").count() == 1
    [notice] = Notice.select()
    assert notice.repeats == 4
    courier.stop()
    assert waiting_messages(shop, reserve) == [str(order.id)]


def test_the_same_notice_200_times_from_20_threads_is_one_move(client: TestClient, shop: Shop) -> None:
    order = an_order()
    body = ipn_body(a_payment(order))
    headers = signed(shop, body)
    base.database.close()  # the pool is for the callers now

    def send(_: int) -> int:
        return client.simulate_post("/payments/ipn", body=body, headers=headers).status_code

    with ThreadPoolExecutor(20) as threads:
        statuses = list(threads.map(send, range(200)))
    base.database.connect()  # type: ignore[no-untyped-call]
    assert set(statuses) == {200}
    assert Move.select().where(Move.order == order.id, Move.dst == "paid").count() == 1
    assert Notice.select().count() == 1


def test_an_underpaid_order_goes_to_a_person_and_not_to_reserve(client: TestClient, shop: Shop) -> None:
    order = an_order()
    body = ipn_body(a_payment(order), actually_paid=0.0001)
    assert client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body)).status_code == 200
    assert again(order).state is OrderState.REVIEW
    courier.stop()
    assert waiting_messages(shop, reserve) == []


def test_a_payment_that_we_do_not_know_is_kept_and_answered(client: TestClient, shop: Shop) -> None:
    body = ipn_body(a_payment(an_order()), payment_id=123, order_id="of another shop")
    assert client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body)).status_code == 200
    [notice] = Notice.select()
    assert notice.outcome == "unknown"


def test_news_about_a_payout_is_kept_as_ignored(client: TestClient, shop: Shop) -> None:
    body = json.dumps({"id": "55", "batch_withdrawal_id": "77", "status": "FINISHED", "amount": "1"}).encode()
    assert client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body)).status_code == 200
    [notice] = Notice.select()
    assert notice.outcome == "ignored"


def test_late_news_of_a_lower_rank_changes_nothing(client: TestClient, shop: Shop) -> None:
    order = an_order()
    payment = a_payment(order)
    for status in ("finished", "waiting", "confirming"):
        body = ipn_body(payment, status)
        assert client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body)).status_code == 200
    assert again(order).state is OrderState.PAID
    assert Order.get_by_id(order.id).seq == 2


def test_a_notice_over_the_cap_is_refused(client: TestClient, shop: Shop) -> None:
    body = b'{"a":"' + b"x" * 70_000 + b'"}'
    answer = client.simulate_post("/payments/ipn", body=body, headers=signed(shop, b"{}"))
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


HOSTILE = [
    b"",
    b"[]",
    b"null",
    b'"text"',
    b"{",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"[" * 30_000,
    b'{"payment_id":1,"payment_id":2}',
    b'{"payment_id":NaN,"payment_status":"finished"}',
    b'{"payment_id":Infinity,"payment_status":"finished"}',
    b'{"payment_id":1e999999,"payment_status":"finished"}',
    b'{"payment_id":' + b"9" * 5000 + b',"payment_status":"finished"}',
    b'{"payment_id":1,"payment_status":"\\ud800"}',
    b'{"payment_id":1,"payment_status":"a\\u0000b"}',
    b'{"payment_id":true,"payment_status":"finished"}',
    b'{"payment_id":{},"payment_status":[]}',
    b'{"payment_id":1,"payment_status":"finished","actually_paid":"abc"}',
    b'{"payment_id":1,"payment_status":"finished","actually_paid":-1}',
    b'{"payment_id":1,"payment_status":"bogus"}',
]


@pytest.mark.parametrize("is_signed", [True, False])
def test_hostile_bodies_get_4xx_and_leave_nothing(client: TestClient, shop: Shop, is_signed: bool) -> None:
    """Signed over the raw body, as a gateway gone mad would."""
    secret = shop.settings.nowpayments_ipn_secret.get_secret_value().encode()
    seen = []
    for body in HOSTILE:
        proof = hmac.digest(secret, body, hashlib.sha512).hex() if is_signed else "ab" * 64
        answer = client.simulate_post("/payments/ipn", body=body, headers={"x-nowpayments-sig": proof})
        assert answer.headers["content-type"] == "application/problem+json", body[:60]
        seen.append(answer.status_code)
    assert set(seen) <= ({400, 422} if is_signed else {400, 401})
    assert Notice.select().count() == 0


def test_the_database_away_is_503_and_never_2xx(client: TestClient, shop: Shop) -> None:
    body = ipn_body(a_payment(an_order()))
    headers = signed(shop, body)
    base.database.close()
    base.dispose()
    base.connect_url("postgresql://nobody@127.0.0.1:9/nothing", max_connections=2, application="tests")
    answer = client.simulate_post("/payments/ipn", body=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert answer.headers["retry-after"]
    base.configure(shop.settings)
    base.database.connect()  # type: ignore[no-untyped-call]
