"""Taking the right to an order's keys away, and looking at them as an admin where that is allowed at all."""

from __future__ import annotations

import uuid

from falcon import Request, Response

from actors.clear import clear
from actors.courier import post
from bitloot.order_actions import REVOCABLE
from bitloot.shop import Shop
from db import Order, keys_of
from db.base import transaction
from db.rights import withdraw_right
from web.admin.answers import Reason
from web.admin.once import once, told_once
from web.answers import Answer, answer
from web.auth import OWNER, Gate, not_found
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record
from web.reveal import Revealed, opened

__all__ = ["KeyView", "Revoke"]


class Revoked(Answer):
    done: bool = True
    order_id: uuid.UUID
    revoked: bool = True


class Revoke:
    """Destroys the order's data key: nobody reads its keys any more, we included. There is no way back."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @once
    @describe(
        "Withdraw the right to an order's keys, and destroy them",
        who="admin",
        role="owner",
        tag="admin",
        body=Reason,
        answers={200: Revoked},
        codes={409: ["not_now", "nothing_left"]},
        refusals=[400, 401, 403, 404, 409, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        admin = self._gate.admin(req, OWNER)
        reason = read_model(req, Reason).reason
        with database():
            order = Order.find(order_id)
            if order is None:
                raise not_found()
            possible = order.state in REVOCABLE
            with transaction():  # with its record: no key is destroyed that the records do not tell of
                done = possible and withdraw_right(order_id, who=admin.label, reason=reason)
                outcome = "granted" if done else "nothing_left" if possible else "not_now"
                record(req, admin, order_id, "revoke", outcome, {"reason": reason, "state": str(order.state)})
        if not possible:
            raise Problem(409, "not_now", f"An order that is {order.state} has no keys to revoke yet.")
        if not done:  # by another key than the one that did it: a repeat by that one hears that it is done
            raise Problem(409, "nothing_left", "Its keys are destroyed already.")
        post(clear)
        answer(resp, Revoked(order_id=order_id))


class KeyView:
    """Shows an owner the keys of an order. Off unless the shop's settings say otherwise; recorded before it shows."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._shop = shop
        self._gate = gate

    @told_once
    @describe(
        "Look at an order's keys as its shop's owner",
        who="admin",
        role="owner",
        tag="admin",
        body=Reason,
        answers={200: Revealed},
        codes={403: ["key_view_off"], 409: ["not_ready"], 503: ["key_unreadable"]},
        refusals=[400, 401, 403, 404, 409, 413, 415, 422, 500, 503],
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        admin = self._gate.admin(req, OWNER)
        reason = read_model(req, Reason).reason
        with database():
            order = Order.find(order_id)
            if order is None:
                raise not_found()
            allowed = self._shop.settings.admin_key_view
            keys = keys_of(order_id) if allowed and order.data_key is not None else []
            outcome = "granted" if keys else "not_ready" if allowed else "refused"
            told = {"reason": reason, "keys": [str(key.id) for key in keys]}
            record(req, admin, order_id, "admin_view", outcome, told)
        if not allowed:
            raise Problem(403, "key_view_off", "This shop lets no admin see keys (ADMIN_KEY_VIEW).")
        if not keys:
            raise Problem(409, "not_ready", "There are no keys, or no longer.")

        def failed(code: str) -> None:
            record(req, admin, order_id, "admin_view", "failed", {"code": code})

        answer(resp, Revealed(order_id=order_id, keys=opened(self._shop, order, keys, failed)))
