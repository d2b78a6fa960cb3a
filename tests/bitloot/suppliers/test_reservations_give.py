"""The reservation dialect's call that spends money: what each answer to `give` means."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import responses
from pydantic import SecretStr

from bitloot.errors import Ambiguous, BitLootError, Blocked, Permanent
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Wanted
from bitloot.suppliers.reservations import Reservations
from bitloot.suppliers.reservations_webhook import Verifier

BASE = "https://reservations.test"


@pytest.fixture
def lonely() -> Reservations:
    return Reservations(BASE, Verifier("static", SecretStr("s" * 32)))


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (200, '{"status":"processing"}', SupplierStatus.PENDING),
        (200, '{"status":"delivered"}', SupplierStatus.DELIVERED),
        (200, '{"status":"dreaming"}', SupplierStatus.PENDING),
        (202, "{}", SupplierStatus.PENDING),
        (204, "", SupplierStatus.PENDING),
        (200, '{"status":"failed"}', SupplierStatus.FAILED),
    ],
)
@responses.activate
def test_any_success_means_given(lonely: Reservations, status: int, body: str, word: SupplierStatus) -> None:
    responses.post(f"{BASE}/reservations/r-1/give", body=body, status=status)
    assert lonely.commit("r-1").status is word


@pytest.mark.parametrize(
    "body",
    [
        '{"error":"no","message":"no"}',
        '{"kind":"Error","status":500}',
        '{"errors":[],"status":"error"}',
        "[]",
    ],
)
@responses.activate
def test_an_error_under_a_success_is_a_doubt(lonely: Reservations, body: str) -> None:
    responses.post(f"{BASE}/reservations/r-1/give", body=body)
    with pytest.raises(Ambiguous):
        lonely.commit("r-1")


@responses.activate
def test_an_account_without_funds_blocks(lonely: Reservations) -> None:
    responses.post(f"{BASE}/reservations/r-1/give", json={}, status=402)
    with pytest.raises(Blocked) as blocked:
        lonely.commit("r-1")
    assert blocked.value.code == "insufficient_balance"


@responses.activate
def test_sold_out_ends_a_reservation_and_leaves_a_give_in_doubt(lonely: Reservations) -> None:
    responses.post(f"{BASE}/reservations", json={"error": "out_of_stock"}, status=409)
    with pytest.raises(Permanent) as none_left:
        lonely.begin("BL-1", Wanted("p-1", 1, Decimal(1), "eur"))
    assert none_left.value.code == "out_of_stock"
    responses.post(f"{BASE}/reservations/r-1/give", json={"error": "out_of_stock"}, status=409)
    responses.get(f"{BASE}/reservations/r-1/delivered", json={"codes": []})
    responses.get(f"{BASE}/reservations/r-1", json={"status": "reserved"})
    with pytest.raises(Ambiguous):
        lonely.commit("r-1")


@pytest.mark.parametrize(
    ("refusal", "delivered", "told", "outcome"),
    [
        (409, (200, {"codes": ["A"]}), (200, {"status": "delivered"}), SupplierStatus.DELIVERED),
        (404, (200, {"codes": ["A"]}), (404, {}), SupplierStatus.DELIVERED),
        (409, (200, {"codes": []}), (200, {"status": "processing"}), SupplierStatus.PENDING),
        (422, (200, {"codes": []}), (200, {"status": "processing"}), SupplierStatus.PENDING),
        (409, (200, {"codes": []}), (200, {"status": "cancelled"}), Permanent),
        (409, (404, {}), (404, {}), Ambiguous),
        (409, (200, {"codes": []}), (200, {"status": "reserved"}), Ambiguous),
        (404, (404, {}), (404, {}), Permanent),
        (422, (200, {"codes": []}), (200, {"status": "reserved"}), Permanent),
        (422, (500, {}), (200, {"status": "reserved"}), Ambiguous),
        (422, (200, {"codes": []}), (503, {}), Ambiguous),
    ],
)
@responses.activate
def test_a_refused_give_asks_before_it_gives_up(
    lonely: Reservations,
    refusal: int,
    delivered: tuple[int, Any],
    told: tuple[int, Any],
    outcome: SupplierStatus | type[BitLootError],
) -> None:
    responses.post(f"{BASE}/reservations/r-1/give", json={}, status=refusal)
    responses.get(f"{BASE}/reservations/r-1/delivered", json=delivered[1], status=delivered[0])
    responses.get(f"{BASE}/reservations/r-1", json=told[1], status=told[0])
    if isinstance(outcome, SupplierStatus):
        assert lonely.commit("r-1").status is outcome
        return
    with pytest.raises(BitLootError) as raised:
        lonely.commit("r-1")
    assert type(raised.value) is outcome
