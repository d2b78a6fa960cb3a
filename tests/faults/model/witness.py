"""The model's witness: sees each call, each charge and each error as it happens, and judges for itself."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NoReturn

import structlog

from actors.step import StepFailed
from bitloot.errors import BitLootError
from bitloot.gateways.base import PaymentNews
from bitloot.states import PaymentState
from db import base
from tests.faults.model.supplier import Sale

__all__ = ["Witness"]

#: What a stranger of the model began by raising something that nobody foresaw; no other such error may come.
FORESEEN = ("OSError", "ValueError in encrypt_store")


class Witness:
    """`violations`: everything that may never happen and did. What people and gateways said is kept to judge by."""

    def __init__(self, told: Callable[[], list[PaymentNews]]) -> None:
        self._told = told  # what the gateway answered to our own questions
        self._thread = threading.local()
        self.violations: list[str] = []
        self.refund_told: set[str] = set()  # payments that went back, and we were told
        self.accepted: set[str] = set()  # orders whose money a person accepted
        self.settled: set[str] = set()  # orders for which a person decided that nothing more is due
        self._in_flight: set[str] = set()  # purchases whose call had begun when money went back
        self.on_call: Callable[[str], None] | None = None  # who else looks at each call of ours

    def forget(self) -> None:
        """A new story."""
        self.violations.clear()
        for some in (self.refund_told, self.accepted, self.settled, self._in_flight):
            some.clear()
        self.on_call = None

    def is_aside(self) -> bool:
        """Whether this thread looks at rows for the model and not for the shop."""
        return getattr(self._thread, "aside", False)

    def called(self, call: str) -> None:
        """No transaction is open while a stranger is called."""
        if base.in_transaction():
            self.violations.append(f"{call} was called inside a transaction")
        if self.on_call is not None:
            self.on_call(call)

    def charged(self, sale: Sale) -> None:
        """I2 and I8, at the moment when money leaves: the intent is committed, the money gate is open."""
        with self._aside():
            self._judge(sale)

    def heard(self, news: object) -> None:
        """We know by now that this money went back."""
        if isinstance(news, PaymentNews) and news.state is PaymentState.REFUNDED:
            self.refund_told.add(news.payment_id)
            sql = "SELECT purchase_ref FROM purchases WHERE state IN ('sending', 'committing')"
            with self._aside():
                self._in_flight |= {ref for (ref,) in base.rows(sql)}

    def overhear(self, _logger: object, _method: str, event: Mapping[str, Any]) -> NoReturn:
        """Every log line passes here, and goes no further."""
        if "BLKEY-" in repr(event):
            self.violations.append("a log line holds a key")
        raise structlog.DropEvent

    def blame(self, actor: str, error: BitLootError) -> None:
        """I5 for what leaves an actor; and nothing unforeseen may leave one unless a stranger began it."""
        text = "".join(traceback.format_exception(error)) + str(getattr(error, "frames", ""))
        if "BLKEY-" in text:
            self.violations.append(f"{actor} raised a key")
        if isinstance(error, StepFailed) and not any(word in text for word in FORESEEN):
            self.violations.append(f"{actor} failed: {text}")

    @contextmanager
    def _aside(self) -> Iterator[None]:
        self._thread.aside = True
        try:
            yield
        finally:
            self._thread.aside = False

    def _judge(self, sale: Sale) -> None:
        found = base.rows(
            "SELECT p.order_id::text, p.state, coalesce(p.lease_until > now(), false) FROM purchases p"
            " WHERE p.purchase_ref = %s",
            sale.purchase_ref,
        )
        if not found:
            self.violations.append("money left without an intent")
            return
        order_id, state, leased = found[0]
        if state not in {"sending", "committing"} or not leased:
            self.violations.append(f"money left while the purchase was {state}, lease {leased}")
        if sale.charges > 1:
            self.violations.append(f"{sale.purchase_ref} was charged {sale.charges} times")
        begun = sale.purchase_ref in self._in_flight  # what is on its way cannot be called back
        if not begun and order_id not in self.accepted and not self._gate_open(order_id):
            self.violations.append("money left although the money gate was shut")

    def _gate_open(self, order_id: str) -> bool:
        """By the gateway's own word to our own questions."""
        sql = "SELECT price, currency, pay_currency FROM orders WHERE id = %s"
        price, currency, coin = base.rows(sql, order_id)[0]
        told = self._told()
        fits = [
            news
            for news in told
            if news.order_id == order_id
            and news.state is PaymentState.FINISHED
            and (news.price, news.currency, news.pay_currency) == (price, currency, coin)
            and (news.actually_paid or Decimal(0)) >= (news.pay_amount or Decimal(1))
            and news.parent_payment_id is None
        ]
        refunded = {news.payment_id for news in told if news.state is PaymentState.REFUNDED}
        return any(news.payment_id not in refunded | self.refund_told for news in fits)
