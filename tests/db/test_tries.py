"""Tries are counted by subject, within a window."""

from __future__ import annotations

from bitloot.settings import Settings
from db import base
from db.tries import count_try, forget_tries, forgive_tries, tried


def test_tries_beyond_the_limit_are_told_how_long_to_wait(database: Settings) -> None:
    assert [count_try("address:a", 2, 60) for _ in range(2)] == [None, None]
    wait = count_try("address:a", 2, 60)
    assert wait is not None
    assert 50 < wait <= 60
    assert count_try("address:b", 2, 60) is None


def test_a_window_that_is_over_begins_anew(database: Settings) -> None:
    for _ in range(3):
        count_try("order:x", 2, 60)
    base.rows("UPDATE tries SET began = now() - interval '61 seconds' RETURNING 1")
    assert count_try("order:x", 2, 60) is None


def test_windows_of_yesterday_are_forgotten(database: Settings) -> None:
    count_try("old", 1, 60)
    base.rows("UPDATE tries SET began = now() - interval '2 days' RETURNING 1")
    count_try("new", 1, 60)
    assert forget_tries(100) == 1
    assert base.rows("SELECT subject FROM tries") == [("new",)]


def test_whoever_has_shown_who_he_is_begins_anew(database: Settings) -> None:
    assert [tried("sign-in:x", 60)[0] for _ in range(2)] == [1, 2]
    forgive_tries("sign-in:x")
    assert tried("sign-in:x", 60)[0] == 1
