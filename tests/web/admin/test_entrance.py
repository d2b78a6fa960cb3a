"""What happens behind the door."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from falcon import Request, Response
from falcon.testing import create_environ
from pydantic import SecretStr

from bitloot.passwords import hash_password
from bitloot.shop import Shop
from db import base
from db.admin_links import ask_link, keep_link
from tests.web.signing_in import EMAIL, PASSWORD, an_account
from web.admin import entrance
from web.admin.entrance import Entrance, mail_subject
from web.cookies import ConsoleCookie, digest_of
from web.errors import Problem


@pytest.fixture
def door(shop: Shop) -> Entrance:
    an_account()
    return Entrance(shop, ConsoleCookie(shop.settings))


def knock() -> tuple[Request, Response]:
    return Request(create_environ(remote_addr="203.0.113.5")), Response()


def test_passwords_are_checked_a_few_at_once(door: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "PATIENCE", 0.01)
    for _ in range(entrance.AT_ONCE):
        door._hands.acquire()
    with pytest.raises(Problem) as caught:
        door.by_password(*knock(), EMAIL, SecretStr(PASSWORD), None)
    assert caught.value.document["code"] == "busy"


def test_an_outworn_hash_is_renewed_by_signing_in(door: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "outworn", lambda known: True)
    [(before,)] = base.rows("SELECT password_hash FROM admins")
    assert door.by_password(*knock(), EMAIL, SecretStr(PASSWORD), None).email == EMAIL
    [(after,)] = base.rows("SELECT password_hash FROM admins")
    assert before != after


def test_one_link_opens_one_session_however_many_ask_at_once(door: Entrance, shop: Shop) -> None:
    keep_link(ask_link(EMAIL), digest_of("token"), 60)

    def redeem(_: int) -> int:
        try:
            door.by_link(*knock(), "token", None)
        except Problem as refusal:
            return refusal.status_code
        return 200

    with ThreadPoolExecutor(4) as crowd:
        assert sorted(crowd.map(redeem, range(4))) == [200, 401, 401, 401]
    assert base.rows("SELECT count(*) FROM living_sessions") == [(1,)]


def test_letters_and_tries_are_counted_for_any_address_without_keeping_it() -> None:
    assert mail_subject(" Olga@Shop.example") == mail_subject(EMAIL)
    assert "olga" not in mail_subject(EMAIL)
    assert hash_password(SecretStr(PASSWORD)) != hash_password(SecretStr(PASSWORD))
