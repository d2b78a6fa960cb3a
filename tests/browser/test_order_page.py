"""The buyer's page: live, nothing without a press, nothing left behind, and of use when things go wrong."""

from __future__ import annotations

import email
import email.policy
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from db import base
from db.rights import withdraw_right
from tests.browser.conftest import profile
from tests.flows.house import House, Sale
from tests.waiting import until

GAME, PICTURE = "orbit-drifters", "paper-lanterns"
HERE = re.compile("Your key is here|Your keys are here")


def link_in_letter(house: House, sale: Sale) -> str:
    [letter] = house.letters(sale)
    [link] = re.findall(r"https?://\S+", letter)
    return str(link)


def headline(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.locator("#headline")).to_have_text(text)


def show(page: Page) -> str:
    page.locator(".show").first.click()
    return page.locator(".key").first.inner_text()


def mailed_code(house: House, sale: Sale) -> str:
    def codes() -> list[str]:
        found = []
        for path in Path(house.settings.mail_directory).rglob("*.eml"):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            part = message.get_body(preferencelist=("plain",))
            if part is not None and f"code for order {sale.order_id[:8]}" in message["Subject"]:
                found += re.findall(r"\d{4} \d{4}", part.get_content())
        return found

    until(lambda: bool(codes()), what="the code")
    return codes()[-1]


def test_it_follows_the_order_live_and_shows_the_key_after_a_press_and_keeps_none(
    house: House, page: Page
) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    sale = house.order((GAME, 1))
    page.goto(f"{house.web}/o/{sale.order_id}#{sale.token}")
    headline(page, "Waiting for your payment")
    assert sale.token not in page.url
    expect(page.locator("#link")).to_have_text("Live.")
    expect(page.locator("#pay-address")).to_have_text(sale.answer["payment"]["payAddress"])
    house.pay(sale)
    headline(page, HERE)
    assert page.locator(".key").count() == 0
    key = show(page)
    assert key in house.plaintext()
    page.click("#key-list .copy")
    expect(page.locator("#key-list .copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == key
    left = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, location.href])"
    )
    assert key not in left
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    page.emulate_media(media="print")
    expect(page.locator(".key")).to_be_visible()
    expect(page.locator("#print-button")).to_be_hidden()
    page.emulate_media(media="screen")
    page.click("#hide-button")
    assert key not in page.content()
    show(page)
    page.goto(f"{house.web}/")
    page.go_back()
    headline(page, HERE)
    assert key not in page.content()
    assert problems == []


def test_a_key_that_is_a_picture_is_shown_as_one(house: House, page: Page) -> None:
    sale = house.sell((PICTURE, 1))
    page.goto(link_in_letter(house, sale))
    headline(page, HERE)
    page.click(".show")
    picture = page.locator("#key-list img")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0


def looks(sale: Sale) -> list[tuple[str, int]]:
    """How each look at this order's keys was granted, and at how many of them it was."""
    with base.scope():
        return base.rows(
            "SELECT details->>'how', jsonb_array_length(details->'keys') FROM access_records"
            " WHERE order_id = %s AND action = 'reveal' AND outcome = 'granted' ORDER BY id",
            sale.order_id,
        )


def test_keys_open_one_by_one_in_the_browser_and_by_the_shop_where_the_store_is_out_of_reach(
    house: House, page: Page
) -> None:
    sale = house.sell((GAME, 3), (PICTURE, 1))
    page.goto(link_in_letter(house, sale))
    expect(page.locator(".show")).to_have_count(4)
    answers: list[str] = []
    page.on("response", lambda answer: answers.append(urlsplit(answer.url).path.split("/")[-1]))
    page.click("#key-1-2 .show")
    expect(page.locator(".key")).to_have_count(1)
    key = page.locator("#key-1-2 .key").inner_text()
    assert key in house.plaintext()
    page.click("#key-2-1 .show")
    expect(page.locator("#key-2-1 img")).to_be_visible()
    assert looks(sale) == [("granted", 1)] * 2
    assert "reveal" not in answers  # the shop gave what opens it, and never the key
    page.route("**/objects/**", lambda route: route.abort())
    page.click("#key-1-3 .show")
    expect(page.locator(".key")).to_have_count(2)
    assert page.locator("#key-1-3 .key").inner_text() in set(house.plaintext()) - {key}
    assert looks(sale) == [("granted", 1)] * 2 + [("shown", 1)]
    expect(page.locator("#key-1-1 .show")).to_be_visible()


