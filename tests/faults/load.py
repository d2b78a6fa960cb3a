"""The load: buyers who order one to three lines at both suppliers and pay, however often the shop is away."""

from __future__ import annotations

import random
import secrets
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import requests

from tests.faults.inside import RESTING_SQL
from tests.faults.patience import Patience, pause, while_it_grows
from tests.faults.shop import FaultShop
from tests.flows.house import Sale

__all__ = ["Load", "a_basket"]

#: Text products that are in stock, by supplier.
KINGUIN = ("orbit-drifters", "moss-and-iron", "zazolc-city")
RESERVATIONS = ("tin-parade",)

#: How long (seconds) a buyer goes on trying to place one order.
PATIENCE = 120.0


def a_basket(chance: random.Random) -> list[tuple[str, int]]:
    """One to three lines, mostly of both suppliers, one or two keys each."""
    names = chance.sample(KINGUIN, k=chance.randint(1, 2)) + chance.choices(RESERVATIONS, k=1)
    chance.shuffle(names)
    return [(name, chance.choice((1, 1, 2))) for name in names[: chance.randint(1, 3)]]


class Load:
    """Places and pays `orders` orders by `payers` at once, in the background, until `finish`.

    `steps`: the statuses that each payment goes through; None: all of them, each with its IPN. `pace`: own seconds
    that a payer rests between two orders, so that a fault of some minutes meets a load of some minutes.
    """

    def __init__(
        self,
        shop: FaultShop,
        orders: int,
        *,
        seed: int,
        payers: int = 20,
        steps: list[str] | None = None,
        pace: float = 0.0,
    ) -> None:
        self._shop, self._orders, self._seed, self._steps, self._pace = shop, orders, seed, steps, pace
        self._lock = threading.Lock()
        self.sales: list[Sale] = []
        self.failures: list[str] = []
        self.rested = 0  # as of the last look
        self._hurried = threading.Event()
        self._pool = ThreadPoolExecutor(payers, thread_name_prefix="payer")
        self._futures: list[Future[None]] = []

    def start(self) -> Load:
        self._futures = [self._pool.submit(self._one, number) for number in range(self._orders)]
        return self

    def hurry(self) -> None:
        """The fault is over, and so are the rests between orders: the others come as fast as they can."""
        self._hurried.set()

    @property
    def running(self) -> bool:
        """Whether orders are still being placed."""
        return not all(future.done() for future in self._futures)

    @property
    def placed(self) -> int:
        return len(self.sales)

    def finish(self) -> None:
        """Returns when every buyer has paid."""
        for future in self._futures:
            future.result()
        self._pool.shutdown()

    def settle(self, seconds: float) -> float:
        """Waits until every order is at rest, at most `seconds` of a machine of our own without one more (I10); how
        many seconds that took."""
        return while_it_grows(self.at_rest, len(self.sales), seconds=seconds)

    def at_rest(self) -> int:
        """How many of the orders wait for nothing but a person, if at all."""
        ids = [sale.order_id for sale in self.sales]
        sql = f"SELECT count(*) FROM orders o WHERE o.id = ANY(%s::uuid[]) AND ({RESTING_SQL})"
        self.rested = int(self._shop.rows(sql, ids)[0][0])
        return self.rested

    def reveal(self, most: int) -> None:
        """Up to `most` buyers read their keys."""
        for sale in self.sales[:most]:
            if self._shop.state(sale) == "fulfilled":
                self._shop.revealed[sale.order_id] = self._shop.reveal(sale)

    def _one(self, number: int) -> None:
        chance = random.Random(self._seed * 1_000_003 + number)
        try:
            sale = self._order(a_basket(chance), f"buyer{number}@example.test")
            with self._lock:
                self.sales.append(sale)
            self._shop.pay(sale, **({"steps": self._steps} if self._steps else {}))
        except Exception as error:  # a buyer who could not buy is a finding, not the end of the load
            self.failures.append(f"buyer {number}: {type(error).__name__}: {error}")
        if self._pace:
            pause(self._pace * chance.uniform(0.5, 1.5), over=self._hurried)

    def _order(self, basket: list[tuple[str, int]], address: str) -> Sale:
        """Repeats with one Idempotency-Key until there is an order with a payment."""
        items = [{"productId": sku, "quantity": quantity} for sku, quantity in basket]
        body: dict[str, Any] = {"email": address, "items": items, "payCurrency": "btc"}
        headers, patience = {"Idempotency-Key": secrets.token_hex(16)}, None
        while True:
            answer = self._try(body, headers)
            if answer is not None and answer.status_code == 201:
                told = answer.json()
                return Sale(told["orderId"], told["payment"]["paymentId"], told["accessToken"], told)
            patience = patience or Patience()
            if patience.spent() > PATIENCE:
                said = answer.text if answer is not None else "nothing"
                raise TimeoutError(f"no order within {PATIENCE:g} s; the shop said {said[:200]}")
            time.sleep(0.2)

    def _try(self, body: dict[str, Any], headers: dict[str, str]) -> requests.Response | None:
        try:
            return requests.post(f"{self._shop.web}/orders", json=body, headers=headers, timeout=10)
        except requests.RequestException:
            return None
