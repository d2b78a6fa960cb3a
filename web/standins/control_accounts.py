"""Control of the outside ledger: sums over its files, and the keys in plain for whoever searches for canaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import falcon
from falcon import Request, Response

from web.standins import accounts
from web.standins.answers import Refusal, say
from web.standins.ledger import plaintext_keys
from web.standins.menu import MENU
from web.standins.shop import Shop

__all__ = ["add_account_routes"]


def add_account_routes(app: falcon.App[Any, Any], shop: Shop) -> None:
    app.add_route("/control/charges", Charges(shop))
    app.add_route("/control/mails", Sum(shop, accounts.mails))
    app.add_route("/control/bites", Sum(shop, accounts.bites))
    app.add_route("/control/notices", Notices(shop))
    app.add_route("/control/keys", Keys(shop))
    app.add_route("/control/faults/menu", Menu())


class _OfFiles:
    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @property
    def directory(self) -> Path:
        return self._shop.floor.ledger.directory


class Charges(_OfFiles):
    """`kept` is what counts: per line, without what the supplier itself gave back."""

    def on_get(self, req: Request, resp: Response) -> None:
        sums = {
            "purchases": accounts.charges(self.directory),
            "lines": accounts.charges_of_lines(self.directory),
            "reservations": accounts.charges_of_reservations(self.directory),
            "kept": accounts.charges_kept(self.directory),
        }
        ref = req.get_param("ref")
        say(resp, 200, {name: {ref: of[ref]} if ref is not None else of for name, of in sums.items()})


class Sum(_OfFiles):
    def __init__(self, shop: Shop, add_up: Callable[[Path], Counter[str]]) -> None:
        super().__init__(shop)
        self._add_up = add_up

    def on_get(self, req: Request, resp: Response) -> None:
        say(resp, 200, {"data": self._add_up(self.directory)})


class Notices(_OfFiles):
    """`accepted=true`: those that the shop answered with 2xx, and so has promised to remember."""

    def on_get(self, req: Request, resp: Response) -> None:
        try:
            accepted = req.get_param_as_bool("accepted")
        except falcon.HTTPInvalidParam:
            raise Refusal(400, {"error": "bad_control", "message": "accepted is true or false"}) from None
        say(resp, 200, {"data": accounts.notices(self.directory, accepted=accepted)})


class Keys(_OfFiles):
    def on_get(self, req: Request, resp: Response) -> None:
        say(resp, 200, {"data": plaintext_keys(self.directory)})


class Menu:
    """Every fault by name."""

    def on_get(self, req: Request, resp: Response) -> None:
        say(
            resp,
            200,
            {"data": [{"name": d.name, "line": d.line, "rule": dict(d.rule)} for d in MENU.values()]},
        )
