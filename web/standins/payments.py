"""The payments of the NOWPayments stand-in: opened, paid on command, told by IPN (PROVIDERS.md §3)."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from web.standins.floor import Floor
from web.standins.gateway_notices import ipn, payout, variants
from web.standins.ipn_variants import SHAPES
from web.standins.payment import Payment
from web.standins.rates import COINS
from web.standins.webhooks import Notice

__all__ = ["Payment", "Payments", "Play"]

_TOWARDS_MONEY = ("waiting", "confirming", "confirmed", "sending")
_ENDED_PAID = frozenset({"finished", "partially_paid"})
_WITHOUT_MONEY = frozenset({"waiting", "expired"})
_FIRST = frozenset({"notice_first"})


@dataclass
class Play:
    """What the world does with one payment: statuses to go through, with so much of that coin."""

    payment_id: int
    steps: list[str]
    amount: Decimal
    currency: str
    silent: bool = False  # money after `expired` comes without an IPN (PROVIDERS.md §3.3)
    answers: list[int | None] = field(default_factory=list)


class Payments:
    """All payments of this process; `play` moves them."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self._lock = threading.Lock()
        self._numbers = count(5_000_000_000 + secrets.randbelow(900_000_000))
        self._payments: dict[int, Payment] = {}

    def open(self, **facts: Any) -> Payment:
        """A new payment in `waiting`, witnessed in the ledger."""
        coin, now, number = COINS[facts["pay_currency"]], datetime.now(UTC), next(self._numbers)
        payment = Payment(
            id=number,
            purchase_id=number + 1_000_000_000,
            pay_address=f"standin-{coin.network}-{secrets.token_hex(12)}",
            payin_extra_id=str(secrets.randbelow(10**9)) if coin.memo else None,
            created=now,
            updated=now,
            **facts,
        )
        self.floor.ledger.write(
            "nowpayments",
            "payment_created",
            payment_id=str(payment.id),
            order_id=payment.order_id,
            price_amount=payment.price_amount,
            price_currency=payment.price_currency,
            pay_amount=payment.pay_amount,
            pay_currency=payment.pay_currency,
        )
        self._keep(payment)
        if self.floor.faults.take("nowpayments.create_payment", _FIRST, str(payment.order_id)):
            self.floor.courier.deliver(self.notice(payment))
        return payment

    def get(self, number: str) -> Payment | None:
        with self._lock:
            return self._payments.get(int(number)) if number.isascii() and number.isdigit() else None

    def all(self) -> list[Payment]:
        with self._lock:
            return list(self._payments.values())

    def forget(self) -> None:
        with self._lock:
            self._payments.clear()

    def plan(
        self, payment: Payment, amount: Decimal | None, currency: str | None, steps: list[str] | None
    ) -> Play:
        """Which statuses money of this amount leads through; more money on a paid address is a child payment."""
        silent = False
        if steps is None:
            silent = payment.status == "expired"
            payment = self._child(payment) if payment.status in _ENDED_PAID else payment
        amount = payment.pay_amount if amount is None else amount
        last = "finished" if amount >= payment.pay_amount else "partially_paid"
        return Play(
            payment.id, steps or [*_TOWARDS_MONEY, last], amount, currency or payment.pay_currency, silent
        )

    def start(self, play: Play) -> None:
        """Plays in the background."""
        self.floor.later.call(0, partial(self._play_on, play, list(play.steps)))

    def run(self, play: Play) -> None:
        """Plays to the end, collecting what the shop answered to each IPN's first try."""
        for number, status in enumerate(play.steps):
            time.sleep(self.floor.config.step_seconds if number else 0)
            play.answers.append(self._step(play, status))

    def notice(
        self,
        payment: Payment,
        *,
        secret: str | None = None,
        fields: dict[str, Any] | None = None,
        shapes: list[str] | None = None,
        unsorted: bool = False,
        forged: bool = False,
    ) -> Notice:
        """A signed IPN; `fields` and `shapes` change it before it is signed, `forged` alters it afterwards."""
        return ipn(
            self.floor,
            payment,
            secret=secret,
            fields=fields,
            shapes=shapes,
            unsorted=unsorted,
            altered=forged,
        )

    def _play_on(self, play: Play, left: list[str]) -> None:
        self._step(play, left[0])
        if left[1:]:
            self.floor.later.call(self.floor.config.step_seconds, partial(self._play_on, play, left[1:]))

    def _step(self, play: Play, status: str) -> int | None:
        payment = self.get(str(play.payment_id))
        if payment is None:
            return None
        paid = payment.actually_paid if status in _WITHOUT_MONEY else play.amount
        now = max(datetime.now(UTC), payment.updated + timedelta(milliseconds=1))
        payment = replace(payment, status=status, actually_paid=paid, pay_currency=play.currency, updated=now)
        self.floor.ledger.write(
            "nowpayments",
            "payment_moved",
            payment_id=str(payment.id),
            order_id=payment.order_id,
            status=status,
            actually_paid=paid,
        )
        self._keep(payment)
        if play.silent or not self.floor.config.ipn_secret:  # without a secret no IPN is sent (§3.5)
            return None
        wanted = variants(self.floor, payment)
        if "payout" in wanted:
            self.floor.courier.deliver(payout(self.floor, payment))
        if "child" in wanted:
            self._tell_child(payment)
        shapes = [shape for shape in wanted if shape in SHAPES]
        return self.floor.courier.deliver(self.notice(self.get(str(payment.id)) or payment, shapes=shapes))

    def _tell_child(self, parent: Payment) -> None:
        """More money on the same address: finished at once, as a payment of its own."""
        child = replace(self._child(parent), status="finished", actually_paid=parent.pay_amount)
        self._keep(child)
        self.floor.courier.deliver(self.notice(child))

    def _child(self, parent: Payment) -> Payment:
        """A repeated deposit: no order, no description, the parent's id (PROVIDERS.md §3.4)."""
        number = next(self._numbers)
        child = replace(
            parent,
            id=number,
            order_id=None,
            order_description=None,
            status="waiting",
            actually_paid=Decimal(0),
            parent=parent.id,
            children=(),
        )
        self._keep(child)
        self._keep(replace(parent, children=(*parent.children, number)))
        return child

    def _keep(self, payment: Payment) -> None:
        with self._lock:
            self._payments[payment.id] = payment
