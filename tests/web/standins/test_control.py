"""The hands behind the stand-ins."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import falcon
import pytest

from tests.waiting import until
from tests.web.standins.caller import Caller
from tests.web.standins.test_resend import MAIL
from web.standins.answers import Refusal
from web.standins.control import OnLoopback


@pytest.mark.parametrize(
    ("address", "path", "answered"),
    [
        ("127.0.0.1", "/control/stats", True),
        ("::1", "/control/stats", True),
        ("10.0.0.7", "/control/stats", False),
        ("10.0.0.7", "/resend/emails", True),
    ],
)
def test_only_this_machine_reaches_the_control(address: str, path: str, answered: bool) -> None:
    req = cast(falcon.Request, SimpleNamespace(env={"REMOTE_ADDR": address}, path=path))
    if answered:
        OnLoopback().process_request(req, falcon.Response())
    else:
        with pytest.raises(Refusal):
            OnLoopback().process_request(req, falcon.Response())


def test_knobs_are_turned_over_http(caller: Caller) -> None:
    answer = caller.control("POST", "/config", json={"delivery_seconds": 0.5, "webhooks": False})
    assert answer.json() == {"changed": ["delivery_seconds", "webhooks"]}
    assert caller.standins.shop.config.delivery_seconds == 0.5
    assert caller.control("POST", "/config", json={"ipn_secret": "x"}).status_code == 400


def test_faults_are_set_read_and_cleared(caller: Caller) -> None:
    rules = [
        {"point": "resend.send", "kind": "status"},
        {"point": "resend.send", "kind": "delay", "seconds": 1},
    ]
    answer = caller.control("POST", "/faults", json=rules)
    assert (answer.status_code, len(answer.json()["data"])) == (201, 2)
    assert caller.control("DELETE", "/faults").json() == {"data": []}
    for wrong in ({}, [7], {"point": "x", "kind": "y"}, {"point": "x", "kind": "delay", "count": "x"}):
        assert caller.control("POST", "/faults", json=wrong).status_code == 400
    assert caller.control("GET", "/faults").json() == {"data": []}


def test_ledger_and_stats_tell_what_happened(caller: Caller) -> None:
    caller.order("BL-1")

    def stats() -> dict[str, Any]:
        body: dict[str, Any] = caller.control("GET", "/stats").json()
        return body

    until(lambda: stats()["pending"] == 0)
    assert stats()["charges"] == {"BL-1": 1}
    assert stats()["effects"]["kinguin.order_charged"] == 1
    lines = caller.control("GET", "/ledger?standin=kinguin&effect=order_charged").json()["data"]
    assert [line["external_id"] for line in lines] == ["BL-1"]
    assert caller.control("GET", "/ledger?standin=../../etc/passwd").status_code == 400


def test_accepted_mails_can_be_read(caller: Caller) -> None:
    caller.resend("POST", "/emails", json=MAIL, headers={"Idempotency-Key": "k"})
    [mail] = caller.control("GET", "/mail?to=buyer@mail.test").json()["data"]
    assert (mail["subject"], mail["text"], mail["idempotency_key"]) == ("Clé", "t", "k")
    assert caller.control("GET", "/mail?to=other@mail.test").json() == {"data": []}


@pytest.mark.parametrize("body", [{}, {"balance": "much"}, []])
def test_a_balance_must_be_a_number(caller: Caller, body: object) -> None:
    assert caller.control("POST", "/kinguin/balance", json=body).status_code == 400


def test_a_reset_forgets_everything_but_the_ledger_unless_asked(caller: Caller) -> None:
    order_id = caller.order("BL-1").json()["orderId"]
    caller.control("POST", "/faults", json={"point": "resend.send", "kind": "status"})
    caller.control("POST", "/reset")
    assert caller.kinguin("GET", f"/v1/order/{order_id}").status_code == 404
    assert caller.kinguin("GET", "/v1/balance").json() == {"balance": 1_000_000}
    assert caller.control("GET", "/faults").json() == {"data": []}
    assert caller.control("GET", "/stats").json()["charges"] == {"BL-1": 1}
    caller.control("POST", "/reset", json={"ledger": True})
    assert caller.control("GET", "/stats").json()["charges"] == {}
