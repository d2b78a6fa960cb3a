"""The ledger's sums over HTTP."""

from __future__ import annotations

from tests.waiting import until
from tests.web.standins.caller import Caller
from tests.web.standins.receiver import Receiver
from tests.web.standins.test_resend import MAIL
from web.standins import StandinsConfig, start_standins
from web.standins.menu import MENU


def test_charges_keys_and_notices_are_told(caller: Caller, receiver: Receiver) -> None:
    caller.order("BL-1")
    until(lambda: len(caller.control("GET", "/notices?accepted=true").json()["data"]) == 1)
    assert caller.control("GET", "/notices?accepted=false").json() == {"data": []}
    assert caller.control("GET", "/notices?accepted=perhaps").status_code == 400
    assert caller.control("GET", "/charges").json()["kept"] == {"BL-1": 1}
    assert caller.control("GET", "/charges?ref=BL-9").json()["kept"] == {"BL-9": 0}
    [key] = caller.control("GET", "/keys").json()["data"]
    assert key.startswith("BLKEY-")


def test_mails_are_counted_by_key(caller: Caller) -> None:
    for _ in range(2):
        caller.resend("POST", "/emails", json=MAIL, headers={"Idempotency-Key": "delivery/o/1"})
    assert caller.control("GET", "/mails").json() == {"data": {"delivery/o/1": 1}}


def test_the_menu_is_told(caller: Caller) -> None:
    listed = caller.control("GET", "/faults/menu").json()["data"]
    assert [dish["name"] for dish in listed] == list(MENU)


def test_sums_outlive_the_stand_ins(config: StandinsConfig, receiver: Receiver) -> None:
    with start_standins(config) as first:
        one = Caller(first)
        one.fault("503_html")
        one.order("BL-1")
        one.order("BL-1")
        one.close()
    with start_standins(config) as second:
        two = Caller(second)
        assert two.control("GET", "/charges").json()["purchases"] == {"BL-1": 1}
        assert two.bites() == {"503_html": 1}
        two.close()
