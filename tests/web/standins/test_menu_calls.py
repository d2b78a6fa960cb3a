"""Each fault of a call that buys, biting at a real client, in both dialects."""

from __future__ import annotations

import time

import pytest
import requests

from tests.web.standins.caller import Caller
from web.standins.ledger import charges
from web.standins.menu_calls import CALLS

LOST = ["accepted_reset", "accepted_closed", "accepted_cut", "accepted_cut_closed"]
SAID = {"500_before": 500, "502_html": 502, "503_html": 503, "200_error": 200, "401": 401, "307": 307}
SAID |= {"429": 429, "429_date": 429, "429_bare": 429}


def bought(caller: Caller) -> dict[str, int]:
    return dict(charges(caller.config.ledger_dir))


def test_all_are_tried_here() -> None:
    here = {*LOST, *SAID, "refused_reset", "truncated_json", "500_after"}
    assert here | {"slow_before", "slow_after", "byte_by_byte"} == {dish.name for dish in CALLS}


@pytest.mark.parametrize("name", LOST)
def test_bought_and_the_answer_lost(caller: Caller, name: str) -> None:
    caller.fault(name)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        caller.order("BL-1")
    assert bought(caller) == {"BL-1": 1}
    assert caller.bites() == {name: 1}


@pytest.mark.parametrize("name", LOST)
def test_given_and_the_answer_lost(caller: Caller, name: str) -> None:
    bearer = caller.bearer()
    hold = caller.reserve(bearer, "BL-2")
    caller.fault(name)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        caller.reservations("POST", f"/reservations/{hold}/give", bearer)
    assert bought(caller) == {"BL-2": 1}


def test_dropped_before_anything_was_bought(caller: Caller) -> None:
    caller.fault("refused_reset")
    with pytest.raises(requests.ConnectionError):
        caller.order("BL-1")
    assert bought(caller) == {}


@pytest.mark.parametrize("name", SAID)
def test_an_answer_in_the_place_of_the_purchase(caller: Caller, name: str) -> None:
    caller.fault(name)
    body = {"products": [], "orderExternalId": "BL-1"}
    answer = caller.kinguin("POST", "/v2/order", json=body, allow_redirects=False)
    assert answer.status_code == SAID[name]
    assert bought(caller) == {}
    assert answer.headers["Content-Type"].startswith("text/html" if "html" in name else "") or name == "307"
    assert ("Retry-After" in answer.headers) == (name in {"429", "429_date"})
    assert caller.order("BL-1").status_code == 201


def test_who_follows_a_307_buys(caller: Caller) -> None:
    caller.fault("307")
    assert caller.order("BL-1").status_code == 201
    assert bought(caller) == {"BL-1": 1}


def test_a_500_after_the_purchase(caller: Caller) -> None:
    caller.fault("500_after")
    assert caller.order("BL-1").status_code == 500
    assert bought(caller) == {"BL-1": 1}


def test_half_a_json_text_after_the_purchase(caller: Caller) -> None:
    caller.fault("truncated_json")
    answer = caller.order("BL-1")
    assert answer.status_code == 201
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert bought(caller) == {"BL-1": 1}


@pytest.mark.parametrize(("name", "charged"), [("slow_before", {}), ("slow_after", {"BL-1": 1})])
def test_an_answer_too_late(caller: Caller, name: str, charged: dict[str, int]) -> None:
    caller.fault(name, seconds=1.5)
    asked = {"products": [{"productId": "65b1f0a2c3d4e5f601020301", "qty": 1, "price": 99.5}]}
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{caller.standins.kinguin_url}/v2/order",
            json=asked | {"orderExternalId": "BL-1"},
            headers={"X-Api-Key": caller.config.kinguin_api_key},
            timeout=(10, 0.2),
        )
    assert bought(caller) == charged


def test_one_byte_at_a_time(caller: Caller) -> None:
    caller.fault("byte_by_byte", seconds=0.0005)
    began = time.monotonic()
    answer = caller.order("BL-1")
    assert answer.status_code == 201
    assert time.monotonic() - began >= 0.0005 * len(answer.content)
