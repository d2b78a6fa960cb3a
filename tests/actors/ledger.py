"""Hands for tests of the purchase ledger: one pursuit, the trail that it left, time that passes, suppliers that lie."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

from actors.buying import pursue
from bitloot.errors import BitLootError
from bitloot.shop import Shop
from bitloot.suppliers.base import Supplier
from db import Purchase, PurchaseMove, base, keep_hint, seal_notice
from web.standins.ledger import charges
from web.standins.server import RunningStandins

__all__ = [
    "LADDER",
    "Bent",
    "Killed",
    "charged",
    "climb",
    "deliver_webhook",
    "go",
    "looks",
    "pass_time",
    "seconds_to_next_look",
    "trail",
]

#: The ladder of production (seconds).
LADDER = (5.0, 20.0, 60.0, 300.0, 900.0)

#: Every rung is due at once.
AT_ONCE = (0.0, 0.0)


class Killed(BaseException):
    """The process ends here: nothing of ours catches this."""


def go(
    shop: Shop,
    purchase: Purchase,
    *,
    ladder: tuple[float, ...] = AT_ONCE,
    repeat: bool = False,
    supplier: Supplier | None = None,
) -> Purchase:
    """Pursues as a worker would, and returns what the database has then."""
    changes = {"search_ladder": ladder, "repeat_after_ambiguous": repeat}
    settings = shop.settings.model_copy(update=changes)
    with contextlib.suppress(BitLootError, Killed):
        pursue(supplier or shop.suppliers[purchase.supplier], Purchase.get_by_id(purchase.id), settings)
    return Purchase.get_by_id(purchase.id)


def pass_time() -> None:
    """Every lease is over and every rung is reached."""
    base.rows(
        "UPDATE purchases SET lease_until = lease_until - interval '1 day', look_at = look_at - interval '1 day'"
        " RETURNING id"
    )


def climb(shop: Shop, purchase: Purchase, times: int, **how: Any) -> Purchase:
    """Pursues at each of so many rungs of the ladder."""
    for _ in range(times):
        pass_time()
        purchase = go(shop, purchase, ladder=LADDER, **how)
    return purchase


def seconds_to_next_look(purchase: Purchase) -> float:
    sql = "SELECT extract(epoch FROM look_at - now()) FROM purchases WHERE id = %s"
    return float(base.rows(sql, purchase.id)[0][0])


def trail(purchase: Purchase) -> list[str]:
    """The moves of a purchase, without what happened in place."""
    moves = PurchaseMove.select().where(PurchaseMove.purchase == purchase.id).order_by(PurchaseMove.id)
    return [move.dst for move in moves if move.src != move.dst]


def looks(purchase: Purchase) -> list[str]:
    """What was written down without a move, oldest first."""
    moves = PurchaseMove.select().where(PurchaseMove.purchase == purchase.id).order_by(PurchaseMove.id)
    return [move.note for move in moves if move.src == move.dst]


def charged(standins: RunningStandins) -> list[int]:
    """How often each of our references was charged, by the suppliers' own ledgers."""
    return sorted(charges(standins.shop.config.ledger_dir).values())


def deliver_webhook(shop: Shop, headers: dict[str, str], body: bytes, digest: str) -> None:
    """As the edge takes a true webhook of Kinguin in."""
    hint = shop.suppliers["kinguin"].parse_webhook(headers, body)
    notice = seal_notice(
        shop.vault,
        source="kinguin",
        event=hint.event,
        external_id=hint.supplier_ref,
        digest=digest,
        proof="secret",
        headers=headers,
        body=body,
        address="127.0.0.1",
    )
    keep_hint(notice, hint)


class Bent:
    """A supplier whose named methods are replaced: each is given the true one and then its own arguments."""

    def __init__(self, supplier: Any, **bends: Callable[..., Any]) -> None:
        self._supplier, self._bends = supplier, bends

    def __getattr__(self, name: str) -> Any:
        true = getattr(self._supplier, name)
        if name not in self._bends:
            return true
        if name == "capabilities":
            return dataclasses.replace(true, **self._bends[name]())
        return lambda *args: self._bends[name](true, *args)
