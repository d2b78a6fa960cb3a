"""Each fault of a supplier's books, search and keys, biting at a real client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import until
from tests.web.standins.caller import LANTERNS, MOSS, Caller
from web.standins.accounts import charges_kept
from web.standins.ledger import charges, plaintext_keys, read_ledger

LOOK = "/v1/order?orderExternalId=BL-1"


def found(caller: Caller, look: str = LOOK) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = caller.kinguin("GET", look).json()["results"]
    return results


def keys(caller: Caller, order_id: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = caller.kinguin("GET", f"/v2/order/{order_id}/keys").json()
    return listed


def status(caller: Caller, order_id: str) -> str:
    return str(caller.kinguin("GET", f"/v1/order/{order_id}").json()["status"])


def until_it_is_later(pass_time: Callable[[float], object], condition: Callable[[], bool]) -> None:
    """A third of a minute passes before each look, so that of what comes each minute nothing is overlooked."""

    def holds() -> bool:
        pass_time(20)
        return condition()

    until(holds)


def test_refused_as_known_though_nothing_was_bought(caller: Caller) -> None:
    caller.fault("known_already")
    answer = caller.order("BL-1")
    assert (answer.status_code, answer.json()["kind"]) == (422, "ConstraintViolation")
    assert not charges(caller.config.ledger_dir)
    assert found(caller) == []
    assert caller.order("BL-1").status_code == 201


def test_bought_and_refused_as_known(caller: Caller) -> None:
    caller.fault("known_already_after")
    assert caller.order("BL-1").json()["propertyPath"] == "orderExternalId"
    assert charges(caller.config.ledger_dir) == {"BL-1": 1}
    assert len(found(caller)) == 1


def test_a_supplier_that_sells_again_is_caught_by_the_count(caller: Caller) -> None:
    caller.fault("sells_again")
    assert caller.order("BL-1").status_code == caller.order("BL-1").status_code == 201
    assert charges_kept(caller.config.ledger_dir) == {"BL-1": 2}
    assert caller.bites() == {"sells_again": 1}
    assert len(found(caller)) == 2


def test_a_second_give_may_be_charged_again(caller: Caller) -> None:
    caller.fault("sells_again")
    bearer = caller.bearer()
    hold = caller.reserve(bearer, "BL-2")
    for _ in range(2):
        assert caller.reservations("POST", f"/reservations/{hold}/give", bearer).status_code == 200
    sums = caller.control("GET", "/charges").json()
    assert (sums["reservations"], sums["lines"]) == ({hold: 2}, {"BL-2": 2})


def test_an_empty_balance_is_refilled_by_control(caller: Caller) -> None:
    caller.fault("balance_empty")
    assert caller.kinguin("GET", "/v1/balance").json() == {"balance": 0}
    assert caller.order("BL-1").json()["kind"] == "InsufficientBalance"
    bearer = caller.bearer()
    hold = caller.reserve(bearer, "BL-2")
    assert caller.reservations("POST", f"/reservations/{hold}/give", bearer).status_code == 402
    caller.control("POST", "/kinguin/balance", json={"balance": "500"})
    assert caller.order("BL-1").status_code == 201
    assert caller.reservations("POST", f"/reservations/{hold}/give", bearer).status_code == 200
    assert caller.bites() == {"balance_empty": 2}


def test_the_search_shows_an_order_only_after_a_while(caller: Caller) -> None:
    caller.fault("search_lags", seconds=60)
    assert found(caller) == []
    assert caller.bites() == {}  # there was nothing to hide
    caller.order("BL-1")
    assert found(caller) == []
    assert caller.bites() == {"search_lags": 1}
    caller.control("DELETE", "/faults")
    caller.fault("search_lags", seconds=0.2)
    until(lambda: len(found(caller)) == 1)


def test_the_search_finds_nothing_for_a_while(caller: Caller) -> None:
    caller.order("BL-1")
    caller.fault("search_empty", lasts=60)
    assert found(caller) == []
    caller.control("DELETE", "/faults")
    caller.fault("search_empty", lasts=0.2)
    until(lambda: len(found(caller)) == 1)


@pytest.mark.parametrize(("only", "ours"), [(False, 1), (True, 0)])
def test_the_search_answers_with_strangers(caller: Caller, only: bool, ours: int) -> None:
    caller.order("BL-1")
    caller.order("BL-2")
    caller.fault("search_strangers", only=only)
    references = [order.get("orderExternalId") for order in found(caller)]
    assert references.count("BL-1") == ours
    assert "BL-2" in references
    assert any(str(reference).startswith("XX-") for reference in references)


def test_the_search_shows_one_order_as_two(caller: Caller) -> None:
    order_id = caller.order("BL-1").json()["orderId"]
    caller.fault("search_twice")
    ghost, order = found(caller)
    assert {order["orderId"]} == {order_id} != {ghost["orderId"]}
    assert ghost["orderExternalId"] == "BL-1"
    assert ghost["createdAt"] > order["createdAt"]
    assert found(caller)[0]["orderId"] == ghost["orderId"]
    assert charges(caller.config.ledger_dir) == {"BL-1": 1}


def test_there_may_be_no_search_and_no_reading(caller: Caller) -> None:
    caller.fault("no_lookup")
    caller.fault("no_reading")
    bearer = caller.bearer()
    hold = caller.reserve(bearer, "BL-2")
    assert caller.kinguin("GET", LOOK).status_code == 404
    for path in (f"/reservations/{hold}", f"/reservations/{hold}/delivered"):
        assert caller.reservations("GET", path, bearer).status_code == 404


@pytest.mark.parametrize("word", ["canceled", "refunded"])
def test_a_paid_order_ends_without_keys_and_the_money_comes_back(caller: Caller, word: str) -> None:
    caller.fault(f"order_{word}")
    order_id = caller.order("BL-1").json()["orderId"]
    until(lambda: status(caller, order_id) == word)
    assert keys(caller, order_id) == []
    assert caller.kinguin("GET", "/v1/balance").json() == {"balance": 1_000_000}
    assert charges(caller.config.ledger_dir) == {"BL-1": 1}
    assert charges_kept(caller.config.ledger_dir) == {}


def test_a_given_reservation_ends_in_its_dialects_word(caller: Caller) -> None:
    caller.fault("order_canceled")
    bearer = caller.bearer()
    hold = caller.reserve(bearer, "BL-2")
    caller.reservations("POST", f"/reservations/{hold}/give", bearer)
    told = f"/reservations/{hold}"
    until(lambda: caller.reservations("GET", told, bearer).json()["status"] == "cancelled")
    assert caller.reservations("GET", f"{told}/delivered", bearer).json() == {"codes": []}
    assert charges_kept(caller.config.ledger_dir) == {}


def test_an_order_may_be_refunded_when_its_keys_are_out(caller: Caller) -> None:
    caller.fault("refunded_after_keys")
    order_id = caller.order("BL-1").json()["orderId"]
    until(lambda: status(caller, order_id) == "refunded")
    assert len(plaintext_keys(caller.config.ledger_dir)) == 1


def test_keys_come_one_by_one(caller: Caller, pass_time: Callable[[float], object]) -> None:
    caller.fault("keys_one_by_one", seconds=60)
    order_id = caller.order("BL-1", quantity=3).json()["orderId"]
    until(lambda: len(keys(caller, order_id)) == 1)
    assert status(caller, order_id) == "processing"
    until_it_is_later(pass_time, lambda: len(keys(caller, order_id)) == 2)
    assert status(caller, order_id) == "processing"
    until_it_is_later(pass_time, lambda: status(caller, order_id) == "completed")
    assert len(keys(caller, order_id)) == 3


def test_the_last_code_of_a_reservation_comes_late(
    caller: Caller, pass_time: Callable[[float], object]
) -> None:
    caller.fault("last_key_late", seconds=60)
    bearer = caller.bearer()
    hold = caller.reserve(bearer, "BL-2", 3)
    caller.reservations("POST", f"/reservations/{hold}/give", bearer)

    def codes() -> int:
        return len(caller.reservations("GET", f"/reservations/{hold}/delivered", bearer).json()["codes"])

    until(lambda: codes() == 2)
    assert caller.reservations("GET", f"/reservations/{hold}", bearer).json()["status"] == "processing"
    until_it_is_later(pass_time, lambda: codes() == 3)


def test_the_last_key_never_comes(caller: Caller) -> None:
    caller.fault("last_key_never")
    order_id = caller.order("BL-1", quantity=3).json()["orderId"]
    until(lambda: status(caller, order_id) == "completed")
    assert len(keys(caller, order_id)) == 2


def test_two_orders_get_the_same_key(caller: Caller) -> None:
    caller.fault("same_key")
    serials = []
    for reference in ("BL-1", "BL-2", "BL-3"):
        order_id = caller.order(reference).json()["orderId"]
        until(lambda order_id=order_id: status(caller, order_id) == "completed")  # type: ignore[misc]
        serials += keys(caller, order_id)
    first, second, third = serials
    assert first["serial"] == second["serial"] != third["serial"]
    assert first["id"] != second["id"]
    assert caller.bites() == {"same_key": 1}
    lines = read_ledger(caller.config.ledger_dir, "kinguin", "keys_ready")
    assert lines[0]["fingerprints"] == lines[1]["fingerprints"]


def test_a_text_key_was_asked_for_and_a_picture_comes(caller: Caller) -> None:
    caller.fault("image_key")
    order_id = caller.order("BL-1", MOSS).json()["orderId"]
    until(lambda: status(caller, order_id) == "completed")
    [key] = keys(caller, order_id)
    assert key["type"] == "image/png"
    assert caller.order("BL-2", LANTERNS).status_code == 422  # as ever, where no text key is to be had
