"""The reservations of the dialect's stand-in: held for nothing, given for money, delivered a little later."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from web.standins.answers import iso
from web.standins.catalog import Game
from web.standins.deliveries import Delivery, Lender
from web.standins.floor import Floor
from web.standins.jsontext import write_json
from web.standins.keys import SoldKey, make_key
from web.standins.signing import sign_body
from web.standins.webhooks import Notice

__all__ = ["Hold", "Holds"]

_POINT = "reservations.give"
_AGAIN, _FIRST = frozenset({"sell_again"}), frozenset({"notice_first"})

#: The dialect's own spelling.
_WORDS = {"canceled": "cancelled"}


@dataclass
class Hold:
    """One reservation; `status` is reserved, processing, delivered, failed or cancelled."""

    id: str
    order_id: str
    game: Game
    quantity: int
    updated: datetime
    status: str = "reserved"
    gives: int = 0
    delivering: bool = False
    keys: list[SoldKey] = field(default_factory=list)


class Holds:
    """The supplier's own books."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self._lock = threading.Lock()
        self._holds: dict[str, Hold] = {}
        self._lender = Lender(floor.faults, "reservations.deliver")

    def reserve(self, order_id: str, game: Game, quantity: int) -> Hold:
        hold = Hold(f"res-{secrets.token_hex(8)}", order_id, game, quantity, datetime.now(UTC))
        self.floor.ledger.write(
            "reservations",
            "reserved",
            reservation_id=hold.id,
            order_id=order_id,
            product_ref=game.supplier_ref,
            quantity=quantity,
        )
        with self._lock:
            self._holds[hold.id] = hold
        return hold

    def give(self, hold: Hold) -> None:
        """Takes the money, each time unless a repeat is free; the keys come once."""
        with self._lock:
            hold.gives += 1
            first = hold.gives == 1
            hold.status = "processing" if first else hold.status
        text = f"{hold.order_id} {hold.id} {hold.game.supplier_ref}"
        charged = first or not self.floor.config.give_idempotent
        charged = charged or bool(self.floor.faults.take(_POINT, _AGAIN, text))
        self.floor.ledger.write(
            "reservations",
            "given",
            reservation_id=hold.id,
            order_id=hold.order_id,
            amount=hold.game.cost * hold.quantity if charged else 0,
            currency="EUR",
            charged=charged,
        )
        if first and self.floor.faults.take(_POINT, _FIRST, text):
            self.deliver(hold)
        if first:
            self.floor.later.call(self.floor.config.delivery_seconds, partial(self.deliver, hold))

    def deliver(self, hold: Hold) -> None:
        """Hands out the codes and tells the shop; once, and not if it was ended otherwise."""
        with self._lock:
            if hold.status != "processing" or hold.delivering:
                return
            hold.delivering = True
        canary = self.floor.config.canaries
        keys = [make_key(canary=canary, picture=hold.game.picture) for _ in range(hold.quantity)]
        text = f"{hold.order_id} {hold.id} {hold.game.supplier_ref}"
        delivery = self._lender.plan(hold.id, text, keys)
        delivery.ends = _WORDS.get(delivery.ends, delivery.ends)
        if delivery.instead:
            self.move(hold, delivery.ends)
        else:
            self._hand_out(hold, delivery)

    def _hand_out(self, hold: Hold, delivery: Delivery, *, waited: bool = False) -> None:
        (wait, keys), *rest = delivery.batches
        if wait and not waited:
            self.floor.later.call(wait, partial(self._hand_out, hold, delivery, waited=True))
            return
        if hold.status != "processing":
            return
        self.floor.ledger.keep_keys([key.serial for key in keys])
        self.floor.ledger.write(
            "reservations",
            "keys_ready",
            reservation_id=hold.id,
            order_id=hold.order_id,
            fingerprints=[key.fingerprint for key in keys],
        )
        hold.keys = [*hold.keys, *keys]
        if rest:
            self._hand_out(hold, replace(delivery, batches=rest))
            return
        self.move(hold, "delivered")
        if delivery.ends:
            self.move(hold, delivery.ends)

    def move(self, hold: Hold, status: str) -> None:
        """Changes the status and tells the shop."""
        self.floor.ledger.write(
            "reservations", "order_moved", reservation_id=hold.id, order_id=hold.order_id, status=status
        )
        with self._lock:
            hold.status, hold.updated = status, datetime.now(UTC)
        self.floor.courier.deliver(self.notice(hold))

    def is_broke(self, hold: Hold) -> bool:
        """Whether the plan has no money left for this give."""
        return bool(self.floor.faults.take(_POINT, frozenset({"no_balance"}), f"{hold.order_id} {hold.id}"))

    def get(self, hold_id: str) -> Hold | None:
        with self._lock:
            return self._holds.get(hold_id)

    def all(self) -> list[Hold]:
        with self._lock:
            return list(self._holds.values())

    def forget(self) -> None:
        with self._lock:
            self._holds.clear()

    def notice(
        self, hold: Hold, status: str | None = None, secret: str | None = None, inline: bool | None = None
    ) -> Notice:
        """Signed over the raw body, or with a static token in X-Auth-Token (PROVIDERS.md §7.2)."""
        config = self.floor.config
        status = status or hold.status
        body = {
            "event": f"reservation.{status}",
            "status": status,
            "reservationId": hold.id,
            "orderId": hold.order_id,
            "occurredAt": iso(hold.updated),
        }
        if (config.inline_key if inline is None else inline) and hold.keys:
            body["key"] = hold.keys[0].serial
        raw = write_json(body).encode()
        secret = config.reservations_webhook_secret if secret is None else secret
        if config.reservations_verifier == "static":
            proof = {"X-Auth-Token": secret}
        else:
            algorithm = config.reservations_verifier.removeprefix("hmac-")
            proof = {"X-KINGUIN-SIGNATURE": sign_body(algorithm, secret, raw)}
        return Notice(
            standin="reservations",
            kind="webhook",
            url=self.floor.address("/kinguin/webhooks"),
            body=raw,
            headers={"Content-Type": "application/json", **proof},
            facts={"reservation_id": hold.id, "order_id": hold.order_id, "status": status},
        )
