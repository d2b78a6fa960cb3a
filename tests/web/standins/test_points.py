"""Where faults may bite."""

from __future__ import annotations

from typing import Any

import pytest

from web.standins import kinguin_buying, nowpayments, resend, reservations
from web.standins.points import KINDS, POINTS, check_place, covers


@pytest.mark.parametrize(
    ("pattern", "point", "named"),
    [
        ("kinguin.place_order", "kinguin.place_order", True),
        ("kinguin.*", "kinguin.place_order", True),
        ("*.webhook", "reservations.webhook", True),
        ("resend.send|kinguin.*", "kinguin.balance", True),
        ("kinguin.*", "resend.send", False),
        ("kinguin.place", "kinguin.place_order", False),
    ],
)
def test_a_pattern_names_points(pattern: str, point: str, named: bool) -> None:
    assert covers(pattern, point) is named


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("kinguin.place_order", "search_lag"),
        ("kinguin.plase_order", "status"),
        ("kinguin.place_order|nowhere", "status"),
        ("resend.send", "explode"),
    ],
)
def test_a_rule_that_could_never_bite_is_refused(pattern: str, kind: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        check_place(pattern, kind)


def test_every_point_that_an_endpoint_names_may_be_named_by_rules() -> None:
    named: set[str] = set()
    for module in (kinguin_buying, nowpayments, resend, reservations):
        resources: list[Any] = [value for value in vars(module).values() if isinstance(value, type)]
        named |= {point for resource in resources for point in getattr(resource, "points", {}).values()}
    assert named
    assert named <= set(POINTS)


def test_every_kind_has_a_place() -> None:
    assert all(places and set(places) <= set(POINTS) for places in KINDS.values())
