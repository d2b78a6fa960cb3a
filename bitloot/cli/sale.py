"""One sale of the demo from the order to the revealed key, and what can be said about it afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bitloot.cli.relay_watch import Heard, RelayWatch
from bitloot.cli.shopper import DemoFailed, Letter, RevealedKey, Shopper, letters_of
from bitloot.settings import Settings
from bitloot.states import FINAL, OrderState
from db import Order, base, keys_of, purchases_of
from web.standins.ledger import charges, read_ledger

__all__ = ["Sale", "SealedObject", "Teller", "Times", "covered", "sell"]

#: Seconds that an order may take from one event to the next.
PATIENCE = 20.0

#: Where an order's way ends, well or not.
ENDS = {
    str(state)
    for state in (*FINAL, OrderState.FULFILLED, OrderState.FAILED, OrderState.REVIEW, OrderState.EXPIRED)
}


@dataclass(frozen=True)
class SealedObject:
    name: str
    size: int  # bytes


@dataclass(frozen=True)
class Times:
    """Seconds from the payment to the stored keys; `supplier` is from its acceptance to its last key."""

    total: float
    supplier: float

    @property
    def ours(self) -> float:
        return self.total - self.supplier


@dataclass
class Sale:
    """What happened, for the screen and for the checks."""

    title: str
    items: Sequence[tuple[str, int]]
    order_id: str = ""
    price: str = ""
    payment: dict[str, Any] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)
    letter: Letter | None = None  # the one with the keys' link
    letters: list[Letter] = field(default_factory=list)  # every one about the order
    keys: list[RevealedKey] = field(default_factory=list)
    objects: list[SealedObject] = field(default_factory=list)
    times: Times | None = None
    charged: dict[str, int] = field(default_factory=dict)

    @property
    def expected_keys(self) -> int:
        return sum(quantity for _, quantity in self.items)


class Teller:
    """What the screen overrides to print as it happens."""

    def ordered(self, sale: Sale) -> None: ...
    def moved(self, sale: Sale, heard: Heard) -> None: ...
    def mailed(self, sale: Sale, letter: Letter) -> None: ...
    def revealed(self, sale: Sale) -> None: ...
    def settled(self, sale: Sale) -> None: ...


def sell(sale: Sale, settings: Settings, address: str, coin: str, teller: Teller) -> None:
    """Plays the sale to its end. Raises DemoFailed where it does not go on."""
    shopper = Shopper(settings, address)
    try:
        shopper.order(sale.items, coin)
        sale.order_id, sale.price, sale.payment = shopper.order_id, shopper.price, shopper.payment
        teller.ordered(sale)
        _follow(sale, settings, shopper, lambda heard: teller.moved(sale, heard))
        sale.letter = shopper.letter()
        teller.mailed(sale, sale.letter)
        sale.keys = shopper.reveal(sale.letter)
        teller.revealed(sale)
        sale.moves = shopper.read_order()["moves"]
    finally:
        shopper.close()
    _account(sale, settings)
    teller.settled(sale)


def _follow(sale: Sale, settings: Settings, shopper: Shopper, moved: Callable[[Heard], None]) -> None:
    """Pays as soon as the relay listens, and hears the order out."""
    with RelayWatch(f"ws://127.0.0.1:{settings.relay_port}/fulfillment", shopper.token) as watch:
        if not watch.wait_subscribed(PATIENCE):
            raise DemoFailed(f"The relay did not take a subscription within {PATIENCE:g} s.")
        shopper.pay()
        while True:
            heard = watch.next(PATIENCE)
            if heard is None:
                raise DemoFailed(f"{sale.title}: nothing moved for {PATIENCE:g} s.")
            if heard.event.data.get("src") is None:
                continue  # that the order was placed; told when it had not settled as we subscribed
            sale.heard.append(heard)
            moved(heard)
            if heard.event.data.get("dst") in ENDS:
                return


def _account(sale: Sale, settings: Settings) -> None:
    """Joins our rows with the suppliers' own books."""
    books = settings.state_dir / "standins"
    with base.scope():
        order = Order.get_by_id(uuid.UUID(sale.order_id))
        refs = [purchase.purchase_ref for purchase in purchases_of(order)]
        names = [key.object_name for key in keys_of(order.id)]
    sale.objects = [SealedObject(name, (settings.store_directory / name).stat().st_size) for name in names]
    counted = charges(books)
    sale.charged = {ref: counted[ref] for ref in refs}
    sale.times = _times(sale, books, refs)
    sale.letters = letters_of(settings.mail_directory, sale.order_id)


def _times(sale: Sale, books: Path, refs: list[str]) -> Times:
    at = {move["dst"]: datetime.fromisoformat(move["at"]) for move in sale.moves}
    begun, ended = at["paid"], at["fulfilled"]
    spans = [span for ref in refs if (span := _span(books, ref)) is not None]
    inside = [(max(start, begun), min(end, ended)) for start, end in spans]
    return Times((ended - begun).total_seconds(), covered(inside))


def _span(books: Path, ref: str) -> tuple[datetime, datetime] | None:
    """From the supplier's acceptance of one purchase to its last key, as the supplier wrote it down."""
    lines = [line for line in read_ledger(books) if ref in (line.get("external_id"), line.get("order_id"))]
    begun = [line["at"] for line in lines if line["effect"] in {"order_charged", "given"}]
    ended = [line["at"] for line in lines if line["effect"] == "keys_ready"]
    return (
        (datetime.fromisoformat(min(begun)), datetime.fromisoformat(max(ended))) if begun and ended else None
    )


def covered(spans: list[tuple[datetime, datetime]]) -> float:
    """Seconds in which at least one span runs."""
    total, reached = 0.0, None
    for start, end in sorted(spans):
        start = start if reached is None else max(start, reached)
        total += max(0.0, (end - start).total_seconds())
        reached = end if reached is None else max(reached, end)
    return total
