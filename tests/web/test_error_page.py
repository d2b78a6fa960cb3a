"""A browser that opens a wrong address gets a page; a program the problem document."""

from __future__ import annotations

import pytest
from falcon.testing import TestClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_gets_a_page_in_the_shops_style(client: TestClient) -> None:
    page = client.simulate_get("/o/<nope>", headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here" in page.text
    assert "nope" not in page.text
    assert "style-src 'self'" in page.headers["content-security-policy"]
    assert (page.headers["vary"], page.headers["cache-control"]) == ("Accept", "no-store")
    told = client.simulate_get("/admin/orders", headers=BROWSER)
    assert (told.status_code, "Your right is missing" in told.text) == (401, True)


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/problem+json, text/html;q=0.5", ""]
)
def test_a_program_gets_the_problem(client: TestClient, accept: str) -> None:
    told = client.simulate_get("/o/nope", headers={"Accept": accept} if accept else {})
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json["code"] == "not_found"


def test_what_is_sent_is_answered_for_programs(client: TestClient) -> None:
    told = client.simulate_post("/o/nope", headers=BROWSER)
    assert told.json["code"] == "not_found"
