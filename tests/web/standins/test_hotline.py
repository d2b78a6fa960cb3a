"""A word to stand-ins that run."""

from __future__ import annotations

from tests.web.standins.caller import Caller
from web.standins.hotline import add_faults


def test_running_stand_ins_take_more_faults(caller: Caller) -> None:
    assert add_faults(caller.standins.port, [{"name": "429"}, {"name": "307"}])
    assert [rule["name"] for rule in caller.control("GET", "/faults").json()["data"]] == ["429", "307"]


def test_nobody_there_or_nothing_understood_is_a_no(caller: Caller) -> None:
    assert not add_faults(9, [{"name": "429"}])
    assert not add_faults(caller.standins.port, [{"name": "nonsense"}])
