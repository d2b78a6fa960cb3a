"""/docs in a real browser: the document to read, and each operation to try, under the page's own policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from bitloot.shop import Shop
from tests.tools import CHROMIUM, CHROMIUM_FLAGS
from tests.web.live_house import LiveHouse, live_house
from tests.web.signing_in import EMAIL, PASSWORD, an_account

expect.set_options(timeout=20_000)


@pytest.fixture
def house(shop: Shop) -> Iterator[LiveHouse]:
    with live_house(shop) as house:
        yield house


@pytest.fixture
def page(house: LiveHouse) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = browser.new_page()
        page.set_default_timeout(20_000)
        page.goto(f"{house.base}/docs")
        yield page
        browser.close()


def test_operations_are_found_read_and_tried(page: Page, house: LiveHouse) -> None:
    an_account("operator")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.get_by_label("Find").fill("post /admin/session password")
    expect(page.locator(".operation:visible")).to_have_count(1)
    page.locator(".operation:visible summary").click()
    box = page.locator(".operation:visible")
    expect(box.locator("textarea")).to_have_value(
        f'{{\n  "email": "{EMAIL}",\n  "totp": "123456",\n  "password": "{PASSWORD}"\n}}'
    )
    expect(box.get_by_text("bad_credentials, totp_needed, bad_totp")).to_be_visible()
    box.get_by_role("button").click()
    expect(box.locator(".told")).to_contain_text("200 OK")
    expect(box.locator(".told pre")).to_contain_text('"role": "operator"')
    # From here the session's cookie speaks, as it does for any page of ours.
    page.get_by_label("Find").fill("get /admin/cases one")
    page.locator(".operation:visible summary").click()
    box = page.locator(".operation:visible")
    box.get_by_label("caseId").fill("5f0c8a3e-6b1d-4c2f-9a7e-3d5b8c1f2e4a")
    box.get_by_role("button").click()
    expect(box.locator(".told pre")).to_contain_text('"code": "not_found"')
    assert [text for text in complaints if "404" not in text] == []
