"""One order's life in one process: the buyer, the gateway and the suppliers ask, web and worker do; then recovery."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from dramatiq import Message
from falcon.testing import Result, TestClient

from actors.broker import broker
from actors.prompt import PromptRedisBroker
from actors.sweep import sweep
from bitloot.shop import Shop
from db import Order, Payment, Purchase, base, purchases_of
from tests.faults.boundary.crossings import within
from tests.faults.inside import RESTING_SQL
from tests.waiting import until
from tests.web.cast import ipn_body, kinguin_headers, signed

__all__ = ["Diary", "Life"]

#: How often recovery sweeps before it gives up; each time all clocks jump to what is due next.
ROUNDS = 40

#: What may be moved in time: when something is due, was begun, was last done. Journals stay as they were written.
KEPT_TIMES = frozenset({"moves", "access_records", "notices"})


class Diary:
    """What one life's outside saw, on disk at once: the test's ledger of answers, which outlives a kill."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, what: str, **facts: Any) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"what": what, **facts}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def find(self, what: str) -> list[dict[str, Any]]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [line for line in map(json.loads, lines) if line["what"] == what]

    def last(self, what: str) -> dict[str, Any] | None:
        found = self.find(what)
        return found[-1] if found else None


@dataclass
class Life:
    """One order's. `control` is the stand-ins' own door, `key` the buyer's Idempotency-Key."""

    shop: Shop
    client: TestClient
    diary: Diary
    control: str
    key: str
    lines: list[tuple[str, int]]

    def run(self) -> None:
        """Everything as it should be: a notice, a webhook for each purchase, in the longest story a sweep."""
        if not self._buy():
            return
        payment = self._payment()
        self._told(
            "nowpayments", payment.gateway_payment_id, *self._ipn(payment), order=str(payment.order_id)
        )
        self.work()
        for purchase in self._purchases():
            if purchase.supplier_ref:
                self._webhook(purchase)
                self.work()
        if len(self.lines) > 1:  # what a sweep crosses is the same for all orders: one story is enough
            self._send_sweep()
            self.work()
        self._reveal()

    def recover(self) -> None:
        """After the restart nobody tells us anything: the queue is empty, no notice comes, only sweep looks."""
        self._empty_queue()
        if not self._buy():
            raise RuntimeError("the buyer cannot place the order again")
        spent, began = 0.0, time.monotonic()
        for _ in range(ROUNDS):
            if self._rests():
                break
            spent += self._jump()
            self._send_sweep()
            self.work()
        self._reveal()
        self.diary.write("rested", virtual=spent, seconds=time.monotonic() - began, rests=self._rests())
        self._retire()

    def work(self) -> None:
        """What a worker does with the messages that wait, delayed ones too, until none does. One that fails is gone."""
        assert isinstance(broker, PromptRedisBroker)
        queues = {actor.queue_name for actor in broker.actors.values()}
        names = [f"{broker.namespace}:{queue}{kind}" for queue in sorted(queues) for kind in ("", ".DQ")]
        client: Any = broker.client
        while True:
            found = [(name, one) for name in names if (one := client.lpop(name))]
            if not found:
                return
            for name, one in found:
                raw = client.hget(f"{name}.msgs", one)
                client.hdel(f"{name}.msgs", one)
                self._run(Message.decode(raw))

    def _run(self, message: Message[Any]) -> None:
        with contextlib.suppress(BaseException):  # a time limit is none of Exception's
            broker.get_actor(message.actor_name)(*message.args)

    def _buy(self) -> bool:
        """Orders, unless there is an order with its payment; pays, unless that was done. Whether both are so now."""
        if not self.diary.last("placed"):
            body = {
                "email": "buyer@example.test",
                "items": [{"productId": sku, "quantity": quantity} for sku, quantity in self.lines],
                "payCurrency": "btc",
            }
            answer = self._ask("POST /orders", "/orders", json=body, headers={"Idempotency-Key": self.key})
            if answer is None or answer.status_code != 201:
                return False
            told = answer.json
            token, payment = told["accessToken"], told["payment"]["paymentId"]
            self.diary.write("placed", order=told["orderId"], token=token, payment=payment)
        placed = self._placed()
        if not self.diary.last("paid"):
            url = f"{self.control}/nowpayments/payments/{placed['payment']}/pay"
            assert requests.post(url, json={"wait": True}, timeout=10).ok
            self.diary.write("paid", payment=placed["payment"])
        return True

    def _placed(self) -> dict[str, Any]:
        placed = self.diary.last("placed")
        assert placed is not None
        return placed

    def _payment(self) -> Payment:
        with base.scope():
            return Payment.get(Payment.gateway_payment_id == self._placed()["payment"])

    def _purchases(self) -> list[Purchase]:
        with base.scope():
            order = Order.find(self._placed()["order"])
            return purchases_of(order) if order else []

    def _ipn(self, payment: Payment) -> tuple[str, Result | None]:
        body = ipn_body(payment)
        return "finished", self._ask("POST ipn", "/payments/ipn", body=body, headers=signed(self.shop, body))

    def _webhook(self, purchase: Purchase) -> None:
        """The supplier tells that its keys are there, once they are."""
        ref, kinguin = purchase.supplier_ref or "", purchase.supplier == "kinguin"
        until(lambda: self._delivered(purchase.purchase_ref), seconds=5, what="delivery")
        if kinguin:
            told = {"orderId": ref, "orderExternalId": purchase.purchase_ref, "status": "completed"}
            body = json.dumps(told | {"updatedAt": "2026-01-01T00:00:00+00:00"}).encode()
            headers = kinguin_headers(self.shop)
        else:
            told = {"event": "reservation.delivered", "status": "delivered", "reservationId": ref}
            body = json.dumps(told | {"orderId": purchase.purchase_ref}).encode()
            secret = self.shop.settings.reservations_webhook_secret.get_secret_value()
            headers = {
                "Content-Type": "application/json",
                "X-KINGUIN-SIGNATURE": hmac.new(secret.encode(), body, hashlib.sha512).hexdigest(),
            }
        answer = self._ask("POST webhook", "/kinguin/webhooks", body=body, headers=headers)
        self._told(purchase.supplier, ref, told["status"], answer)

    def _delivered(self, ref: str) -> bool:
        for path, name, done in (
            ("kinguin/orders", "external_id", "completed"),
            ("reservations", "order_id", "delivered"),
        ):
            rows = requests.get(f"{self.control}/{path}", params={name: ref}, timeout=10).json()["data"]
            if any(row["status"] == done for row in rows):
                return True
        return False

    def _told(
        self, source: str, about: str, status: str, answer: Result | None, order: str | None = None
    ) -> None:
        if answer is not None and 200 <= answer.status_code < 300:
            self.diary.write("told", source=source, about=about, status=status, order=order)

    def _reveal(self) -> None:
        placed, read = self._placed(), self.diary.last("revealed")
        if read and len(read["keys"]) == sum(quantity for _, quantity in self.lines):
            return
        path = f"/fulfillment/{placed['order']}/reveal"
        answer = self._ask("POST reveal", path, headers={"Authorization": f"Bearer {placed['token']}"})
        if answer is not None and answer.status_code == 200:
            self.diary.write(
                "revealed", order=placed["order"], keys=[key["key"] for key in answer.json["keys"]]
            )

    def _ask(self, place: str, path: str, **what: Any) -> Result | None:
        """None where the server broke instead of answering."""
        with within(place), contextlib.suppress(Exception):
            return self.client.simulate_post(path, **what)
        return None

    def _send_sweep(self) -> None:
        with within("clock"), contextlib.suppress(Exception):
            sweep.send()

    def _empty_queue(self) -> None:
        assert isinstance(broker, PromptRedisBroker)
        for name in list(broker.client.scan_iter(f"{broker.namespace}:*", count=1000)):
            broker.client.delete(name)

    # Time

    def _rests(self) -> bool:
        sql = f"SELECT {RESTING_SQL} FROM orders o WHERE o.id = %s"
        return bool(self._rows(sql, self._placed()["order"])[0][0])

    def _jump(self) -> float:
        """Moves this order's times back until what is due next is due; how many seconds that was."""
        order = self._placed()["order"]
        due = self._rows(
            "SELECT greatest(0, extract(epoch FROM least(o.due_at,"
            " (SELECT min(poll_at) FROM payments p WHERE p.order_id = o.id),"
            " (SELECT min(check_at) FROM purchases p WHERE p.order_id = o.id"
            " AND p.state NOT IN ('stored', 'failed', 'manual'))) - clock_timestamp()))"
            " FROM orders o WHERE o.id = %s",
            order,
        )[0][0]
        seconds = float(due if due is not None else Decimal(3600)) + 0.01
        for table, columns in self._times().items():
            changes = ", ".join(f"{name} = {name} - %s * interval '1 second'" for name in columns)
            owner = "id" if table == "orders" else "order_id"
            sql = f"UPDATE {table} SET {changes} WHERE {owner} = %s RETURNING 1"
            self._rows(sql, *([seconds] * len(columns)), order)
        return seconds

    def _times(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for table, column in self._rows(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c WHERE c.table_schema = 'public'"
            " AND c.data_type = 'timestamp with time zone' AND (c.table_name = 'orders' OR EXISTS (SELECT 1 FROM"
            " information_schema.columns o WHERE o.table_name = c.table_name AND o.column_name = 'order_id'))"
        ):
            if table not in KEPT_TIMES:
                found.setdefault(table, []).append(column)
        return found

    def _retire(self) -> None:
        """Nothing of this order is due while other lives are lived in this database."""
        order = self._placed()["order"]
        for table, column in (("orders", "due_at"), ("payments", "poll_at"), ("purchases", "check_at")):
            owner = "id" if table == "orders" else "order_id"
            never = "clock_timestamp() + interval '10 years'"
            sql = f"UPDATE {table} SET {column} = {never} WHERE {owner} = %s AND {column} IS NOT NULL RETURNING 1"
            self._rows(sql, order)

    def _rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        with base.scope():
            database: Any = base.database
            cursor = database.connection().cursor()
            cursor.execute(sql, params)
            return list(cursor.fetchall())
