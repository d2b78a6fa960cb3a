"""The operators' console: a door, every view by its address, live, acting with a reason, for every reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import profile
from tests.flows.house import House, Sale
from tests.waiting import until

GAME = "orbit-drifters"


@pytest.fixture(scope="module")
def sold(house: House) -> Sale:
    return house.sell((GAME, 1))


@pytest.fixture(scope="module")
def desk(browser: Browser, house: House) -> Iterator[Page]:
    """An owner who is signed in; whatever a page complains of in its console is a failure."""
    problems: list[str] = []
    with profile(browser, house) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{house.web}/console")
        page.fill("#token", house.shop.tokens.admin("olga", "owner", 600))
        page.click("form.door button")
        expect(page.locator("#who")).to_contain_text("olga owner")
        yield page
    assert problems == []


def heading(page: Page, text: str) -> None:
    expect(page.locator("main h1")).to_have_text(text)


def test_a_stranger_sees_the_door_and_nothing_else(house: House, page: Page) -> None:
    page.goto(f"{house.web}/console/cases")
    heading(page, "Sign in")
    expect(page.locator("#nav")).to_be_hidden()
    page.fill("#token", "no.such.token")
    page.click("form.door button")
    expect(page.get_by_role("alert")).to_contain_text("no right")


def test_what_comes_is_shown_as_it_comes(house: House, desk: Page, sold: Sale) -> None:
    desk.goto(f"{house.web}/console/webhook-logs?source=nowpayments")
    heading(desk, "Webhooks")
    expect(desk.locator("#link")).to_have_text("Live")
    sale = house.order((GAME, 1))
    house.pay(sale)
    expect(desk.locator("tbody tr", has_text=sale.order_id[:8]).first).to_be_visible()


def test_a_case_is_answered_with_a_reason_and_what_is_refused_says_why(house: House, desk: Page) -> None:
    sale = house.order((GAME, 1))
    house.pay(sale, amount="0.00001")
    house.until(sale, "review")
    desk.goto(f"{house.web}/console/cases?orderId={sale.order_id}")
    desk.locator("a[data-open]").click()
    heading(desk, "Underpaid")
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


VIEWS = ["webhook-logs", "cases", "jobs", "reservations", "search?q=nothing-of-that-name"]


def serious(axe: Axe, page: Page, options: dict[str, Any]) -> list[Any]:
    violations = axe.run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    grave = [one for one in violations if one["impact"] in {"serious", "critical"}]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in grave]


def test_axe_finds_nothing_serious_in_any_view(house: House, desk: Page, sold: Sale) -> None:
    axe = Axe()
    found = {}
    for view in VIEWS:
        desk.goto(f"{house.web}/console/{view}")
        expect(desk.locator("main h1")).to_be_visible()
        found[view] = serious(axe, desk, {})
        desk.emulate_media(color_scheme="dark")  # what changes with it is colour alone
        found[view] += serious(axe, desk, {"runOnly": ["color-contrast"]})
        desk.emulate_media(color_scheme="light")
    assert found == {view: [] for view in VIEWS}


def test_it_fits_a_phone(house: House, desk: Page, sold: Sale) -> None:
    before = desk.viewport_size
    desk.set_viewport_size({"width": 360, "height": 740})
    try:
        for view in VIEWS:
            desk.goto(f"{house.web}/console/{view}")
            expect(desk.locator("main h1")).to_be_visible()
            assert desk.evaluate("document.documentElement.scrollWidth") <= 360, view
    finally:
        assert before is not None
        desk.set_viewport_size(before)
