"""The operators' console: a door, every view by its address, live, acting with a reason, for every reader."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pydantic import SecretStr

from bitloot.passwords import hash_password
from db import base
from db.admins import add_admin
from tests.browser.conftest import profile
from tests.flows.house import House, Sale
from tests.waiting import until

GAME = "orbit-drifters"
#: Milliseconds: less than the pause between two looks while nothing is told live.
SOON = 10_000
EMAIL, READER, PASSWORD = "olga@shop.example", "rita@shop.example", "correct horse battery"


@pytest.fixture(scope="module")
def sold(house: House) -> Sale:
    return house.sell((GAME, 1))


@pytest.fixture(scope="module")
def account(house: House) -> str:
    """An owner's address; somebody who may only look signs in by another, with the same word."""
    known = hash_password(SecretStr(PASSWORD))
    with base.scope():
        assert add_admin(EMAIL, "owner", known) is not None
        assert add_admin(READER, "read-only", known) is not None
    return EMAIL


@pytest.fixture(scope="module")
def desk(browser: Browser, house: House, account: str) -> Iterator[Page]:
    """An owner who is signed in; whatever a page trips over is a failure."""
    problems: list[str] = []
    with profile(browser, house) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{house.web}/console")
        sign_in(page, PASSWORD)
        expect(page.locator("#who")).to_contain_text(account)
        yield page
    assert problems == []


