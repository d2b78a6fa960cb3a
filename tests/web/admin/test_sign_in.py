"""Sessions of the console, from the door to the relay."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from falcon.testing import TestClient

from actors import workshop
from actors.mail_sign_in import mail_sign_in
from bitloot.mail.directory import MailDirectory
from bitloot.shop import Shop
from db import AccessRecord, base
from db.admin_links import ask_link, keep_link
from db.admins import admin_context, find_admin, set_disabled, set_password, set_role, set_totp
from db.revocations import ended
from tests.factories import an_order
from tests.waiting import until
from tests.web.cast import admin, bearer, buyer
from tests.web.conftest import settled, waiting_messages
from tests.web.signing_in import EMAIL, PASSWORD, Browser, an_account
from web.cookies import digest_of
from web.relay.rights import rights_of

pytestmark = pytest.mark.usefixtures("light_passwords", "promises_are_kept")


@pytest.fixture
def browser(client: TestClient, shop: Shop) -> Browser:
    an_account()
    return Browser(client, shop)


def told(action: str = "sign_in") -> list[tuple[str, str, str | None]]:
    """(who, outcome, why) of each record."""
    found = AccessRecord.select().where(AccessRecord.action == action).order_by(AccessRecord.id)
    return [(record.actor, record.outcome, record.details.get("why")) for record in found]


def test_a_password_opens_a_session_and_signing_out_ends_it(browser: Browser) -> None:
    answer = browser.sign_in(email="Olga@Shop.example ".strip())
    assert (answer.status_code, answer.json["email"], answer.json["role"]) == (200, EMAIL, "owner")
    cookie = answer.cookies["bitloot-session"]
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.max_age) == (True, "Strict", "/", 43200)
    assert browser.ask("GET", "/admin/session").json == answer.json
    assert browser.ask("GET", "/admin/cases").status_code == 200
    kept = browser.cookie
    assert browser.ask("DELETE", "/admin/session").status_code == 204
    assert browser.cookie is None
    browser.cookie = kept
    gone = browser.ask("GET", "/admin/session")
    assert (gone.status_code, gone.json["code"]) == (401, "session_over")
    assert told() == [(f"admin:{EMAIL}", "granted", None)]
    assert told("sign_out") == [(f"admin:{EMAIL}", "granted", None)]
    assert kept is not None
    assert base.rows("SELECT count(*) FROM admin_sessions WHERE digest = %s", kept.encode()) == [(0,)]


def test_the_unknown_the_disabled_and_the_wrong_are_told_apart_in_the_records_only(browser: Browser) -> None:
    eve = an_account(email="eve@shop.example")
    set_disabled(eve, True, who="t")
    an_account(email="mail@shop.example", password=None)
    answers = [
        browser.sign_in(password="wrong horse battery"),
        browser.sign_in(email="nobody@shop.example"),
        browser.sign_in(email=eve.email),
        browser.sign_in(email="mail@shop.example"),
    ]
    assert {(one.status_code, one.content) for one in answers} == {(401, answers[0].content)}
    assert answers[0].json["code"] == "bad_credentials"
    assert browser.cookie is None
    assert told() == [
        (f"admin:{EMAIL}", "refused", "password"),
        ("guest", "refused", "unknown"),
        ("admin:eve@shop.example", "refused", "disabled"),
        ("admin:mail@shop.example", "refused", "password"),
    ]


@pytest.mark.parametrize("change", [set_password, set_role, set_disabled])
def test_a_change_of_the_account_ends_its_sessions_at_once(browser: Browser, change: object) -> None:
    browser.sign_in()
    olga = find_admin(EMAIL)
    assert olga is not None
    values = {set_password: "another", set_role: "read-only", set_disabled: True}
    with base.transaction():
        change(olga, values[change], who="t")  # type: ignore[operator, index]
    assert browser.ask("GET", "/admin/cases").json["code"] == "session_over"


def test_each_sign_in_is_another_session_and_ends_the_one_before(browser: Browser) -> None:
    browser.sign_in()
    first = browser.cookie
    browser.sign_in()
    second, browser.cookie = browser.cookie, first
    assert first != second
    assert browser.ask("GET", "/admin/session").status_code == 401
    browser.cookie = second
    assert browser.ask("GET", "/admin/session").status_code == 200


def test_a_cookie_that_a_stranger_planted_is_not_adopted(browser: Browser) -> None:
    browser.cookie = "bitloot-session=planted"
    browser.sign_in()
    assert browser.cookie is not None
    assert "planted" not in browser.cookie


def test_a_session_acts_from_our_own_pages_only(browser: Browser) -> None:
    browser.sign_in()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": ""}, {"X_BitLoot": ""}):
        refused = browser.ask("DELETE", "/admin/session", **headers)
        assert (refused.status_code, refused.json["code"]) == (403, "cross_site")
    assert browser.ask("GET", "/admin/session", Origin="", X_BitLoot="").status_code == 200
    foreign = browser.ask(
        "POST", "/admin/session", {"email": EMAIL, "password": PASSWORD}, Origin="https://evil.example"
    )
    assert foreign.json["code"] == "cross_site"


def test_a_bearer_token_needs_no_page_and_has_no_session(client: TestClient, shop: Shop) -> None:
    seen = client.simulate_get("/admin/session", headers=admin(shop, "operator"))
    assert (seen.json["email"], seen.json["role"]) == ("olga", "operator")
    for method, path in (("DELETE", "/admin/session"), ("POST", "/admin/session/relay-token")):
        refused = client.simulate_request(method, path, headers=admin(shop))
        assert (refused.status_code, refused.json["code"]) == (409, "no_session")


def test_an_account_is_locked_for_a_while_and_its_mailed_links_are_not(shop: Shop) -> None:
    an_account()
    client = settled(shop, sign_in_tries=2)
    thief, olga = Browser(client, shop, "198.51.100.6"), Browser(client, shop)
    guesses = [thief.sign_in(password=f"wrong horse {number}") for number in range(4)]
    assert [guess.status_code for guess in guesses] == [401, 401, 429, 429]
    assert int(guesses[3].headers["retry-after"]) > 600
    assert olga.sign_in().status_code == 429
    assert [outcome for _, outcome, _ in told()] == ["refused", "refused", "locked"]
    assert olga.ask("POST", "/admin/session/redeem", {"token": mailed(olga, shop)}).status_code == 200
    assert olga.sign_in().status_code == 200  # whoever came in by mail has shown who she is


def test_strangers_shut_out_nobody_who_has_a_link_and_a_code(browser: Browser, shop: Shop) -> None:
    codes = with_codes(shop)
    client = settled(shop, sign_in_tries=2)
    thief, olga = Browser(client, shop, "198.51.100.6"), Browser(client, shop)
    assert [thief.sign_in(password=f"wrong horse {n}").status_code for n in range(3)] == [401, 401, 429]
    body = {"token": mailed(olga, shop), "totp": codes.now()}
    assert olga.ask("POST", "/admin/session/redeem", body).status_code == 200


def test_when_the_links_that_strangers_asked_for_are_over_another_letter_goes(shop: Shop) -> None:
    """Else she who is locked out by guesses would wait without any link that opens."""
    an_account()
    thief, olga = Browser(settled(shop), shop, "198.51.100.6"), Browser(settled(shop), shop)
    ask = {"email": EMAIL}
    assert [thief.ask("POST", "/admin/session/mail-link", ask).status_code for _ in range(4)] == [202] * 4
    assert [outcome for _, outcome, _ in told("sign_in_link")] == ["asked"] * 3 + ["too_often"]
    seconds = shop.settings.sign_in_link_seconds + 1
    base.rows("UPDATE tries SET began = began - %s * interval '1 second' RETURNING 1", seconds)
    olga.ask("POST", "/admin/session/mail-link", ask)
    assert told("sign_in_link")[-1] == ("guest", "asked", None)


def test_who_comes_in_by_link_and_code_may_come_as_often_as_she_likes(browser: Browser, shop: Shop) -> None:
    codes = with_codes(shop)
    olga = Browser(settled(shop, sign_in_tries=1), shop)
    for number in range(2):
        keep_link(ask_link(EMAIL), digest_of(f"token {number}"), 60)
        body = {"token": f"token {number}", "totp": codes.at(int(time.time()) + 30 * number)}
        assert olga.ask("POST", "/admin/session/redeem", body).status_code == 200


def test_an_address_is_limited_whatever_accounts_it_tries(shop: Shop) -> None:
    thief = Browser(settled(shop, sign_in_tries=1), shop)
    guesses = [thief.sign_in(email=f"a{number}@shop.example").status_code for number in range(6)]
    assert guesses == [401] * 5 + [429]


def with_codes(shop: Shop) -> pyotp.TOTP:
    olga = find_admin(EMAIL)
    assert olga is not None
    secret, context = pyotp.random_base32(32), admin_context(olga.id)
    wrapped = shop.vault.new_data_key(context)
    set_totp(olga, (wrapped, shop.vault.seal(wrapped, context, "totp", secret.encode())), who="t")
    return pyotp.TOTP(secret)


def test_a_one_time_code_is_asked_for_and_counts_once(browser: Browser, shop: Shop) -> None:
    codes = with_codes(shop)
    assert browser.sign_in(password="wrong horse battery").json["code"] == "bad_credentials"
    assert browser.sign_in().json["code"] == "totp_needed"
    now = time.time()
    stale = codes.at(int(now) - 3600)
    assert browser.sign_in(totp=stale).json["code"] == "bad_totp"
    code = codes.at(int(now))
    assert browser.sign_in(totp=code).status_code == 200
    assert browser.sign_in(totp=code).json["code"] == "bad_totp"


def mailed(browser: Browser, shop: Shop) -> str:
    """What the letter's link carries."""
    assert browser.ask("POST", "/admin/session/mail-link", {"email": EMAIL}).status_code == 202
    until(lambda: bool(waiting_messages(shop, mail_sign_in)))
    workshop.use(shop)
    for link_id in waiting_messages(shop, mail_sign_in):
        mail_sign_in(link_id)
    letters = sorted(Path(shop.settings.mail_directory).rglob("*.eml"), key=lambda path: path.stat().st_mtime)
    text = letters[-1].read_text().replace("=\n", "")
    return str(re.findall(r"/console#sign-in=(?:3D)?([\w-]+)", text)[0])


