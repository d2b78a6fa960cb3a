"""The door for admins: who passes, and the routes by which they come in."""

from __future__ import annotations

from bitloot.shop import Shop
from web.admin.entrance import Entrance
from web.admin.sign_in import MailLink, Redeem, RelayToken, SignIn
from web.auth import Gate
from web.cookies import ConsoleCookie
from web.openapi import Route

__all__ = ["open_door"]


def open_door(shop: Shop) -> tuple[Gate, list[Route]]:
    """(what every route asks who somebody is, the routes of sessions)."""
    cookie = ConsoleCookie(shop.settings)
    gate, entrance = Gate(shop.tokens, cookie), Entrance(shop, cookie)
    return gate, [
        ("/admin/session", SignIn(gate, cookie, entrance)),
        ("/admin/session/mail-link", MailLink(entrance, cookie)),
        ("/admin/session/redeem", Redeem(entrance)),
        ("/admin/session/relay-token", RelayToken(shop, gate)),
    ]