def sign_in(page: Page, password: str, email: str = EMAIL) -> None:
    page.get_by_label("Mail address", exact=True).fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def mailed_links(house: House) -> list[str]:
    found = []
    for path in Path(house.settings.mail_directory).rglob("*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        part = message.get_body(preferencelist=("plain",))
        found += re.findall(r"https?://\S+#sign-in=\S+", part.get_content() if part else "")
    return found


def heading(page: Page, text: str) -> None:
    expect(page.locator("main h1")).to_have_text(text)


def test_a_stranger_sees_the_door_and_whoever_knows_the_word_what_he_came_for(
    house: House, page: Page, account: str
) -> None:
    page.goto(f"{house.web}/console/cases?state=open")
    heading(page, "Sign in")
    expect(page.locator("#nav")).to_be_hidden()
    sign_in(page, "a wrong one")
    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    sign_in(page, PASSWORD)
    heading(page, "Cases")
    assert page.url.endswith("/console/cases?state=open")
    page.get_by_role("button", name="Sign out").click()
    heading(page, "Sign in")
    page.reload()
    heading(page, "Sign in")


def test_a_mailed_link_opens_the_door_once(house: House, page: Page, account: str) -> None:
    page.goto(f"{house.web}/console")
    page.get_by_label("Mail address", exact=True).fill(EMAIL)
    page.get_by_role("button", name="Mail me a link instead").click()
    expect(page.get_by_role("status").filter(has_text="on its way")).to_be_visible()
    until(lambda: bool(mailed_links(house)), what="the letter")
    [link] = mailed_links(house)
    page.goto(link)
    expect(page.locator("main")).to_contain_text("by the link in your letter")
    assert "sign-in" not in page.url
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#who")).to_contain_text(account)
    page.get_by_role("button", name="Sign out").click()
    heading(page, "Sign in")
    page.goto("about:blank")
    page.goto(link)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("opens nothing")


def test_an_order_is_found_by_any_id_and_its_story_is_on_one_line(
    house: House, desk: Page, sold: Sale
) -> None:
    house.reveal(sold)
    desk.goto(f"{house.web}/console")
    heading(desk, "Dashboard")
    desk.get_by_role("searchbox").fill(sold.payment_id)
    desk.keyboard.press("Enter")
    heading(desk, f"Order {sold.order_id[:8]}")
    line = desk.get_by_role("region", name="Timeline")
    for told in (
        "created → paid",
        "nowpayments: finished",
        "kinguin: ",
        "ready → fulfilled",
        "keys ready: sent",
        "reveal: granted",
    ):
        expect(line).to_contain_text(told)
    desk.click("[data-mark=kind-move]")
    expect(line).not_to_contain_text("ready → fulfilled")
    desk.click("[data-mark=kind-move]")
    assert [key for key in house.plaintext() if key in desk.content()] == []


def test_an_order_is_held_with_a_reason_and_moves_on_live(house: House, desk: Page) -> None:
    sale = house.order((GAME, 1))
    desk.goto(f"{house.web}/console/orders/{sale.order_id}")
    desk.click("[data-mark=action-hold]")
    desk.keyboard.type("the buyer asked")
    desk.get_by_role("button", name="Hold", exact=True).click()
    expect(desk.locator(".callout")).to_contain_text("admin:olga@shop.example")
    expect(desk.locator(".callout")).to_contain_text("the buyer asked")
    desk.click("[data-mark=not-now] summary")
    expect(desk.locator(".whys")).to_contain_text("holds it already")
    expect(desk.locator("#link")).to_have_text("Live")
    house.pay(sale)
    expect(desk.locator(".head .chip").first).to_have_text("paid", timeout=SOON)
    desk.click("[data-mark=action-release]")
    desk.keyboard.type("all is well")
    desk.get_by_role("button", name="Release", exact=True).click()
    expect(desk.locator(".head .chip").first).to_have_text("fulfilled")


def test_whoever_may_only_look_is_told_so(house: House, page: Page, account: str, sold: Sale) -> None:
    page.goto(f"{house.web}/console/orders/{sold.order_id}")
    sign_in(page, PASSWORD, READER)
    expect(page.locator(".acts .buttons")).to_have_count(0)
    page.click("[data-mark=not-now] summary")
    expect(page.locator(".whys")).to_contain_text("Your role may look, and not act.")


def test_a_case_is_answered_with_a_reason_and_what_is_refused_says_why(house: House, desk: Page) -> None:
    sale = house.order((GAME, 1))
    house.pay(sale, amount="0.00001")
    house.until(sale, "review")
    desk.goto(f"{house.web}/console/orders/{sale.order_id}")
    expect(desk.locator(".callout.ask")).to_contain_text("Received 0.00001 BTC · Missing")
    desk.get_by_role("link", name="Answer the case").click()
    heading(desk, "Underpaid")
    expect(desk.locator("main")).to_contain_text("Gateway says")
    desk.click("[data-mark=move-refund_due]")
    desk.locator("dialog").get_by_label("Amount").fill("a lot")
    desk.locator("dialog").get_by_label("Reason").fill("it was too little")
    desk.click("dialog button.danger")
    expect(desk.locator("dialog [role=alert]")).to_contain_text("amount")
    desk.locator("dialog").get_by_label("Amount").fill("0.00001")
    desk.locator("dialog").get_by_label("Coin").fill("btc")
    desk.locator("dialog").get_by_label("Address").fill("bc1-buyer")
    desk.click("dialog button.danger")
    expect(desk.locator("#told")).to_contain_text("Resolved. The order is refund due.")
    house.until(sale, "refund_due")


def test_a_notice_is_rehearsed_before_it_runs_again(house: House, desk: Page, sold: Sale) -> None:
    desk.goto(f"{house.web}/console/webhook-logs?event=finished&orderId={sold.order_id}")
    desk.locator("a[data-open]").click()
    heading(desk, "nowpayments: finished")
    desk.click("text=Show what it said")
    expect(desk.locator("main pre")).to_contain_text('"payment_status": "finished"')
    desk.get_by_role("button", name="Compare").click()
    expect(desk.locator(".diff")).to_contain_text("payment_status")
    desk.click("[data-mark=replay]")
    desk.locator("dialog").get_by_label("Reason").fill("to be sure")
    desk.click("text=See what it would do")
    expect(desk.locator(".foreseen")).to_contain_text("moves it no further")
    desk.click("text=Run it again")
    sql = "SELECT count(*) FROM replays WHERE done_at IS NOT NULL AND reason = 'to be sure'"
    until(lambda: house.rows(sql) == [(1,)], what="the replay")


@pytest.mark.usefixtures("sold")
def test_the_keyboard_alone_is_enough(house: House, desk: Page) -> None:
    desk.goto(f"{house.web}/console/jobs")
    heading(desk, "Dead jobs")
    for key in ("g", "w"):
        desk.keyboard.press(key)
    heading(desk, "Webhooks")
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    expect(desk.locator("main .crumb")).to_have_text("Webhooks")
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    desk.keyboard.press("/")
    expect(desk.locator("#search-field")).to_be_focused()


VIEWS = [
    "",
    "orders",
    "orders?state=refunded",
    "cases",
    "webhook-logs",
    "webhook-logs/refused",
    "jobs",
    "payments",
    "reservations",
    "letters",
    "key-audit",
    "products",
    "search?q=nothing-of-that-name",
]


def test_every_view_is_for_every_reader(house: House, desk: Page, sold: Sale) -> None:
    """axe finds nothing serious, in either scheme, and nothing is wider than a phone."""
    desk.goto(f"{house.web}/console")
    expect(desk.locator("main h1")).to_be_visible()
    desk.evaluate(Axe().axe_script)
    found = {"the frame": in_both_schemes(desk, "document")}
    views = [*VIEWS, f"orders/{sold.order_id}"]
    for view in views:
        desk.evaluate(GO, f"/console/{view}")
        expect(desk.locator("main:not([aria-busy]) h1")).to_be_visible()
        found[view] = in_both_schemes(desk, "main")
        desk.set_viewport_size(PHONE)
        found[view] += [
            wide for wide in [desk.evaluate("document.documentElement.scrollWidth")] if wide > 360
        ]
        desk.set_viewport_size(DESK)
    assert found == {view: [] for view in ("the frame", *views)}


def in_both_schemes(page: Page, part: str) -> list[object]:
    """What axe holds against it in the light, and against its colours, which alone change, in the dark."""
    found: list[object] = page.evaluate(JUDGE, [part, {}])
    page.emulate_media(color_scheme="dark")
    found += page.evaluate(JUDGE, [part, {"runOnly": ["color-contrast"]}])
    page.emulate_media(color_scheme="light")
    return found


#: What axe holds against a part of the page.
JUDGE = """async ([where, options]) => {
  const told = await axe.run(where === "document" ? document : where, { resultTypes: ["violations"], ...options });
  const grave = told.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  return grave.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)]);
}"""

#: To another view, as a link would lead there.
GO = "(address) => { history.pushState(null, '', address); dispatchEvent(new PopStateEvent('popstate')); }"

PHONE, DESK = ViewportSize(width=360, height=740), ViewportSize(width=1280, height=800)
