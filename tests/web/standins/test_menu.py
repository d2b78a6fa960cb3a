"""Faults by name."""

from __future__ import annotations

import pytest

from web.standins.faults import Faults
from web.standins.menu import MENU, read_order, spelled_out


@pytest.mark.parametrize("name", MENU)
def test_every_name_is_a_rule_that_the_plan_takes(name: str) -> None:
    fault = Faults().add({"name": name})
    assert (fault.name, fault.kind) == (name, MENU[name].rule["kind"])
    assert MENU[name].line


def test_what_is_asked_goes_before_what_the_menu_says() -> None:
    rule = spelled_out({"name": "slow_after", "seconds": 3, "point": "resend.send"})
    assert (rule["seconds"], rule["point"], rule["after"]) == (3, "resend.send", True)


def test_what_bites_by_chance_or_for_a_while_has_no_count_unless_given() -> None:
    assert spelled_out({"name": "500_after", "share": 0.2})["count"] is None
    assert spelled_out({"name": "500_after", "lasts": 3})["count"] is None
    assert spelled_out({"name": "500_after", "share": 0.2, "count": 4})["count"] == 4
    assert Faults().add({"name": "500_after"}).count == 1


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        spelled_out({"name": "nonsense"})


def test_a_command_line_says_a_name_and_what_differs() -> None:
    assert read_order("429") == {"name": "429"}
    assert read_order("429:share=0.2,seed=7,count=null,after=true,match=42,how=fin") == {
        "name": "429",
        "share": 0.2,
        "seed": 7,
        "count": None,
        "after": True,
        "match": "42",
        "how": "fin",
    }
    with pytest.raises(ValueError, match="key=value"):
        read_order("429:share")
