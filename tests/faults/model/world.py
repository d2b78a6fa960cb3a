"""The model's world: one shop on real PostgreSQL among scripted strangers, its queue a list, its clock in our hands."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NoReturn

import falcon
import structlog
from falcon.testing import TestClient

from actors.broker import broker
from actors.step import StepFailed
from bitloot.errors import BitLootError, Retryable
from bitloot.gateways.base import PaymentNews
from bitloot.settings import Settings
from bitloot.shop import Shop, open_shop
from bitloot.states import PaymentState
from bitloot.suppliers.base import Capabilities
from db import Product, base
from tests.factories import a_product
from tests.faults.model.doubles import Killed, MemoryStore, ScriptedGateway, ScriptedMailer
from tests.faults.model.rows import UNFINISHED, anew, ipn, shift, tables_with_times
from tests.faults.model.supplier import Sale, ScriptedSupplier
from web.app import create_app

__all__ = ["Sold", "World"]

#: One-phase with a search, two-phase, and one that cannot be asked (RELIABILITY F24).
SUPPLIERS = {
    "onephase": Capabilities(False, True, False, False, False, False),
    "twophase": Capabilities(True, False, False, False, False, False),
    "blind": Capabilities(False, False, False, False, False, False),
}

#: What an example may cost: how many rounds of work and waiting `calm` gives the shop to come to rest.
ROUNDS, WAIT = 16, 1_000.0


@dataclass
class Sold:
    """One order as its buyer holds it."""

    order_id: str
    payment_id: str
    lines: tuple[tuple[str, int], ...]


@dataclass
class World:
    """Everything that one story happens to. `settings` decide; strangers do what they are told."""

    settings: Settings
    now: float = 0.0
    orders: list[Sold] = field(default_factory=list)
    queue: list[tuple[str, str]] = field(default_factory=list)
    bag: list[tuple[bytes, str]] = field(default_factory=list)  # IPNs that were sent, to be sent again
    refund_told: set[str] = field(default_factory=set)  # payments that went back, and we were told
    accepted: set[str] = field(default_factory=set)  # orders whose money a person accepted
    settled: set[str] = field(
        default_factory=set
    )  # orders for which a person decided that nothing more is due
    in_flight: set[str] = field(default_factory=set)  # purchases whose call had begun when money went back
    violations: list[str] = field(default_factory=list)
    on_call: Callable[[str], None] | None = None  # who else looks at each call of ours
    killed: int = 0
    told: int = 0  # stories so far

    def __post_init__(self) -> None:
        self._thread = threading.local()
        clock, watch = (lambda: self.now), self._watch
        secret = self.settings.nowpayments_ipn_secret.get_secret_value()
        self.gateway = ScriptedGateway(secret, clock=clock, watch=watch)
        self.suppliers = {
            name: ScriptedSupplier(name, can, clock=clock, watch=watch, charged=self._charged)
            for name, can in SUPPLIERS.items()
        }
        self.store = MemoryStore(clock=clock, watch=watch)
        self.mailer = ScriptedMailer(clock=clock, watch=watch)
        self.shop: Shop = replace(
            open_shop(self.settings),
            gateway=self.gateway,
            suppliers=self.suppliers,
            store=self.store,
            mailer=self.mailer,
        )
        self.client: TestClient = TestClient(create_app(self.settings, self.shop))
        self.products: dict[str, Product] = {name: a_product(name) for name in SUPPLIERS}
        self._tables = tables_with_times()
        self._standing = [
            table for table in self._tables if base.rows(f"SELECT EXISTS (SELECT 1 FROM {table})")[0][0]
        ]  # rows that migrations made: none is ever added

    def strangers(self) -> list[ScriptedGateway | MemoryStore | ScriptedMailer | ScriptedSupplier]:
        return [self.gateway, self.store, self.mailer, *self.suppliers.values()]

    # The story begins and time passes

    def forget(self) -> None:
        """A new story: no orders, no moods, no messages. Products stay."""
        emptied = [table for table in self._tables if table not in self._standing]
        fresh = [anew(table, self._tables[table]) for table in self._standing]
        base.rows("; ".join([f"TRUNCATE {', '.join(emptied)} CASCADE", *fresh, "SELECT 1"]))
        for stranger in self.strangers():
            stranger.forget()
        self.now, self.killed, self.on_call = 0.0, 0, None
        self.told += 1
        for things in (self.orders, self.queue, self.bag, self.violations):
            things.clear()
        for some in (self.refund_told, self.accepted, self.settled, self.in_flight):
            some.clear()

    def wait(self, seconds: float) -> None:
        """Time passes: every time in every row moves back, since all that is due is judged by the database's clock."""
        self.now += seconds
        parts = [shift(table, columns) for table, columns in self._tables.items()]
        base.rows("; ".join(parts) + "; SELECT 1", *[seconds] * sum(map(len, self._tables.values())))

    # What buyers and gateways do

    def order(self, *lines: tuple[str, int]) -> Sold:
        items = [{"productId": str(self.products[name].id), "quantity": count} for name, count in lines]
        body = {"email": "buyer@example.test", "items": items, "payCurrency": "btc"}
        answer = self.client.simulate_post("/orders", json=body)
        assert answer.status_code == 201, answer.text
        sold = Sold(answer.json["orderId"], answer.json["payment"]["paymentId"], lines)
        self.orders.append(sold)
        return sold

    def pay(self, sold: Sold) -> None:
        """All is well: the money came, the gateway knows it and says so."""
        whole = self.gateway.book[sold.payment_id].pay_amount
        self.truth(sold, PaymentState.FINISHED, actually_paid=whole)
        self.tell(self.gateway.book[sold.payment_id])

    def truth(self, sold: Sold, state: PaymentState, **changes: Any) -> None:
        """From now on this is what the gateway knows of the payment. It forgets no money that came to rest."""
        news = self.gateway.book[sold.payment_id]
        if state.rank >= news.state.rank:
            self.gateway.book[sold.payment_id] = replace(news, state=state, **changes)

    def tell(self, news: PaymentNews, *, forged: bool = False) -> int:
        """An IPN; the status that we answered."""
        body = json.dumps(ipn(news)).encode()
        secret = b"x" * 32 if forged else self.settings.nowpayments_ipn_secret.get_secret_value().encode()
        return self.send(body, hmac.digest(secret, body, hashlib.sha512).hex())

    def send(self, body: bytes, signature: str) -> int:
        headers = {"x-nowpayments-sig": signature, "content-type": "application/json"}
        answer = self.client.simulate_post("/payments/ipn", body=body, headers=headers)
        if answer.status_code == 200:
            self.bag.append((body, signature))
            self.hear(self.gateway.parse_ipn(headers, body))
        elif answer.status_code >= 500:
            self.violations.append(f"an IPN was answered with {answer.status_code}")
        return int(answer.status_code)

    def hint(self, supplier: str, sale: Sale) -> None:
        """The supplier's webhook about one of its sales."""
        body = f"{sale.supplier_ref} {sale.purchase_ref} {sale.status}".encode()
        answer = self.client.simulate_post("/kinguin/webhooks", body=body, headers={"x-auth-token": supplier})
        assert answer.status == falcon.HTTP_204, answer.text

    # What workers do

    def run(self, actor: str, *subject: str) -> None:
        """One step, as a worker runs it. What is tried again later waits in the queue; what died is gone."""
        try:
            broker.get_actor(actor)(*subject)
        except Killed:
            self.killed += 1
        except BitLootError as error:
            self._blame(actor, error)
            if isinstance(error, Retryable):
                self.enqueue(actor, subject)

    def work(self, limit: int = 30) -> None:
        """The oldest messages, one after the other, with all that they lead to, up to `limit`."""
        for _ in range(limit):
            if not self.queue:
                return
            actor, subject = self.queue.pop(0)
            self.run(actor, *filter(None, [subject]))

    def enqueue(self, actor: str, args: tuple[str, ...]) -> None:
        message = (actor, " ".join(args))
        if message not in self.queue:
            self.queue.append(message)

    def calm(self, rounds: int = ROUNDS) -> None:
        """Nothing is wrong any more, everything paid for is delivered, and time passes: all must come to rest."""
        for stranger in self.strangers():
            stranger.moods.clear()
        for _ in range(rounds):
            for supplier in self.suppliers.values():
                for sale in supplier.sales:
                    supplier.deliver(sale, sale.quantity)
            self.run("sweep")
            self.work()
            if not self.queue and not base.rows(UNFINISHED):
                return
            self.wait(WAIT)

    # What nobody may do

    def _watch(self, call: str) -> None:
        """No transaction is open while a stranger is called."""
        if base.in_transaction():
            self.violations.append(f"{call} was called inside a transaction")
        if self.on_call is not None:
            self.on_call(call)

    def is_aside(self) -> bool:
        """Whether this thread looks at rows for the model and not for the shop."""
        return getattr(self._thread, "aside", False)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        self._thread.aside = True
        try:
            yield
        finally:
            self._thread.aside = False

    def _charged(self, sale: Sale) -> None:
        with self._aside():
            self._judge_charge(sale)

    def _judge_charge(self, sale: Sale) -> None:
        """I2 and I8, at the moment when money leaves: the intent is committed, the money gate is open."""
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
        begun = sale.purchase_ref in self.in_flight  # what is on its way cannot be called back
        if not begun and order_id not in self.accepted and not self._gate_open(order_id):
            self.violations.append("money left although the money gate was shut")

    def _gate_open(self, order_id: str) -> bool:
        """By the gateway's own word to our own questions, judged without BitLoot's judge."""
        price, currency, coin = base.rows(
            "SELECT price, currency, pay_currency FROM orders WHERE id = %s", order_id
        )[0]
        fits = [
            news
            for news in self.gateway.told
            if news.order_id == order_id
            and news.state is PaymentState.FINISHED
            and (news.price, news.currency, news.pay_currency) == (price, currency, coin)
            and (news.actually_paid or Decimal(0)) >= (news.pay_amount or Decimal(1))
            and news.parent_payment_id is None
        ]
        refunded = {news.payment_id for news in self.gateway.told if news.state is PaymentState.REFUNDED}
        return any(news.payment_id not in refunded | self.refund_told for news in fits)

    def hear(self, news: object) -> None:
        """We know by now that this money went back."""
        if isinstance(news, PaymentNews) and news.state is PaymentState.REFUNDED:
            self.refund_told.add(news.payment_id)
            sql = "SELECT purchase_ref FROM purchases WHERE state IN ('sending', 'committing')"
            with self._aside():
                self.in_flight |= {ref for (ref,) in base.rows(sql)}

    def overhear(self, _logger: object, _method: str, event: Mapping[str, Any]) -> NoReturn:
        """Every log line passes here, and goes no further."""
        if "BLKEY-" in repr(event):
            self.violations.append("a log line holds a key")
        raise structlog.DropEvent

    def _blame(self, actor: str, error: BitLootError) -> None:
        """I5 for what leaves an actor; and nothing unforeseen may leave one unless a stranger began it."""
        text = "".join(traceback.format_exception(error)) + str(getattr(error, "frames", ""))
        if "BLKEY-" in text:
            self.violations.append(f"{actor} raised a key")
        if (
            isinstance(error, StepFailed)
            and "OSError" not in text
            and "ValueError in encrypt_store" not in text
        ):
            self.violations.append(f"{actor} failed: {text}")
