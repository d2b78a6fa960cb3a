"""The codes of a route: the ordinary ones of its kind, and its own."""

from __future__ import annotations

from typing import Any

from web.describe import Described
from web.refusal_codes import codes_of


def promise(who: Any, refusals: list[int], **more: Any) -> Described:
    return Described("x", who, "test", {}, refusals, **more)


def test_only_what_a_route_refuses_has_codes() -> None:
    assert codes_of("GET", promise("anyone", [])) == {}
    assert codes_of("GET", promise("anyone", [404])) == {404: ("not_found",)}


def test_a_session_that_acts_is_asked_for_its_page() -> None:
    assert "cross_site" in codes_of("POST", promise("admin", [403]))[403]
    assert "cross_site" not in codes_of("GET", promise("admin", [403]))[403]


def test_a_buyers_right_may_have_ended() -> None:
    assert "ended_right" in codes_of("GET", promise("buyer or admin", [401]))[401]
    assert "ended_right" not in codes_of("GET", promise("admin", [401]))[401]


def test_a_route_adds_its_own() -> None:
    found = codes_of("POST", promise("admin", [409, 422], codes={409: ["not_now"], 422: ["no_basis"]}))
    assert (found[409], found[422]) == (("not_now",), ("invalid", "unstorable", "no_basis"))


def test_what_is_amiss_with_a_providers_body_is_told_in_many_words() -> None:
    assert codes_of("POST", promise("Kinguin", [400, 401], raw_body=True)) == {
        400: (),
        401: ("bad_signature",),
    }
