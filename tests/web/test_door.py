"""The routes of sessions, and the gate that knows their cookie; tests/web/admin/test_sign_in.py walks through."""

from __future__ import annotations

import pytest
from falcon import Request
from falcon.testing import create_environ

from bitloot.shop import Shop
from bitloot.tokens import BadToken
from web.door import open_door


def test_the_gate_asks_the_cookie_where_there_is_no_token(shop: Shop) -> None:
    gate, routes = open_door(shop)
    assert {path for path, _ in routes} >= {"/admin/session", "/admin/session/redeem"}
    with pytest.raises(BadToken) as caught:
        gate.viewer(Request(create_environ(headers={"Cookie": "bitloot-session=made-up"})))
    assert caught.value.code == "session_over"
