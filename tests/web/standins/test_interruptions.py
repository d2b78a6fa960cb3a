"""What the plan does around a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from tests.web.standins.caller import Caller


def test_retry_after_is_told_in_seconds_or_as_a_date(caller: Caller) -> None:
    rule = {"point": "kinguin.balance", "kind": "status", "status": 429, "retry_after": 90}
    caller.control("POST", "/faults", json=[rule, rule | {"retry_date": True}])
    assert caller.kinguin("GET", "/v1/balance").headers["Retry-After"] == "90"
    moment = parsedate_to_datetime(caller.kinguin("GET", "/v1/balance").headers["Retry-After"])
    assert timedelta(seconds=80) < moment - datetime.now(UTC) <= timedelta(seconds=90)


def test_a_redirect_leads_to_the_same_call(caller: Caller) -> None:
    caller.control("POST", "/faults", json={"point": "kinguin.balance", "kind": "status", "status": 307})
    answer = caller.kinguin("GET", "/v1/balance", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, answer.url)


def test_half_a_text_is_a_whole_answer(caller: Caller) -> None:
    caller.control("POST", "/faults", json={"point": "kinguin.balance", "kind": "truncate"})
    answer = caller.kinguin("GET", "/v1/balance")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r".+"):
        answer.json()


def test_a_refused_call_spends_no_fault_of_the_other_side(caller: Caller) -> None:
    caller.control("POST", "/faults", json={"point": "kinguin.place_order", "kind": "drop_after_effect"})
    assert caller.order("BL-1", quantity=0).status_code == 400
    assert caller.control("GET", "/faults").json()["data"][0]["bitten"] == 0
    assert caller.bites() == {}
