"""Everything that comes twice, late or early happens once."""

from __future__ import annotations

import requests

from tests.flows.house import House
from tests.flows.test_happy_path import KINGUIN, RESERVATIONS
from tests.waiting import until


def _purchase(house: House, order_id: str) -> tuple[str, str]:
    return house.rows("SELECT supplier, supplier_ref FROM purchases WHERE order_id = %s", order_id)[0]


def test_the_same_ipn_five_times_sells_once(house: House) -> None:
    sale = house.sell((KINGUIN, 1))
    answers = house.control(f"nowpayments/payments/{sale.payment_id}/ipn", times=5)["answers"]
    assert answers == [200] * 5
    house.rest(1)
    assert house.charged(sale) == [1]
    assert len(house.letters(sale)) == 1
    assert house.rows("SELECT count(*) FROM moves WHERE order_id = %s", sale.order_id) == [(5,)]


def test_the_same_webhook_five_times_delivers_once(house: House) -> None:
    for sku, path in ((KINGUIN, "kinguin/orders"), (RESERVATIONS, "reservations")):
        sale = house.sell((sku, 1))
        _, reference = _purchase(house, sale.order_id)
        answers = house.control(f"{path}/{reference}/webhook", times=5)["answers"]
        assert answers == [204] * 5
        house.rest(0.5)
        assert len(house.reveal(sale)) == 1
        assert house.charged(sale) == [1]
        assert len(house.letters(sale)) == 1


def test_a_webhook_before_the_purchases_answer_is_not_lost(house: House) -> None:
    house.control("config", delivery_seconds=0.05)
    for sku, point in ((KINGUIN, "kinguin.place_order"), (RESERVATIONS, "reservations.give")):
        house.fault(point, "delay", seconds=1.0, after=True)
        sale = house.order((sku, 1))
        house.pay(sale)
        house.until(sale, "fulfilled")
        assert house.charged(sale) == [1]
        assert len(house.reveal(sale)) == 1


def test_a_purchase_whose_answer_was_lost_is_found_not_repeated(house: House) -> None:
    for sku, point in ((KINGUIN, "kinguin.place_order"), (RESERVATIONS, "reservations.give")):
        house.fault(point, "drop_after_effect")
        sale = house.order((sku, 1))
        house.pay(sale)
        house.until(sale, "fulfilled", seconds=40)
        assert house.charged(sale) == [1]
        assert len(house.reveal(sale)) == 1


def test_a_replayed_notice_changes_nothing_that_is_done(house: House) -> None:
    sale = house.sell((KINGUIN, 1))
    logs = requests.get(
        f"{house.web}/admin/webhook-logs?orderId={sale.order_id}", headers=house.admin(), timeout=10
    ).json()["data"]
    assert logs
    for log in logs:
        answer = requests.post(
            f"{house.web}/admin/webhook-logs/{log['id']}/replay",
            json={"reason": "to see that nothing happens"},
            headers=house.admin(),
            timeout=10,
        )
        assert answer.status_code in {200, 202}, answer.text
    until(
        lambda: house.rows("SELECT min(replays) FROM notices WHERE order_id = %s", sale.order_id) == [(1,)],
        what="the replays",
    )
    assert house.charged(sale) == [1]
    assert len(house.letters(sale)) == 1
    assert house.rows("SELECT count(*) FROM moves WHERE order_id = %s", sale.order_id) == [(5,)]
