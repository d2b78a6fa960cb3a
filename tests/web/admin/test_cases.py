"""Cases listed, shown and answered at the edge."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from falcon.testing import Result, TestClient

from actors import courier
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState, PaymentState
from db import AccessRecord, Case, Payment
from tests.factories import a_payment, again, an_order, news_of, take
from tests.web.cast import admin, buyer, fulfilled_order
from tests.web.conftest import waiting_messages


def underpaid() -> Case:
    payment = a_payment(an_order())
    take(news_of(payment, PaymentState.PARTIALLY_PAID, actually_paid=Decimal("0.0001")))
    return Case.get(Case.order == payment.order_id)


def resolve(client: TestClient, shop: Shop, case: Case, role: str = "operator", **changes: Any) -> Result:
    body = {"move": "accept", "reason": "the buyer wrote"} | changes
    return client.simulate_post(f"/admin/cases/{case.id}/resolve", headers=admin(shop, role), json=body)


def test_cases_are_listed_and_filtered(client: TestClient, shop: Shop) -> None:
    older, newer = underpaid(), underpaid()
    found = client.simulate_get("/admin/cases", headers=admin(shop, "read-only")).json
    assert [row["id"] for row in found["data"]] == [str(newer.id), str(older.id)]
    for query, total in (
        (f"orderId={older.order_id}&kind=underpaid&state=open", 1),
        ("state=resolved", 0),
        ("kind=late", 0),
        ("limit=1&page=2", 2),
    ):
        assert client.simulate_get(f"/admin/cases?{query}", headers=admin(shop)).json["total"] == total
    for query in ("limit=101", "state=closed", "color=red"):
        assert client.simulate_get(f"/admin/cases?{query}", headers=admin(shop)).status_code == 422


def test_a_case_is_shown_with_its_figures_and_moves(client: TestClient, shop: Shop) -> None:
    case = underpaid()
    seen = client.simulate_get(f"/admin/cases/{case.id}", headers=admin(shop, "read-only")).json
    assert (seen["kind"], seen["orderStatus"], seen["state"]) == ("underpaid", "review", "open")
    assert seen["figures"]["difference"] == "-0.0004"
    assert {"label": "Missing", "text": "0.0004 BTC"} in seen["told"]
    path = f"/admin/orders/{case.order_id}/timeline"
    story = client.simulate_get(path, headers=admin(shop, "read-only")).json["data"]
    for kind in ("case", "move"):  # the same words, whoever tells it
        told = [event["told"] for event in story if event["kind"] == kind][-1]
        assert {"label": "Missing", "text": "0.0004 BTC"} in told
    assert [move["name"] for move in seen["moves"]] == ["accept", "refund_due", "reject"]
    assert client.simulate_get(f"/admin/cases/{uuid.uuid4()}", headers=admin(shop)).status_code == 404


def test_an_answer_takes_effect_is_recorded_and_handed_on(client: TestClient, shop: Shop) -> None:
    case = underpaid()
    answer = resolve(client, shop, case)
    assert answer.status_code == 200
    assert (answer.json["movedFrom"], answer.json["case"]["orderStatus"]) == ("review", "paid")
    assert (answer.json["case"]["moves"], answer.json["waitsFor"]) == ([], [])
    record = AccessRecord.get(AccessRecord.action == "resolve")
    assert (record.actor, record.outcome, record.order) == ("admin:olga", "granted", case.order)
    assert record.details["reason"] == "the buyer wrote"
    courier.stop()
    assert waiting_messages(shop, reserve) == [str(case.order_id)]


def test_a_second_answer_is_a_409_that_tells_who_gave_the_first(client: TestClient, shop: Shop) -> None:
    case = underpaid()
    assert resolve(client, shop, case, move="reject").status_code == 200
    answer = resolve(client, shop, case)
    assert (answer.status_code, answer.json["code"]) == (409, "already_resolved")
    assert (answer.json["resolvedBy"], answer.json["resolution"]) == ("admin:olga", "reject")
    assert "admin:olga answered this with reject" in answer.json["detail"]
    outcomes = [row.outcome for row in AccessRecord.select().order_by(AccessRecord.id)]
    assert outcomes == ["granted", "already_resolved"]
    assert again(case.order).state is OrderState.EXPIRED


def test_an_answer_that_the_order_no_longer_allows_is_explained(client: TestClient, shop: Shop) -> None:
    case = underpaid()
    again(case.order).advance(OrderState.REFUND_DUE, actor="test")
    answer = resolve(client, shop, case)
    assert (answer.status_code, answer.json["code"]) == (409, "not_now")
    assert answer.json["orderStatus"] == "refund_due"
    assert answer.json["moves"] == ["refund_due"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"move": "adopt"}, 409),
        ({"move": "Accept!"}, 422),
        ({"reason": ""}, 422),
        ({"basis": {"amount": "-1"}}, 422),
        ({"basis": {"amount": "1e5"}}, 422),
        ({"basis": {"color": "red"}}, 422),
        ({"role": "read-only"}, 403),
    ],
)
def test_what_is_no_answer_changes_nothing(
    client: TestClient, shop: Shop, changes: dict[str, Any], status: int
) -> None:
    case = underpaid()
    assert resolve(client, shop, case, **changes).status_code == status
    assert Case.get_by_id(case.id).state == "open"
    assert again(case.order).state is OrderState.REVIEW


def test_a_stranger_sees_no_case_and_answers_none(client: TestClient, shop: Shop) -> None:
    case = underpaid()
    for headers, status in (({}, 401), (buyer(shop, case.order), 403)):
        assert client.simulate_get("/admin/cases", headers=headers).status_code == status
        assert client.simulate_get(f"/admin/cases/{case.id}", headers=headers).status_code == status
        path = f"/admin/cases/{case.id}/resolve"
        body = {"move": "accept", "reason": "for me"}
        assert client.simulate_post(path, headers=headers, json=body).status_code == status


def test_an_answer_to_nothing_is_404(client: TestClient, shop: Shop) -> None:
    path = f"/admin/cases/{uuid.uuid4()}/resolve"
    body = {"move": "accept", "reason": "because"}
    assert client.simulate_post(path, headers=admin(shop), json=body).status_code == 404


def test_a_refunded_order_no_longer_gives_its_keys(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    mine = buyer(shop, order)
    assert client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=mine).status_code == 200
    take(news_of(Payment.get(Payment.order == order), PaymentState.REFUNDED))
    case = Case.get(Case.kind == "refunded_at_gateway")
    assert resolve(client, shop, case, move="refunded").status_code == 200
    assert again(order).state is OrderState.REFUNDED
    assert client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=mine).status_code == 409
    assert client.simulate_get(f"/fulfillment/{order.id}/download-link", headers=mine).status_code == 409
