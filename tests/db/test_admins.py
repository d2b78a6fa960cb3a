"""Accounts: whatever changes about one ends all that it is signed in with."""

from __future__ import annotations

import time
import uuid

import pytest

from bitloot.settings import Settings
from db import base
from db.admin_links import ask_link, keep_link, whose_link
from db.admin_sessions import begin_session, session_of
from db.admins import (
    Admin,
    add_admin,
    admin_context,
    all_admins,
    find_admin,
    get_admin,
    renew_hash,
    set_disabled,
    set_password,
    set_role,
    set_totp,
    take_step,
)
from db.revocations import Grant, ended


@pytest.fixture
def olga(database: Settings) -> Admin:
    admin = add_admin("Olga@shop.example", "operator", "a hash")
    assert admin is not None
    return admin


def test_there_is_nobody_by_default(database: Settings) -> None:
    assert all_admins() == []


def test_an_account_is_found_however_its_address_is_written(olga: Admin) -> None:
    assert find_admin(" OLGA@shop.example ") == get_admin(olga.id) == olga
    assert add_admin("olga@SHOP.example", "owner", None) is None
    assert find_admin("eve@shop.example") is get_admin(uuid.uuid4()) is None
    assert "hash" not in repr(olga)
    assert (olga.label, admin_context(olga.id)) == ("admin:olga@shop.example", f"admin:{olga.id}")


@pytest.mark.parametrize("change", ["password", "role", "disabled", "totp"])
def test_a_change_ends_sessions_links_and_tokens(olga: Admin, change: str) -> None:
    session = begin_session(olga, b"cookie", idle=60, seconds=600, address="", user_agent="")
    assert keep_link(ask_link(olga.email), b"link", 60)
    assert session is not None
    grants = {
        Grant("a", 0, admin="x", session=session.id),
        Grant("b", int(time.time()) - 1, admin=olga.email),
    }
    assert (session_of(b"cookie", 60), whose_link(b"link"), ended(grants)) == (session, olga, set())
    changes = {
        "password": lambda: set_password(olga, "another", who="t"),
        "role": lambda: set_role(olga, "owner", who="t"),
        "disabled": lambda: set_disabled(olga, True, who="t"),
        "totp": lambda: set_totp(olga, (b"wrapped", b"sealed"), who="t"),
    }
    changes[change]()
    assert (session_of(b"cookie", 60), whose_link(b"link"), ended(grants)) == (None, None, grants)
    # Who signed in by what has changed meanwhile gets no session of it either.
    assert begin_session(olga, b"late", idle=60, seconds=600, address="", user_agent="") is None


def test_a_disabled_account_comes_back_without_its_sessions(olga: Admin) -> None:
    begin_session(olga, b"cookie", idle=60, seconds=600, address="", user_agent="")
    set_disabled(olga, True, who="t")
    set_disabled(olga, False, who="t")
    fresh = find_admin(olga.email)
    assert fresh is not None
    assert (fresh.disabled_at, session_of(b"cookie", 60)) == (None, None)
    assert begin_session(fresh, b"anew", idle=60, seconds=600, address="", user_agent="") is not None


def test_a_one_time_code_is_used_up_once(olga: Admin) -> None:
    assert [take_step(olga, step) for step in (7, 7, 6, 8)] == [True, False, False, True]


def test_a_renewed_hash_ends_nothing_and_never_overwrites_a_new_password(olga: Admin) -> None:
    renew_hash(olga, "newer")
    fresh = get_admin(olga.id)
    assert fresh is not None
    assert (fresh.password_hash, fresh.generation) == ("newer", olga.generation)
    renew_hash(olga, "of the old password")
    assert base.rows("SELECT password_hash FROM admins") == [("newer",)]
