"""The text of a day's proof."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from rich.console import Console

from bitloot.cli.day_check import SupplierDay
from bitloot.cli.day_screen import show_day
from db.day import Sums
from db.differences import Difference

STRANGER = Difference("unknown_here", "PSTRANGER", "[bold]odd", None, "charged there [red]and unknown")
MOVING = Difference("under_way", "PMOVING", "BL-1", None, "under way at this moment", harmless=True)


def printed(*days: SupplierDay, width: int = 120, over: bool = True, **unasked: str) -> str:
    out = io.StringIO()
    show_day(Console(file=out, width=width, highlight=False), date(2026, 11, 20), over, days, unasked)
    return out.getvalue()


def test_both_sides_stand_one_below_the_other() -> None:
    sums = Sums(12, 14, Decimal("143.2"), "eur")
    lines = [line.split() for line in printed(SupplierDay("kinguin", [sums], [sums], [])).splitlines()]
    assert ["there,", "charged", "12", "14", "143.20", "EUR"] in lines
    assert ["here,", "bought", "12", "14", "at", "most", "143.20", "EUR"] in lines
    assert ["✓", "Nothing", "differs."] in lines


def test_each_difference_is_told_with_the_names_to_look_for() -> None:
    text = printed(SupplierDay("kinguin", [], [], [(STRANGER, 3), (MOVING, 1)]))
    assert "✗ charged there [red]and unknown" in text
    assert "there PSTRANGER, our reference [bold]odd" in text
    assert "· under way at this moment" in text
    assert "… and 2 more of the kind unknown_here" in text
    assert "Nothing differs" not in text


def test_what_cannot_be_seen_is_said() -> None:
    text = printed(SupplierDay("reservations", [], [], [], asked=4, blind="It gives no list."))
    assert "! It gives no list." in text
    assert "there, charged" not in text
    assert "4 asked for by id." in text


def test_a_supplier_that_was_not_asked_is_said_first() -> None:
    lines = printed(SupplierDay("reservations", [], [], []), kinguin="could not be asked.").splitlines()
    text = " ".join(lines)
    assert text.index("kinguin  ✗ could not be asked.") < text.index("reservations")


def test_a_day_that_is_not_over_says_so() -> None:
    assert "Friday, 20 November 2026 (UTC), not over yet" in printed(over=False)
    assert "not over" not in printed()


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = Difference("double", "P" * 60 + " and " + "Q" * 60, "BL-" + "0" * 32, None, "charged 2 times " * 9)
    text = printed(SupplierDay("kinguin", [], [], [(long, 1)]), width=width)
    assert max(map(len, text.splitlines())) <= width