def test_a_scanner_that_opens_the_letters_link_spends_nothing(house: House, browser: Browser) -> None:
    sale = house.sell((GAME, 1))
    for _ in range(2):
        with profile(browser, house) as context:
            page = context.new_page()
            page.goto(link_in_letter(house, sale))
            headline(page, HERE)
    with base.scope():
        assert base.rows("SELECT count(*) FROM rights WHERE order_id = %s", sale.order_id) == [(0,)]


@pytest.mark.parametrize(
    ("why", "told"), [("expired", "These keys are no longer kept"), ("dispute", "These keys were withdrawn")]
)
def test_a_right_that_ended_hides_the_keys_and_says_so(house: House, page: Page, why: str, told: str) -> None:
    sale = house.sell((GAME, 1))
    page.goto(link_in_letter(house, sale))
    headline(page, HERE)
    key = show(page)
    with base.scope():
        withdraw_right(
            base.rows("SELECT id FROM orders WHERE id = %s", sale.order_id)[0][0], who="x", reason=why
        )
    page.reload()
    headline(page, told)
    expect(page.locator("#keys")).to_be_hidden()
    assert key not in page.content()


def test_a_newer_link_ends_the_older_one(house: House, page: Page) -> None:
    sale = house.sell((GAME, 1))
    old = link_in_letter(house, sale)
    again = {"kind": "keys_ready", "reason": "lost"}
    answer = requests.post(
        f"{house.web}/admin/orders/{sale.order_id}/resend-letter",
        json=again,
        headers=house.admin(),
        timeout=10,
    )
    assert answer.status_code == 202
    page.goto(old)
    headline(page, "A newer link was mailed")
    until(lambda: len(house.letters(sale)) == 2, what="the letter")
    [fresh] = {link for letter in house.letters(sale) for link in re.findall(r"https?://\S+", letter)} - {old}
    page.goto("about:blank")
    page.goto(fresh)
    headline(page, HERE)
    assert show(page) in house.plaintext()


def test_whoever_lost_the_link_gets_in_by_a_code(house: House, page: Page) -> None:
    sale = house.sell((GAME, 1))
    page.goto(f"{house.web}/o/{sale.order_id}")
    headline(page, "Please open the link in your letter")
    page.fill("#guest-email", "buyer@example.test")
    page.click("#ask-form button")
    page.fill("#guest-code", "0000 0001")
    page.click("#code-form button")
    expect(page.locator("#guest-told")).to_contain_text("does not open")
    page.fill("#guest-code", mailed_code(house, sale))
    page.click("#code-form button")
    headline(page, HERE)
    assert show(page) in house.plaintext()


def test_it_fits_a_phone(house: House, browser: Browser) -> None:
    sale = house.order((GAME, 2))
    with profile(browser, house, viewport={"width": 360, "height": 740}) as context:
        page = context.new_page()
        page.goto(f"{house.web}/o/{sale.order_id}#{sale.token}")
        headline(page, "Waiting for your payment")
        expect(page.locator("#payment")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_where_the_order_stands_is_told_without_javascript(house: House, browser: Browser) -> None:
    sale = house.order((GAME, 1))
    with profile(browser, house, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{house.web}/o/{sale.order_id}")
        page.fill("noscript input, form.card input", "buyer@example.test")
        page.click("form.card button")
        expect(page.locator("h1")).to_have_text("Waiting for your payment")


def test_without_the_relay_it_still_follows(house: House, page: Page) -> None:
    house.crew["relay"].stop()
    try:
        sale = house.order((GAME, 1))
        page.goto(f"{house.web}/o/{sale.order_id}#{sale.token}")
        headline(page, "Waiting for your payment")
        house.pay(sale)
        headline(page, HERE)
    finally:
        house.crew["relay"].start()
        house.crew["relay"].wait_for(house.settings.relay_port)
