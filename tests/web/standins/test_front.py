"""The page at the stand-ins' address."""

from __future__ import annotations

from tests.web.standins.caller import Caller
from web.standins.front import CONTROL
from web.standins.menu import MENU


def test_the_address_says_what_is_there_to_people_and_programs(caller: Caller) -> None:
    page = caller.control("GET", "", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert [name for name in MENU if f"<code>{name}</code>" not in page.text] == []
    told = caller.call("GET", f"{caller.standins.url}/").json()
    assert [call["path"] for call in told["control"]] == [path for _, path, _ in CONTROL]


def test_every_control_that_it_names_is_there(caller: Caller) -> None:
    """Asked by GET, what only POST does is 405; an address without a route would be 404."""
    both = "/control/faults"
    for method, path, _ in CONTROL:
        answer = caller.call("GET", caller.standins.url + path.replace("{id}", "1"))
        assert answer.status_code == (405 if method == "POST" and path != both else 200), path
