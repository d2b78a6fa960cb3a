"""Links to sign in by: good once, for a short time, and the same row for an address that nobody has."""

from __future__ import annotations

import pytest

from bitloot.settings import Settings
from db import base
from db.admin_links import ask_link, forget_links, keep_link, link_admin, take_link, whose_link
from db.admins import Admin, add_admin, set_disabled


@pytest.fixture
def olga(database: Settings) -> Admin:
    admin = add_admin("olga@shop.example", "owner", None)
    assert admin is not None
    return admin


def test_a_link_lets_in_once(olga: Admin) -> None:
    link = ask_link("OLGA@shop.example")
    assert link_admin(link) == olga
    assert [keep_link(link, b"digest", 60), keep_link(link, b"again", 60)] == [True, False]
    assert link_admin(link) is None
    assert whose_link(b"digest") == whose_link(b"digest") == olga
    assert [take_link(b"digest"), take_link(b"digest")] == [True, False]
    assert whose_link(b"digest") is None


def test_a_link_that_has_expired_lets_nobody_in(olga: Admin) -> None:
    keep_link(ask_link(olga.email), b"digest", 60)
    base.rows("UPDATE admin_links SET expires_at = now() - interval '1 second' RETURNING 1")
    assert whose_link(b"digest") is None
    assert not take_link(b"digest")


def test_nobody_gets_a_letter_for_an_unknown_address_or_a_disabled_account(olga: Admin) -> None:
    set_disabled(olga, True, who="t")
    links = [ask_link("nobody@shop.example"), ask_link(olga.email)]
    assert [link_admin(link) for link in links] == [None, None]
    assert base.rows("SELECT count(*) FROM admin_links WHERE admin_id IS NULL") == [(2,)]


def test_old_ones_are_forgotten(olga: Admin) -> None:
    ask_link(olga.email)
    assert forget_links(10) == 0
    base.rows("UPDATE admin_links SET asked_at = now() - interval '2 days' RETURNING 1")
    assert forget_links(10) == 1
