"""The plan of faults, and what it does to calls."""

from __future__ import annotations

import time

import pytest
import requests

from tests.waiting import until
from tests.web.standins.caller import Caller
from tests.web.standins.receiver import Receiver
from web.standins.faults import BEFORE_EFFECT, Faults
from web.standins.ledger import charges


def test_a_rule_bites_as_often_as_it_says_and_tells_how_often_it_did() -> None:
    faults = Faults()
    faults.add({"point": "kinguin.balance", "kind": "status", "count": 2})
    bites = [len(faults.take("kinguin.balance", BEFORE_EFFECT)) for _ in range(4)]
    assert bites == [1, 1, 0, 0]
    assert faults.rows()[0]["bitten"] == 2


def test_a_rule_without_a_count_bites_always_and_elsewhere_never() -> None:
    faults = Faults()
    faults.add({"point": "kinguin.balance", "kind": "delay", "count": None})
    assert not faults.take("kinguin.product", BEFORE_EFFECT)
    assert all(faults.take("kinguin.balance", BEFORE_EFFECT) for _ in range(5))


def test_after_a_fault_that_ends_the_call_no_other_bites() -> None:
    faults = Faults()
    for kind in ("status", "drop_before_effect"):
        faults.add({"point": "kinguin.balance", "kind": kind})
    assert [fault.kind for fault in faults.take("kinguin.balance", BEFORE_EFFECT)] == ["status"]
    assert [fault.kind for fault in faults.take("kinguin.balance", BEFORE_EFFECT)] == ["drop_before_effect"]


def test_a_match_spares_the_calls_without_that_text() -> None:
    faults = Faults()
    faults.add({"point": "kinguin.place_order", "kind": "status", "match": "BL-7"})
    assert not faults.take("kinguin.place_order", BEFORE_EFFECT, '{"orderExternalId":"BL-1"}')
    assert faults.take("kinguin.place_order", BEFORE_EFFECT, '{"orderExternalId":"BL-7"}')


@pytest.mark.parametrize(
    "rule",
    [{}, {"point": "x"}, {"point": "x", "kind": "explode"}, {"point": "x", "kind": "delay", "color": 1}],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Faults().add(rule)


def test_accepted_but_the_connection_dropped_charges_once(caller: Caller) -> None:
    caller.control("POST", "/faults", json={"point": "kinguin.place_order", "kind": "drop_after_effect"})
    with pytest.raises(requests.ConnectionError):
        caller.order("BL-1")
    assert charges(caller.config.ledger_dir) == {"BL-1": 1}
    assert caller.kinguin("GET", "/v1/order?orderExternalId=BL-1").json()["item_count"] == 1


def test_dropped_before_the_effect_charges_nothing(caller: Caller) -> None:
    caller.control("POST", "/faults", json={"point": "kinguin.place_order", "kind": "drop_before_effect"})
    with pytest.raises(requests.ConnectionError):
        caller.order("BL-1")
    assert not charges(caller.config.ledger_dir)
    assert caller.order("BL-1").status_code == 201


def test_a_status_before_the_effect_answers_instead_of_it(caller: Caller) -> None:
    rule = {"point": "kinguin.place_order", "kind": "status", "status": 429, "body": "<html>slow down</html>"}
    caller.control("POST", "/faults", json=rule | {"headers": {"Retry-After": "7"}})
    answer = caller.order("BL-1")
    assert (answer.status_code, answer.text) == (429, "<html>slow down</html>")
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["Content-Type"].startswith("text/html")
    assert not charges(caller.config.ledger_dir)


def test_a_status_after_the_effect_hides_that_it_happened(caller: Caller) -> None:
    rule = {"point": "kinguin.place_order", "kind": "status", "status": 503, "after": True}
    caller.control("POST", "/faults", json=rule)
    assert caller.order("BL-1").status_code == 503
    assert charges(caller.config.ledger_dir) == {"BL-1": 1}


def test_a_refused_call_spends_no_fault_of_the_other_side(caller: Caller) -> None:
    caller.control("POST", "/faults", json={"point": "kinguin.place_order", "kind": "drop_after_effect"})
    assert caller.order("BL-1", quantity=0).status_code == 400
    assert caller.control("GET", "/faults").json()["data"][0]["bitten"] == 0


def test_a_delayed_answer_comes_late_and_right(caller: Caller) -> None:
    caller.control("POST", "/faults", json={"point": "kinguin.balance", "kind": "delay", "seconds": 0.2})
    began = time.monotonic()
    assert caller.kinguin("GET", "/v1/balance").status_code == 200
    assert time.monotonic() - began >= 0.2


def test_a_new_order_is_missing_from_the_search_while_it_lags(caller: Caller) -> None:
    caller.order("BL-1")
    rule = {"point": "kinguin.search_orders", "kind": "search_lag", "seconds": 60}
    caller.control("POST", "/faults", json=rule)
    look = "/v1/order?orderExternalId=BL-1"
    assert caller.kinguin("GET", look).json() == {"results": [], "item_count": 0}
    assert caller.kinguin("GET", look).json()["item_count"] == 1


def test_a_webhook_can_come_before_the_answer_to_the_purchase(caller: Caller, receiver: Receiver) -> None:
    caller.control("POST", "/config", json={"delivery_seconds": 0})
    rule = {"point": "kinguin.place_order", "kind": "delay", "seconds": 1, "after": True}
    caller.control("POST", "/faults", json=rule)
    assert caller.order("BL-1").status_code == 201
    assert [received.path for received in receiver.received] == ["/kinguin/webhooks"]


def test_a_share_of_the_calls_is_bitten_and_the_same_ones_for_one_seed() -> None:
    def bitten(seed: int) -> list[bool]:
        faults = Faults()
        faults.add({"point": "kinguin.balance", "kind": "status", "share": 0.2, "seed": seed})
        return [bool(faults.take("kinguin.balance", BEFORE_EFFECT)) for _ in range(500)]

    assert bitten(7) == bitten(7) != bitten(8)
    assert 60 < sum(bitten(7)) < 140


def test_a_fault_that_lasts_ends_by_itself() -> None:
    faults = Faults()
    faults.add({"point": "kinguin.balance", "kind": "status", "lasts": 0.2})
    assert faults.take("kinguin.balance", BEFORE_EFFECT)
    until(lambda: not faults.take("kinguin.balance", BEFORE_EFFECT))
    assert not faults.stands("kinguin.balance", "status")


def test_rules_and_bites_are_witnessed_with_their_seed(caller: Caller) -> None:
    caller.fault("503_html", share=1, seed=11)
    caller.order("BL-1")
    [rule] = caller.control("GET", "/ledger?standin=faults&effect=set").json()["data"]
    [bite] = caller.control("GET", "/ledger?standin=faults&effect=bitten").json()["data"]
    assert (rule["seed"], rule["share"], rule["name"]) == (11, 1.0, "503_html")
    assert (bite["name"], bite["point"]) == ("503_html", "kinguin.place_order")


def test_one_kind_can_be_cleared() -> None:
    faults = Faults()
    for name in ("balance_empty", "429"):
        faults.add({"name": name})
    faults.clear("no_balance")
    assert [rule["name"] for rule in faults.rows()] == ["429"]
    faults.clear()
    assert faults.rows() == []


@pytest.mark.parametrize(
    "wrong",
    [{"share": 1.5}, {"share": -0.1}, {"seconds": -1}, {"lasts": "x"}, {"how": "bang"}, {"cut": "tail"}],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Faults().add({"point": "resend.send", "kind": "drop_after_effect", **wrong})
