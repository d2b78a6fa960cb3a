"""The hands behind the stand-ins: pay, send notices, set faults, read the ledger. Answers on loopback only."""

from __future__ import annotations

import ipaddress
from collections import Counter
from decimal import Decimal, DecimalException
from typing import Any

import falcon
from falcon import Request, Response

from web.standins.accounts import charges
from web.standins.answers import Refusal, body_of, iso, object_of, say
from web.standins.control_accounts import add_account_routes
from web.standins.control_notices import add_notice_routes
from web.standins.jsontext import read_json
from web.standins.ledger import FILES, read_ledger
from web.standins.shop import Shop

__all__ = ["OnLoopback", "add_routes"]


def add_routes(app: falcon.App[Any, Any], shop: Shop) -> None:
    app.add_route("/control/config", Knobs(shop))
    app.add_route("/control/faults", Plan(shop))
    app.add_route("/control/ledger", Lines(shop))
    app.add_route("/control/stats", Stats(shop))
    app.add_route("/control/mail", Letters(shop))
    app.add_route("/control/kinguin/balance", Money(shop))
    app.add_route("/control/reset", Reset(shop))
    add_notice_routes(app, shop)
    add_account_routes(app, shop)


def refused(why: str) -> Refusal:
    return Refusal(400, {"error": "bad_control", "message": why})


class OnLoopback:
    """Falcon middleware: whoever is not on this machine does not learn that there is a control."""

    def process_request(self, req: Request, resp: Response) -> None:
        inside = ipaddress.ip_address(req.env["REMOTE_ADDR"]).is_loopback
        if req.path.startswith("/control") and not inside:
            raise Refusal(404, {"error": "not_found"})


class _OfShop:
    def __init__(self, shop: Shop) -> None:
        self._shop = shop


class Knobs(_OfShop):
    def on_post(self, req: Request, resp: Response) -> None:
        try:
            knobs = object_of(req)
            self._shop.floor.configure(
                **{
                    name: float(value) if isinstance(value, Decimal) else value
                    for name, value in knobs.items()
                }
            )
        except ValueError as no:
            raise refused(str(no)) from None
        say(resp, 200, {"changed": sorted(knobs)})


class Plan(_OfShop):
    """The faults that are still to bite, and how often each bit."""

    def on_get(self, req: Request, resp: Response) -> None:
        say(resp, 200, {"data": self._shop.floor.faults.rows()})

    def on_post(self, req: Request, resp: Response) -> None:
        try:
            asked = read_json(body_of(req))
            rules = asked if isinstance(asked, list) else [asked]
            for rule in rules:
                self._shop.floor.faults.add(rule)
        except (TypeError, ValueError) as no:
            raise refused(str(no)) from None
        say(resp, 201, {"data": self._shop.floor.faults.rows()})

    def on_delete(self, req: Request, resp: Response) -> None:
        self._shop.floor.faults.clear()
        say(resp, 200, {"data": []})


class Lines(_OfShop):
    def on_get(self, req: Request, resp: Response) -> None:
        standin = req.get_param("standin")
        if standin not in (None, *FILES):
            raise refused(f"standin is one of {', '.join(FILES)}")
        lines = read_ledger(self._shop.floor.ledger.directory, standin, req.get_param("effect"))
        say(resp, 200, {"data": lines})


class Stats(_OfShop):
    def on_get(self, req: Request, resp: Response) -> None:
        directory = self._shop.floor.ledger.directory
        effects = Counter(f"{line['standin']}.{line['effect']}" for line in read_ledger(directory))
        pending = self._shop.floor.later.pending()
        say(resp, 200, {"effects": effects, "charges": charges(directory), "pending": pending})


class Letters(_OfShop):
    def on_get(self, req: Request, resp: Response) -> None:
        to = req.get_param("to")
        mails = [mail for mail in self._shop.resend.all() if to is None or to in mail.to]
        rows = [
            {
                "id": mail.id,
                "from": mail.payload["from"],
                "to": mail.to,
                "subject": mail.payload["subject"],
                "text": mail.payload.get("text"),
                "html": mail.payload.get("html"),
                "idempotency_key": mail.key,
                "created_at": iso(mail.accepted),
            }
            for mail in mails
        ]
        say(resp, 200, {"data": rows})


class Money(_OfShop):
    def on_post(self, req: Request, resp: Response) -> None:
        try:
            balance = Decimal(str(object_of(req).get("balance")))
        except (ValueError, DecimalException):
            raise refused("balance must be a number") from None
        self._shop.kinguin.balance = balance
        self._shop.floor.faults.clear("no_balance")
        say(resp, 200, {"balance": balance})


class Reset(_OfShop):
    def on_post(self, req: Request, resp: Response) -> None:
        try:
            asked = object_of(req)
        except ValueError as no:
            raise refused(str(no)) from None
        self._shop.forget(ledger=asked.get("ledger") is True)
        say(resp, 200, {"reset": True})
