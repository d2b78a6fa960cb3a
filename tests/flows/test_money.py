"""Money that does not fit, and notices that lie, buy nothing."""

from __future__ import annotations

from decimal import Decimal

import requests

from tests.flows.house import House
from tests.flows.test_happy_path import KINGUIN
from tests.waiting import until


def test_an_underpaid_order_is_reviewed_and_nothing_is_bought(house: House) -> None:
    sale = house.order((KINGUIN, 1))
    half = Decimal(sale.answer["payment"]["payAmount"]) / 2
    house.pay(sale, amount=str(half))
    house.until(sale, "review")
    house.rest(1.5)
    assert house.state(sale) == "review"
    assert house.rows("SELECT count(*) FROM purchases WHERE order_id = %s", sale.order_id) == [(0,)]
    assert house.rows("SELECT kind, state FROM cases WHERE order_id = %s", sale.order_id) == [
        ("underpaid", "open")
    ]


def test_a_forged_notice_is_401_and_changes_nothing(house: House) -> None:
    sale = house.order((KINGUIN, 1))
    before = house.rows("SELECT count(*) FROM notices")
    for how in ({"forged": True}, {"secret": "somebody else's secret"}):
        body = {"status": "finished", "times": 3, **how}
        answers = house.control(f"nowpayments/payments/{sale.payment_id}/ipn", **body)["answers"]
        assert answers == [401, 401, 401]
    assert house.state(sale) == "created"
    assert house.rows("SELECT count(*) FROM notices") == before


def test_a_true_signature_on_a_payment_that_never_was_buys_nothing(house: House) -> None:
    sale = house.order((KINGUIN, 1))
    house.control(
        f"nowpayments/payments/{sale.payment_id}/ipn", status="finished"
    )  # leaked secret; gateway: waiting
    until(lambda: house.state(sale) in {"paid", "review"}, what="the notice")
    house.rest(2)
    assert house.rows("SELECT count(*) FROM purchases WHERE order_id = %s", sale.order_id) == [(0,)]


def test_an_unpaid_order_is_only_an_order(house: House) -> None:
    sale = house.order((KINGUIN, 1))
    house.pay(sale, steps=["confirming", "confirmed", "sending"])
    house.rest(1)
    assert house.state(sale) == "created"
    assert requests.post(
        f"{house.web}/fulfillment/{sale.order_id}/reveal",
        headers={"Authorization": f"Bearer {sale.token}"},
        timeout=10,
    ).status_code in {404, 409}
