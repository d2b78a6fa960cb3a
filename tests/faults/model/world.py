"""The model's world: one shop on real PostgreSQL among scripted strangers, its queue a list, its clock in our hands."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import falcon
from falcon.testing import TestClient

from actors.broker import broker
from bitloot.errors import BitLootError, Retryable
from bitloot.gateways.base import PaymentNews
from bitloot.settings import Settings
from bitloot.shop import Shop, open_shop
from bitloot.states import PaymentState
from bitloot.suppliers.base import Capabilities
from db import Product, base
from tests.factories import a_product
from tests.faults.model.doubles import Killed, MemoryStore, ScriptedGateway, ScriptedMailer
from tests.faults.model.rows import CHAINED, UNFINISHED, anew, ipn, shift, tables_with_times
from tests.faults.model.seen import Seen
from tests.faults.model.supplier import Sale, ScriptedSupplier
from tests.faults.model.witness import Witness
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
    token: str = field(repr=False)


@dataclass
class World:
    """Everything that one story happens to. `settings` decide; strangers do what they are told."""

    settings: Settings
    now: float = 0.0
    orders: list[Sold] = field(default_factory=list)
    queue: list[tuple[str, str]] = field(default_factory=list)
    bag: list[tuple[bytes, str]] = field(default_factory=list)  # IPNs that were sent, to be sent again
    killed: int = 0
    told: int = 0  # stories so far
    seen: Seen = field(default_factory=Seen)

    def __post_init__(self) -> None:
        self.witness = Witness(lambda: self.gateway.told)
        clock, watch = (lambda: self.now), self.witness.called
        secret = self.settings.nowpayments_ipn_secret.get_secret_value()
        self.gateway = ScriptedGateway(secret, clock=clock, watch=watch)
        self.suppliers = {
            name: ScriptedSupplier(name, can, clock=clock, watch=watch, charged=self.witness.charged)
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
        self.witness.forget()
        self.now, self.killed = 0.0, 0
        self.told += 1
        for things in (self.orders, self.queue, self.bag):
            things.clear()

    def wait(self, seconds: float) -> None:
        """Time passes: every time in every row moves back, since all that is due is judged by the database's clock."""
        self.now += seconds
        moved = {table: columns for table, columns in self._tables.items() if table not in CHAINED}
        parts = [shift(table, columns) for table, columns in moved.items()]
        base.rows("; ".join(parts) + "; SELECT 1", *[seconds] * sum(map(len, moved.values())))

    # What buyers and gateways do

    def order(self, *lines: tuple[str, int]) -> Sold:
        items = [{"productId": str(self.products[name].id), "quantity": count} for name, count in lines]
        body = {"email": "buyer@example.test", "items": items, "payCurrency": "btc"}
        answer = self.client.simulate_post("/orders", json=body)
        assert answer.status_code == 201, answer.text
        sold = Sold(
            answer.json["orderId"], answer.json["payment"]["paymentId"], lines, answer.json["accessToken"]
        )
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
            self.witness.heard(self.gateway.parse_ipn(headers, body))
        elif answer.status_code >= 500:
            self.witness.violations.append(f"an IPN was answered with {answer.status_code}")
        return int(answer.status_code)

    def reveal(self, sold: Sold) -> int:
        """How many keys the buyer reads: what was sold for this order and nothing else, and on record before (I9)."""
        looks = "SELECT count(*) FROM access_records WHERE order_id = %s AND action = 'reveal'"
        [(before,)] = base.rows(looks, sold.order_id)
        headers = {"authorization": f"Bearer {sold.token}"}
        answer = self.client.simulate_post(f"/fulfillment/{sold.order_id}/reveal", headers=headers)
        [(after,)] = base.rows(looks, sold.order_id)
        if answer.status_code == 200 and after == before:  # of refusals only the first few are written down
            self.witness.violations.append("a reveal left no record")
        if answer.status_code != 200:
            assert answer.status_code in {409, 503}, answer.text
            assert "BLKEY-" not in answer.text
            return 0
        read = Counter(key["key"].encode() for key in answer.json["keys"])
        self.seen.reveals += read.total()
        if read - self._sold_for(sold.order_id):
            self.witness.violations.append("a buyer read a key that was not sold for this order")
        return read.total()

    def _sold_for(self, order_id: str) -> Counter[bytes]:
        """The keys that suppliers gave for an order, by their own books."""
        refs = {
            ref for (ref,) in base.rows("SELECT purchase_ref FROM purchases WHERE order_id = %s", order_id)
        }
        return Counter(
            key.content
            for supplier in self.suppliers.values()
            for sale in supplier.sales
            if sale.purchase_ref in refs
            for key in sale.keys
        )

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
            self.witness.blame(actor, error)
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
