"""How the menu is written down."""

from __future__ import annotations

import json

from web.standins.dishes import dish, html_page, json_error


def test_a_dish_is_a_name_a_line_and_a_rule() -> None:
    made = dish("slow", "answers late", "resend.send", "delay", seconds=3)
    assert made.rule == {"point": "resend.send", "kind": "delay", "seconds": 3}


def test_errors_are_written_as_providers_and_their_edges_write_them() -> None:
    said = json_error(500, "Error", "Internal error", said=200)
    assert (said["status"], json.loads(said["body"])["status"]) == (200, 500)
    assert json_error(401, "Authorization", "no")["status"] == 401
    assert html_page(502, "Bad Gateway")["body"].startswith("<html>")
