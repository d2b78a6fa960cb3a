"""One Chromium and one house for all of them, a fresh profile for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from db import base
from tests.flows.conftest import open_house
from tests.flows.house import House
from tests.servers import Servers
from tests.tools import CHROMIUM, CHROMIUM_FLAGS

expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The machine's own: these files are left out where there is none (tests/conftest.py)."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def browsed_house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(servers, tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def house(browsed_house: House) -> Iterator[House]:
    """Without faults that another file left; this process's pool looks at its database."""
    browsed_house.calm()
    base.configure(browsed_house.settings, application="browser")
    yield browsed_house
    base.dispose()


@contextmanager
def profile(browser: Browser, house: House, **options: Any) -> Iterator[BrowserContext]:
    """A visitor: nothing kept from those before. Whatever does not come within half a minute has failed."""
    context = browser.new_context(**options)
    context.set_default_timeout(30_000)
    try:
        if options.get("java_script_enabled", True):
            context.grant_permissions(["clipboard-read", "clipboard-write"], origin=house.web)
        yield context
    finally:
        context.close()


@pytest.fixture
def page(browser: Browser, house: House) -> Iterator[Page]:
    with profile(browser, house) as context:
        yield context.new_page()