def test_a_mailed_link_lets_in_once(browser: Browser, shop: Shop) -> None:
    token = mailed(browser, shop)
    answer = browser.ask("POST", "/admin/session/redeem", {"token": token})
    assert (answer.status_code, answer.json["email"]) == (200, EMAIL)
    again = browser.ask("POST", "/admin/session/redeem", {"token": token})
    assert (again.status_code, again.json["code"]) == (401, "bad_link")
    assert told("sign_in_link") == [("guest", "asked", None), (f"admin:{EMAIL}", "granted", None)]
    assert token not in str(base.rows("SELECT * FROM admin_links"))


def test_a_link_waits_for_the_code_that_goes_with_it(browser: Browser, shop: Shop) -> None:
    codes = with_codes(shop)
    token = mailed(browser, shop)
    assert browser.ask("POST", "/admin/session/redeem", {"token": token}).json["code"] == "totp_needed"
    body = {"token": token, "totp": codes.now()}
    assert browser.ask("POST", "/admin/session/redeem", body).status_code == 200


def test_asking_for_a_link_tells_nothing_of_who_there_is(browser: Browser, shop: Shop) -> None:
    asked = [
        browser.ask("POST", "/admin/session/mail-link", {"email": email})
        for email in (EMAIL, "nobody@shop.example", *[EMAIL] * 3)
    ]
    assert {(one.status_code, one.content) for one in asked} == {(202, asked[0].content)}
    assert base.rows("SELECT count(*), count(admin_id) FROM admin_links") == [(4, 3)]


def test_the_relay_lets_a_session_follow_until_it_ends_and_the_token_does_nothing_else(
    browser: Browser, shop: Shop
) -> None:
    browser.sign_in()
    answer = browser.ask("POST", "/admin/session/relay-token")
    token = answer.json["token"]
    rights = rights_of(shop.tokens, token)
    assert (rights.admin, ended([rights.grant])) == (True, set())
    assert browser.client.simulate_get("/admin/cases", headers=bearer(token)).status_code == 401
    browser.ask("DELETE", "/admin/session")
    assert ended([rights.grant]) == {rights.grant}


def test_a_buyer_is_no_admin(client: TestClient, shop: Shop) -> None:
    assert client.simulate_get("/admin/session", headers=buyer(shop, an_order())).status_code == 403


def test_a_letter_that_does_not_go_is_a_record_and_no_error(
    browser: Browser, shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("")
    browser.ask("POST", "/admin/session/mail-link", {"email": EMAIL})
    workshop.use(replace(shop, mailer=MailDirectory(tmp_path / "a file" / "letters")))
    [(link_id,)] = base.rows("SELECT id::text FROM admin_links")
    mail_sign_in(link_id)
    assert told("sign_in_link")[-1] == (f"admin:{EMAIL}", "failed", None)
