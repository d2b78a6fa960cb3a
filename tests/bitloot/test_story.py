"""Whose story this is."""

from __future__ import annotations

import structlog

from bitloot.story import about, known, learn


def test_a_story_is_told_within_and_the_one_before_after() -> None:
    assert known() is None
    with about("a"):
        with about("b"):
            assert known() == "b"
        assert structlog.contextvars.get_contextvars()["order"] == "a"
    assert "order" not in structlog.contextvars.get_contextvars()


def test_what_is_learnt_on_the_way_ends_with_the_story() -> None:
    with about():
        learn("a")
        assert known() == "a"
    assert known() is None
