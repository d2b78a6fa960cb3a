"""A link to sign in with is mailed once, to whoever may use it; tests/web/admin/test_sign_in.py follows it."""

from __future__ import annotations

import uuid
from pathlib import Path

from actors import workshop
from actors.mail_sign_in import mail_sign_in
from bitloot.settings import Settings
from bitloot.shop import open_shop
from db import base
from db.admin_links import ask_link
from db.admins import add_admin, set_disabled


def letters(settings: Settings) -> list[Path]:
    return list(Path(settings.mail_directory).rglob("*.eml"))


def test_a_message_that_comes_twice_is_one_letter(database: Settings) -> None:
    workshop.use(open_shop(database))
    olga = add_admin("olga@shop.example", "owner", None)
    assert olga is not None
    link = ask_link(olga.email)
    for _ in range(2):
        mail_sign_in(str(link))
    [letter] = letters(database)
    assert "olga@shop.example" in letter.read_text()
    assert base.rows("SELECT digest IS NOT NULL, used_at FROM admin_links") == [(True, None)]


def test_nobody_who_may_not_use_it_gets_one(database: Settings) -> None:
    workshop.use(open_shop(database))
    olga = add_admin("olga@shop.example", "owner", None)
    assert olga is not None
    links = [ask_link("nobody@shop.example"), ask_link(olga.email), uuid.uuid4()]
    set_disabled(olga, True, who="t")
    for link in links:
        mail_sign_in(str(link))
    assert letters(database) == []
