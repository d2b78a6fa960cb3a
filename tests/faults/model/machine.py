"""The model (RELIABILITY §1 E): whatever happens, in whatever order, the invariants hold after every step."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from bitloot.gateways.base import PaymentNews
from bitloot.states import PaymentState, SupplierStatus
from db import base
from tests.faults.model.checks import Checks
from tests.faults.model.doubles import Stranger
from tests.faults.model.person import Operator
from tests.faults.model.seen import deed
from tests.faults.model.supplier import Sale
from tests.faults.model.troubles import (
    CALLED_BY,
    LINES,
    LONGEST,
    MOODS,
    MOST_ORDERS,
    OTHERS,
    STEPS,
    SUBJECTS,
    TIMES,
    TROUBLES,
    some,
)
from tests.faults.model.world import SUPPLIERS, Sold, World

__all__ = ["Model"]


class Model(RuleBasedStateMachine):
    """Rules are what buyers, gateways, suppliers, workers, operators and time may do at any moment."""

    world: World
    checks: Checks
    operator: Operator

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self.unchanged = False

    @initialize(lines=LINES, paid=st.sampled_from((True, True, True, False)), troubles=TROUBLES)
    def begin(self, lines: list[tuple[str, int]], paid: bool, troubles: list[tuple[str, str]]) -> None:
        """Hypothesis leaves rules out at random: an order there always is, mostly paid for, in some trouble."""
        self.world.forget()
        self.checks.forget()
        sold = self.world.order(*lines)
        for call, mood in troubles:
            for name in sorted({name for name, _ in lines}):
                self.world.suppliers[name].moods[call].append(mood)
        if paid:
            self.world.pay(sold)
            self.world.work()

    # Buyers and the gateway

    @deed(when=lambda self: len(self.world.orders) < MOST_ORDERS, lines=LINES)
    def order(self, lines: list[tuple[str, int]]) -> None:
        self.world.order(*lines)

    @deed(which=some)
    def pay(self, which: int) -> None:
        self.world.pay(self._order(which))

    @deed(
        which=some,
        state=st.sampled_from(PaymentState),
        odd=st.sampled_from(
            ("", "", "less", "more", "nothing", "price", "currency", "coin", "child", "foreign", "second")
        ),
        agrees=st.booleans(),
    )
    def news(self, which: int, state: PaymentState, odd: str, agrees: bool) -> None:
        """An IPN of any status and amount, with or without the gateway's own book behind it."""
        news = self._news(self._order(which), state, odd)
        known = self.world.gateway.book.get(news.payment_id)
        if agrees and (known is None or news.state.rank >= known.state.rank):
            self.world.gateway.book[news.payment_id] = news
        assert self.world.tell(news) == 200

    @deed(which=some)
    def forged_news(self, which: int) -> None:
        news = self.world.gateway.book[self._order(which).payment_id]
        assert self.world.tell(replace(news, state=PaymentState.FINISHED), forged=True) == 401

    @deed(when=lambda self: bool(self.world.bag), which=some)
    def news_again(self, which: int) -> None:
        """Any earlier IPN once more: late, twice, out of order."""
        body, signature = self.world.bag[which % len(self.world.bag)]
        assert self.world.send(body, signature) == 200

    @deed(which=some)
    def reveal(self, which: int) -> None:
        """A buyer looks for the keys."""
        self.world.reveal(self._order(which))

    # Suppliers, store, mailer

    @deed(who=st.sampled_from(sorted(SUPPLIERS)), what=MOODS, then=st.booleans())
    def supplier_answers(self, who: str, what: tuple[str, str], then: bool) -> None:
        """The next call of this kind goes like that; perhaps the call is made at once."""
        self.world.suppliers[who].moods[what[0]].append(what[1])
        if then:
            for sold in self.world.orders:
                self.world.run(CALLED_BY[what[0]], sold.order_id)

    @deed(quiet=True, what=st.sampled_from(OTHERS), safe=st.booleans())
    def others_answer(self, what: tuple[str, str, str], safe: bool) -> None:
        who, call, mood = what
        stranger: Stranger = getattr(self.world, who)
        stranger.moods[call].append(mood)
        self.world.mailer.repeats_safely = safe

    @deed(
        quiet=True,
        who=st.sampled_from(sorted(SUPPLIERS)),
        seconds=st.sampled_from((0.0, 30.0, 600.0, 1_200.0)),
    )
    def search_lags(self, who: str, seconds: float) -> None:
        self.world.suppliers[who].lag = seconds

    @deed(when=lambda self: bool(self._sales()), which=some, count=st.integers(1, 2), told=st.booleans())
    def supplier_delivers(self, which: int, count: int, told: bool) -> None:
        name, sale = self._sale(which)
        self.world.suppliers[name].deliver(sale, count)
        if told:
            self.world.hint(name, sale)

    @deed(
        when=lambda self: bool(self._sales()),
        quiet=True,
        which=some,
        status=st.sampled_from((SupplierStatus.CANCELED, SupplierStatus.REFUNDED, SupplierStatus.FAILED)),
    )
    def supplier_ends(self, which: int, status: SupplierStatus) -> None:
        name, sale = self._sale(which)
        self.world.suppliers[name].end(sale, status)

    @deed(when=lambda self: bool(self._sales()), which=some)
    def webhook(self, which: int) -> None:
        self.world.hint(*self._sale(which))

    # Workers, the queue, time

    @deed(
        which=some,
        step=st.sampled_from(STEPS),
        times=st.integers(1, 2),
    )
    def run_step(self, which: int, step: str, times: int) -> None:
        """Any actor on any order, once or twice."""
        for _ in range(times):
            self.world.run(step, self._order(which).order_id)

    @deed(when=lambda self: bool(self.world.queue))
    def work(self) -> None:
        self.world.work()

    @deed(when=lambda self: bool(self.world.queue), which=some, twice=st.booleans())
    def one_message(self, which: int, twice: bool) -> None:
        actor, subject = self.world.queue.pop(which % len(self.world.queue))
        for _ in range(2 if twice else 1):
            self.world.run(actor, *filter(None, [subject]))

    @deed(when=lambda self: bool(self.world.queue))
    def flush_all(self) -> None:
        """Redis forgets everything."""
        self.world.queue.clear()

    @deed(which=some, step=st.sampled_from(sorted(SUBJECTS)), times=st.integers(1, 2))
    def run_other(self, which: int, step: str, times: int) -> None:
        """Any actor whose subject is no order, on any of its subjects, once or twice."""
        found = base.rows(SUBJECTS[step])
        for _ in range(times if found else 0):
            self.world.run(step, found[which % len(found)][0])

    @deed()
    def sweep(self) -> None:
        self.world.run("sweep")

    @deed(when=lambda self: self.world.now < LONGEST, seconds=st.sampled_from((*TIMES, 90_000.0)))
    def wait(self, seconds: float) -> None:
        self.world.wait(seconds)

    @deed(seconds=st.sampled_from(TIMES))
    def go_on(self, seconds: float) -> None:
        """An ordinary while: time passes, sweep looks, workers work."""
        self.world.wait(seconds)
        self.world.run("sweep")
        self.world.work()

    # Operators

    @deed(which=some, answer=some)
    def operator_answers(self, which: int, answer: int) -> None:
        """A person answers an open case with one of the moves that it permits; the same answer again is refused."""
        self.operator.answer(which, answer)

    # What holds after each of them

    @invariant()
    def everything_holds(self) -> None:
        if self.unchanged:
            return
        self.broken = True
        self.checks.now()
        self.broken = False

    def teardown(self) -> None:
        """The trouble ends, and what was paid for comes to rest."""
        if not self.broken:
            self.world.calm()
            self.checks.at_rest()
            for sold in self.world.orders:
                self.checks.buyer_reads(sold)

    def _order(self, which: int) -> Sold:
        return self.world.orders[which % len(self.world.orders)]

    def _sales(self) -> list[tuple[str, Sale]]:
        return [(name, sale) for name, supplier in self.world.suppliers.items() for sale in supplier.sales]

    def _sale(self, which: int) -> tuple[str, Sale]:
        sales = self._sales()
        return sales[which % len(sales)]

    def _news(self, sold: Sold, state: PaymentState, odd: str) -> PaymentNews:
        truth = self.world.gateway.book[sold.payment_id]
        whole = truth.pay_amount or Decimal(1)
        come = whole if state is PaymentState.FINISHED else Decimal(0)
        changes: dict[str, Any] = {
            "": {},
            "less": {"actually_paid": whole / 2},
            "more": {"actually_paid": whole * 2},
            "nothing": {"actually_paid": None},
            "price": {"price": Decimal("0.01")},
            "currency": {"currency": "usd"},
            "coin": {"pay_currency": "doge"},
            "child": {"payment_id": f"9{truth.payment_id}", "parent_payment_id": truth.payment_id},
            "foreign": {"order_id": str(uuid.UUID(int=which_bits(sold)))},
            "second": {"payment_id": f"7{truth.payment_id}"},
        }
        return replace(truth, **({"state": state, "actually_paid": come} | changes[odd]))


def which_bits(sold: Sold) -> int:
    """An order id that is nobody's, and the same in each run."""
    return int(sold.payment_id)
