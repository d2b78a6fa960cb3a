"""Pages and their files: strict headers, no outside host, no way out of the folder."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from falcon.testing import TestClient

from bitloot.shop import Shop
from web.app import create_app
from web.pages import ADMIN_FOLDER, FOLDER, TYPES, read_folder

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
RELAY = "wss://live.shop.example/fulfillment"
CONSOLE = ["/console", "/console/orders/00000000-0000-4000-8000-000000000000"]
PAGES = ["/", "/docs", "/o/00000000-0000-4000-8000-000000000000", *CONSOLE]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_served_with_a_strict_policy(client: TestClient, path: str) -> None:
    answer = client.simulate_get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_pages_may_talk_to_the_shop_and_its_relay_alone(shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"relay_url": RELAY})
    page = TestClient(create_app(settings, replace(shop, settings=settings))).simulate_get("/")
    policy = page.headers["content-security-policy"]
    assert "; connect-src 'self' wss://live.shop.example; " in policy
    assert "/fulfillment" not in policy


def test_pages_carry_the_shops_name_and_it_is_never_markup_or_a_placeholder(shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"shop_name": "<b>Ann & $code's"})
    client = TestClient(create_app(settings, replace(shop, settings=settings)))
    pages = [client.simulate_get(path) for path in PAGES[:3]]
    pages.append(client.simulate_get("/o/nope", headers={"Accept": "text/html"}))
    pages.append(client.simulate_post(PAGES[2], body="email=a%40b.example", headers=FORM))
    for page in pages:
        assert "<strong>&lt;b&gt;Ann &amp; &#36;code&#x27;s</strong>" in page.text
        assert "BitLoot" not in page.text


@pytest.mark.parametrize("path", PAGES)
def test_all_that_a_page_names_is_there(client: TestClient, path: str) -> None:
    for named in re.findall(r'(?:src|href)="(/assets/[^"]+)"', client.simulate_get(path).text):
        answer = client.simulate_get(named)
        assert answer.status_code == 200, named
        assert answer.headers["content-type"] == TYPES[Path(named).suffix]


def test_all_that_the_consoles_modules_import_is_there(client: TestClient) -> None:
    files = read_folder(RELAY, ADMIN_FOLDER)
    imported = {
        named for file in files.values() for named in re.findall(r'from "(/[^"]+)";', file.data.decode())
    }
    assert "/assets/admin/order.js" in imported
    assert {named for named in imported if client.simulate_get(named).status_code != 200} == set()
    assert {name for name, file in files.items() if len(file.data.splitlines()) > 300} == set()


def test_no_file_names_another_host_or_holds_inline_code() -> None:
    for name, file in (read_folder(RELAY) | read_folder(RELAY, ADMIN_FOLDER)).items():
        text = file.data.decode()
        hosts = set(re.findall(r"https?://[^\"'\s)]+", text)) - {"http://www.w3.org/2000/svg"}
        assert hosts == set(), name
        assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|innerHTML|\beval\(", text), name


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../app.py",
        "/assets/..%2fapp.py",
        "/assets/%2e%2e%2f%2e%2e%2fpyproject.toml",
        "/assets//etc/passwd",
        "/assets/style.css%00",
        "/assets/order.html",
        "/assets/admin/index.html",
        "/assets/admin/../order.js",
        "/assets/admin/..%2flive.js",
        "/assets/",
    ],
)
def test_no_path_leads_out_of_the_folder(client: TestClient, path: str) -> None:
    assert client.simulate_get(path).status_code == 404


def test_an_unchanged_page_is_not_sent_again(client: TestClient) -> None:
    first = client.simulate_get("/assets/style.css")
    again = client.simulate_get("/assets/style.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_only_files_that_browsers_know_are_read(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("x")
    (tmp_path / "secrets.env").write_text("x")
    (tmp_path / "folder.css").mkdir()
    assert list(read_folder(RELAY, tmp_path)) == ["page.html"]
    assert "order.html" in read_folder(RELAY, FOLDER)


def test_a_bad_order_id_has_no_page(client: TestClient) -> None:
    assert client.simulate_get("/o/nothing").status_code == 404
