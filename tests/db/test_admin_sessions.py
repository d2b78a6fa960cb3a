"""Sessions lapse when nobody comes, end when their time is over, and are kept as digests."""

from __future__ import annotations

import pytest

from bitloot.settings import Settings
from db import base
from db.admin_sessions import AdminSession, begin_session, end_session, forget_sessions, session_of
from db.admins import add_admin


@pytest.fixture
def session(database: Settings) -> AdminSession:
    olga = add_admin("olga@shop.example", "owner", None)
    assert olga is not None
    begun = begin_session(olga, b"cookie", idle=60, seconds=3600, address="192.0.2.7", user_agent="x" * 999)
    assert begun is not None
    return begun


def pass_by(seconds: int) -> None:
    """So much time goes by for every session."""
    base.rows(
        "UPDATE admin_sessions SET created_at = created_at - %s, seen_at = seen_at - %s,"
        " lapses_at = lapses_at - %s, expires_at = expires_at - %s RETURNING 1",
        *[base.rows("SELECT %s * interval '1 second'", seconds)[0][0]] * 4,
    )


def test_the_cookie_finds_its_session_and_another_does_not(session: AdminSession) -> None:
    assert session_of(b"cookie", 60) == session
    assert session_of(b"another", 60) is None
    assert (session.email, session.role) == ("olga@shop.example", "owner")


def test_it_lives_on_while_somebody_comes_and_ends_all_the_same(session: AdminSession) -> None:
    for _ in range(4):
        pass_by(50)
        assert session_of(b"cookie", 60) is not None
    pass_by(61)
    assert session_of(b"cookie", 60) is None


def test_no_visit_takes_it_beyond_its_end(session: AdminSession) -> None:
    pass_by(50)
    session_of(b"cookie", 10_000)
    pass_by(3549)
    assert session_of(b"cookie", 10_000) is not None
    pass_by(2)
    assert session_of(b"cookie", 10_000) is None


def test_whoever_signs_out_is_out(session: AdminSession) -> None:
    assert [end_session(session.id), end_session(session.id)] == [True, False]
    assert session_of(b"cookie", 60) is None


def test_old_ones_are_forgotten(session: AdminSession) -> None:
    assert forget_sessions(10) == 0
    pass_by(31 * 86400)
    assert forget_sessions(10) == 1
