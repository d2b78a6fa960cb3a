"""The reservation dialect: reserve for nothing, give for money, read the codes (PROVIDERS.md §7.2, §0.1).

No supplier documents this dialect; it is what BitLoot's own plan says. Before delivery `delivered` answers 200 with no
codes (or 404, by a knob), since a 404 alone could not be told from an unknown reservation.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from typing import Any, ClassVar
from urllib.parse import parse_qs

import falcon
from falcon import Request, Response

from web.standins.answers import Refusal, body_of, iso, object_of, say
from web.standins.catalog import game_at
from web.standins.floor import Floor
from web.standins.holds import Hold, Holds

__all__ = ["Bearers", "add_routes"]

_PREFIX = "/reservations-api"
_MOST = 100


def add_routes(app: falcon.App[Any, Any], holds: Holds, bearers: Bearers) -> None:
    app.add_route(f"{_PREFIX}/auth/token", Token(bearers))
    app.add_route(f"{_PREFIX}/reservations", Reserve(holds, bearers))
    app.add_route(f"{_PREFIX}/reservations/{{hold_id}}", Read(holds, bearers))
    app.add_route(f"{_PREFIX}/reservations/{{hold_id}}/give", Give(holds, bearers))
    app.add_route(f"{_PREFIX}/reservations/{{hold_id}}/delivered", Delivered(holds, bearers))


def error(status: int, code: str, message: str) -> Refusal:
    return Refusal(status, {"error": code, "message": message})


class Bearers:
    """Access tokens that were given out; `revoke` makes all of them useless at once."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def issue(self, client_id: str, client_secret: str) -> tuple[str, int]:
        """A token and its life in seconds; raises Refusal for a stranger."""
        config = self._floor.config
        right = f"{config.reservations_client_id}\0{config.reservations_client_secret}".encode()
        known = bool(config.reservations_client_secret)
        if not known or not hmac.compare_digest(f"{client_id}\0{client_secret}".encode(), right):
            raise error(401, "invalid_client", "unknown client or wrong secret")
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._until[token] = time.monotonic() + config.token_seconds
        return token, config.token_seconds

    def admit(self, req: Request) -> None:
        scheme, _, token = (req.get_header("Authorization") or "").partition(" ")
        with self._lock:
            until = self._until.get(token, 0.0)
        if scheme.lower() != "bearer" or time.monotonic() >= until:
            no = error(401, "invalid_token", "the bearer is missing, unknown or over")
            no.headers["WWW-Authenticate"] = "Bearer"
            raise no

    def revoke(self) -> None:
        with self._lock:
            self._until.clear()


class Token:
    """Client credentials, as a form."""

    points: ClassVar = {"POST": "reservations.token"}

    def __init__(self, bearers: Bearers) -> None:
        self._bearers = bearers

    def on_post(self, req: Request, resp: Response) -> None:
        form = {
            name: values[-1] for name, values in parse_qs(body_of(req).decode("utf-8", "replace")).items()
        }
        if form.get("grant_type") != "client_credentials":
            raise error(400, "unsupported_grant_type", "only client_credentials")
        token, seconds = self._bearers.issue(form.get("client_id", ""), form.get("client_secret", ""))
        say(resp, 200, {"access_token": token, "expires_in": seconds, "token_type": "bearer"})


class _Held:
    """A call that needs a bearer, mostly about one reservation."""

    def __init__(self, holds: Holds, bearers: Bearers) -> None:
        self._holds, self._bearers = holds, bearers

    def _hold(self, req: Request, hold_id: str) -> Hold:
        self._bearers.admit(req)
        hold = self._holds.get(hold_id)
        if hold is None:
            raise error(404, "unknown_reservation", "there is no such reservation")
        return hold


class Reserve(_Held):
    """Spends nothing."""

    points: ClassVar = {"POST": "reservations.reserve"}

    def on_post(self, req: Request, resp: Response) -> None:
        self._bearers.admit(req)
        try:
            asked = object_of(req)
        except ValueError:
            raise error(400, "malformed", "the body is not a JSON object") from None
        order_id, ref, quantity = (asked.get(name) for name in ("orderId", "productId", "quantity"))
        if not isinstance(order_id, str) or not order_id or not isinstance(ref, str):
            raise error(400, "malformed", "orderId and productId must be texts")
        if type(quantity) is not int or not 1 <= quantity <= _MOST:
            raise error(400, "malformed", f"quantity must be a whole number from 1 to {_MOST}")
        game = game_at("reservations", ref)
        if game is None:
            raise error(422, "unknown_product", "there is no such product")
        if quantity > game.stock:
            raise error(409, "out_of_stock", "not so many are left")
        hold = self._holds.reserve(order_id, game, quantity)
        say(resp, 201, {"reservationId": hold.id, "orderId": order_id, "status": hold.status})


class Give(_Held):
    """Spends money."""

    points: ClassVar = {"POST": "reservations.give"}

    def on_post(self, req: Request, resp: Response, hold_id: str) -> None:
        hold = self._hold(req, hold_id)
        if hold.status in {"failed", "cancelled", "refunded"}:
            raise error(409, "reservation_over", f"the reservation is {hold.status}")
        if self._holds.is_broke(hold):
            raise error(402, "insufficient_funds", "the account has no funds")
        self._holds.give(hold)
        say(resp, 200, {"reservationId": hold.id, "orderId": hold.order_id, "status": hold.status})


class Read(_Held):
    points: ClassVar = {"GET": "reservations.read"}

    def on_get(self, req: Request, resp: Response, hold_id: str) -> None:
        hold = self._hold(req, hold_id)
        say(
            resp,
            200,
            {
                "reservationId": hold.id,
                "orderId": hold.order_id,
                "productId": hold.game.supplier_ref,
                "quantity": hold.quantity,
                "status": hold.status,
                "updatedAt": iso(hold.updated),
            },
        )


class Delivered(_Held):
    points: ClassVar = {"GET": "reservations.delivered"}

    def on_get(self, req: Request, resp: Response, hold_id: str) -> None:
        hold = self._hold(req, hold_id)
        there = hold.keys if hold.status in {"processing", "delivered"} else []
        codes = [key.serial for key in there]
        if not codes and self._holds.floor.config.not_ready == "missing":
            raise error(404, "not_delivered", "nothing was delivered yet")
        say(resp, 200, {"codes": codes})
