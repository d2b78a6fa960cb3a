"""Promises stand beside responders."""

from __future__ import annotations

from web.describe import Described, describe, described, least_role


def test_a_responder_carries_its_promise() -> None:
    @describe("Says hello", who="anyone", tag="test", answers={204: None}, refusals=[404])
    def on_get() -> None:
        return None

    promise = described(on_get)
    assert promise is not None
    assert (promise.summary, promise.who, promise.answers) == ("Says hello", "anyone", {204: None})
    assert on_get() is None


def test_what_promises_nothing_says_so() -> None:
    assert described(None) is None
    assert described(print) is None


def test_looking_is_for_all_admins_and_acting_for_operators_unless_it_is_said_otherwise() -> None:
    def promise(who: str, role: str | None = None) -> Described:
        return Described("x", who, "test", {}, [], role=role)  # type: ignore[arg-type]

    assert least_role("get", promise("admin")) == "read-only"
    assert least_role("POST", promise("admin")) == least_role("delete", promise("admin")) == "operator"
    assert least_role("GET", promise("admin", "owner")) == "owner"
    assert least_role("GET", promise("buyer or admin")) == "read-only"
    assert least_role("POST", promise("anyone")) is least_role("GET", promise("buyer")) is None
