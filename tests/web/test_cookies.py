"""The console's cookie, and which pages may act by it."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import pytest
from falcon import Request, Response
from falcon.testing import create_environ

from bitloot.settings import Settings
from web.cookies import ConsoleCookie, digest_of
from web.errors import Problem

ABROAD = {"public_url": "https://shop.example", "environment": "production"}
AT_HOME = {"public_url": "http://127.0.0.1:8000", "environment": "development"}


def cookie(**settings: Any) -> ConsoleCookie:
    return ConsoleCookie(Settings(**(settings or ABROAD)))


def request(method: str = "POST", host: str = "shop.example", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(create_environ(method=method, host=host, headers=named))


def given(of: ConsoleCookie) -> dict[str, Any]:
    resp = Response()
    of.give(resp, "value", 600)
    [morsel] = SimpleCookie(resp._cookies or {}).values()
    return {"name": morsel.key, "value": morsel.value, **{k: v for k, v in morsel.items() if v}}


def test_it_is_for_the_host_alone_and_no_script_reads_it() -> None:
    told = given(cookie())
    assert told.pop("max-age") == 600
    assert told == {
        "name": "__Host-bitloot",
        "value": "value",
        "path": "/",
        "secure": True,
        "httponly": True,
        "samesite": "Strict",
    }


def test_plain_http_does_without_secure_in_development_only() -> None:
    told = given(cookie(**AT_HOME))
    assert (told["name"], "secure" in told, told["httponly"]) == ("bitloot-session", False, True)
    assert given(cookie(**AT_HOME | {"environment": "production"}))["secure"]
    assert given(cookie(**ABROAD | {"environment": "development"}))["name"] == "__Host-bitloot"


def test_of_two_cookies_neither_counts() -> None:
    of = cookie()
    assert of.digest(request(Cookie=f"{of.name}=x")) == digest_of("x")
    assert of.digest(request(Cookie=f"{of.name}=x; {of.name}=y")) is of.digest(request()) is None


OWN = {"X_BitLoot": "console", "Origin": "https://shop.example"}


@pytest.mark.parametrize(
    "changes",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "https://shop.example.evil.example"},
        {"Origin": "http://shop.example"},
        {"Origin": "https://shop.example:8443"},
        {"Origin": "null"},
        {"Origin": ""},
        {"X_BitLoot": ""},
        {"X_BitLoot": "yes"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_what_does_not_come_from_our_page_changes_nothing(changes: dict[str, str]) -> None:
    cookie().check_page(request(**OWN))
    cookie().check_page(request(**OWN, Sec_Fetch_Site="same-origin"))
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with pytest.raises(Problem) as caught:
            cookie().check_page(request(method, **OWN | changes))
        assert caught.value.document["code"] == "cross_site"


def test_looking_needs_no_mark() -> None:
    cookie().check_page(request("GET"))


def test_nobody_is_signed_in_from_a_foreign_page() -> None:
    cookie().refuse_foreign(request())  # no browser
    cookie().refuse_foreign(request(Origin="https://shop.example"))
    with pytest.raises(Problem):
        cookie().refuse_foreign(request(Origin="https://evil.example"))


def test_a_name_of_the_same_machine_counts_in_development_only() -> None:
    local = {"X_BitLoot": "console", "Origin": "http://localhost:8000"}
    cookie(**AT_HOME).check_page(request(host="localhost:8000", **local))
    with pytest.raises(Problem):
        cookie(**AT_HOME).check_page(request(host="127.0.0.1:8000", **local))
    with pytest.raises(Problem):
        cookie(**AT_HOME | {"environment": "production"}).check_page(request(host="localhost:8000", **local))
