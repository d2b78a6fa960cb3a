"""The reservation dialect over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.waiting import until
from tests.web.standins.caller import Caller
from web.standins import RunningStandins
from web.standins.ledger import charges, plaintext_keys, read_ledger


def codes(caller: Caller, bearer: str, hold: str) -> list[str]:
    answer = caller.reservations("GET", f"/reservations/{hold}/delivered", bearer)
    assert answer.status_code == 200
    body: dict[str, list[str]] = answer.json()
    assert set(body) == {"codes"}
    return body["codes"]


def test_a_token_is_given_for_client_credentials(caller: Caller) -> None:
    form = {"grant_type": "client_credentials", "client_id": "standin-client"}
    form["client_secret"] = caller.config.reservations_client_secret
    answer = caller.call("POST", caller.standins.reservations_token_url, data=form)
    assert answer.status_code == 200
    assert (answer.json()["expires_in"], answer.json()["token_type"]) == (3600, "bearer")
    assert len(answer.json()["access_token"]) > 20


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"grant_type": "password"}, 400),
        ({}, 400),
        ({"grant_type": "client_credentials"}, 401),
        ({"grant_type": "client_credentials", "client_id": "standin-client", "client_secret": "no"}, 401),
    ],
)
def test_a_stranger_gets_no_token(caller: Caller, form: dict[str, str], status: int) -> None:
    answer = caller.call("POST", caller.standins.reservations_token_url, data=form)
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize("bearer", ["", "wrong"])
def test_without_a_bearer_nothing_is_told(caller: Caller, bearer: str) -> None:
    for method, path in (
        ("POST", "/reservations"),
        ("POST", "/reservations/res-1/give"),
        ("GET", "/reservations/res-1"),
        ("GET", "/reservations/res-1/delivered"),
    ):
        assert caller.reservations(method, path, bearer).status_code == 401


def test_a_bearer_ends(caller: Caller, standins: RunningStandins) -> None:
    standins.configure(token_seconds=0)
    assert caller.reservations("GET", "/reservations/res-1", caller.bearer()).status_code == 401
    standins.configure(token_seconds=60)
    bearer = caller.bearer()
    assert caller.reservations("GET", "/reservations/res-1", bearer).status_code == 404
    standins.shop.bearers.revoke()
    assert caller.reservations("GET", "/reservations/res-1", bearer).status_code == 401


def test_a_reservation_is_free_and_has_no_codes(caller: Caller) -> None:
    bearer = caller.bearer()
    hold = caller.reserve(bearer, "BL-1", 2)
    told = caller.reservations("GET", f"/reservations/{hold}", bearer).json()
    assert (told["orderId"], told["quantity"], told["status"]) == ("BL-1", 2, "reserved")
    assert codes(caller, bearer, hold) == []
    assert not charges(caller.config.ledger_dir)


def test_what_is_given_is_charged_and_then_delivered(caller: Caller) -> None:
    bearer = caller.bearer()
    hold = caller.reserve(bearer, "BL-1", 2)
    answer = caller.reservations("POST", f"/reservations/{hold}/give", bearer)
    assert answer.status_code == 200
    assert (answer.json()["reservationId"], answer.json()["orderId"]) == (hold, "BL-1")
    until(lambda: len(codes(caller, bearer, hold)) == 2)
    assert codes(caller, bearer, hold) == plaintext_keys(caller.config.ledger_dir)
    assert charges(caller.config.ledger_dir) == {"BL-1": 1}
    [given] = read_ledger(caller.config.ledger_dir, "reservations", "given")
    assert (given["amount"], given["charged"]) == ("10.40", True)


def test_a_second_give_is_free_and_brings_no_second_keys(caller: Caller) -> None:
    bearer = caller.bearer()
    hold = caller.reserve(bearer)
    for _ in range(3):
        assert caller.reservations("POST", f"/reservations/{hold}/give", bearer).status_code == 200
    until(lambda: len(codes(caller, bearer, hold)) == 1)
    charged = [line["charged"] for line in read_ledger(caller.config.ledger_dir, "reservations", "given")]
    assert charged == [True, False, False]
    assert len(plaintext_keys(caller.config.ledger_dir)) == 1


def test_a_second_give_may_cost_again_where_told_so(caller: Caller, standins: RunningStandins) -> None:
    standins.configure(give_idempotent=False)
    bearer = caller.bearer()
    hold = caller.reserve(bearer)
    for _ in range(2):
        caller.reservations("POST", f"/reservations/{hold}/give", bearer)
    assert charges(caller.config.ledger_dir) == {"BL-1": 2}


def test_not_ready_may_be_not_found_where_told_so(caller: Caller, standins: RunningStandins) -> None:
    standins.configure(not_ready="missing")
    bearer = caller.bearer()
    hold = caller.reserve(bearer)
    answer = caller.reservations("GET", f"/reservations/{hold}/delivered", bearer)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_delivered")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"orderId": 7}, 400),
        ({"orderId": ""}, 400),
        ({"productId": None}, 400),
        ({"quantity": 0}, 400),
        ({"quantity": True}, 400),
        ({"quantity": 101}, 400),
        ({"productId": "rsv-nothing"}, 422),
        ({"productId": "rsv-quiet-engines"}, 409),
    ],
)
def test_what_cannot_be_reserved_is_refused(caller: Caller, change: dict[str, Any], status: int) -> None:
    asked = {"orderId": "BL-1", "productId": "rsv-tin-parade", "quantity": 1} | change
    answer = caller.reservations("POST", "/reservations", caller.bearer(), json=asked)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "message"})
    assert read_ledger(caller.config.ledger_dir) == []


def test_a_cancelled_reservation_cannot_be_given(caller: Caller, standins: RunningStandins) -> None:
    bearer = caller.bearer()
    hold = standins.shop.reservations.get(caller.reserve(bearer))
    assert hold is not None
    standins.shop.reservations.move(hold, "cancelled")
    assert caller.reservations("POST", f"/reservations/{hold.id}/give", bearer).status_code == 409
    assert not charges(caller.config.ledger_dir)
