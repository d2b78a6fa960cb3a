"""A whole shop on real processes, and the hands that a buyer, a provider and an operator have on it."""

from __future__ import annotations

import email
import email.policy
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from bitloot.engines.crew import crew
from bitloot.engines.process import Process
from bitloot.settings import Settings, load_settings
from bitloot.shop import Shop, open_shop
from db import base, put_products
from tests.waiting import until
from web.standins import catalog_rows
from web.standins.ledger import charges, plaintext_keys

__all__ = ["House", "Sale"]

#: Flows wait for seconds in production; here the net is drawn every half second.
QUICK = {
    "SWEEP_SECONDS": "0.5",
    "SWEEP_GRACE": "2",
    "POLL_SECONDS": "0.5",
    "PAYMENT_POLL_SECONDS": "1",
    "PURCHASE_LEASE": "5",
    "SUPPLIER_TIMEOUT": "4",
    "SEARCH_LADDER": "0.5,0.5,1,1,1",
    "BREAKER_PAUSE": "1",
    "BLOCKED_PAUSE": "1",
    "LOG_FORMAT": "json",
    "LETTERS": "none",
}


@dataclass(frozen=True)
class Sale:
    """One order as its buyer holds it."""

    order_id: str
    payment_id: str
    token: str
    answer: dict[str, Any] = field(repr=False)


class House:
    """The five processes and the stand-ins."""

    def __init__(self, environ: Mapping[str, str], directory: Path) -> None:
        self.environ = dict(environ)
        self.directory = directory
        self.settings: Settings = load_settings(environ)
        self.shop: Shop = open_shop(self.settings)
        self.crew: dict[str, Process] = crew(environ, directory / "logs")
        self.web = f"http://127.0.0.1:{self.settings.port}"
        self.control_url = f"http://127.0.0.1:{self.settings.standins_port}/control"

    def seed(self) -> None:
        """The database is ours to look at, and the catalog is in it."""
        base.configure(self.settings, application="flows")
        with base.scope():
            put_products([_product(row) for row in catalog_rows()])

    def open(self) -> None:
        self.seed()
        for process in self.crew.values():
            process.start()
        self.crew["standins"].wait_for(self.settings.standins_port)
        self.crew["web"].wait_for(self.settings.port)
        self.crew["relay"].wait_for(self.settings.relay_port)

    def close(self) -> None:
        for process in self.crew.values():
            process.ask_to_stop()  # all at once: each drains for itself
        for process in reversed(self.crew.values()):
            process.stop()
        base.dispose()

    # What a buyer does

    def order(self, *lines: tuple[str, int]) -> Sale:
        items = [{"productId": sku, "quantity": quantity} for sku, quantity in lines]
        body = {"email": "buyer@example.test", "items": items, "payCurrency": "btc"}
        answer = requests.post(f"{self.web}/orders", json=body, timeout=10)
        assert answer.status_code == 201, answer.text
        placed = answer.json()
        return Sale(placed["orderId"], placed["payment"]["paymentId"], placed["accessToken"], placed)

    def pay(self, sale: Sale, **how: Any) -> None:
        self.control(f"nowpayments/payments/{sale.payment_id}/pay", **how)

    def sell(self, *lines: tuple[str, int]) -> Sale:
        """Ordered, paid, fulfilled, told."""
        sale = self.order(*lines)
        self.pay(sale)
        self.until(sale, "fulfilled")
        until(lambda: bool(self.letters(sale)), what="the letter")
        return sale

    def reveal(self, sale: Sale, token: str | None = None) -> list[str]:
        answer = requests.post(
            f"{self.web}/fulfillment/{sale.order_id}/reveal", headers=_bearer(token or sale.token), timeout=10
        )
        assert answer.status_code == 200, answer.text
        return [key["key"] for key in answer.json()["keys"]]

    def letters(self, sale: Sale) -> list[str]:
        """The plain texts of the letters about this order."""
        folder = Path(self.settings.mail_directory)
        texts = []
        for path in folder.rglob("*.eml"):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            part = message.get_body(preferencelist=("plain",))
            text = part.get_content() if part else ""
            if sale.order_id in text:
                texts.append(text)
        return texts

    # What is known

    def look(self, sale: Sale) -> dict[str, Any]:
        answer = requests.get(f"{self.web}/orders/{sale.order_id}", headers=_bearer(sale.token), timeout=10)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def state(self, sale: Sale) -> str:
        return str(self.look(sale)["status"])

    def until(self, sale: Sale, state: str, *, seconds: float = 30) -> None:
        until(lambda: self.state(sale) == state, seconds=seconds, what=f"{state} (logs: {self.directory})")

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        with base.scope():
            return base.rows(sql, *params)

    def charged(self, sale: Sale) -> list[int]:
        """How often the suppliers charged for each line of this order, by their own ledgers."""
        told = charges(self.ledger)
        refs = self.rows("SELECT purchase_ref FROM purchases WHERE order_id = %s", sale.order_id)
        return [told.get(ref, 0) for (ref,) in refs]

    @property
    def ledger(self) -> Path:
        return Path(self.settings.state_dir) / "standins"

    def plaintext(self) -> list[str]:
        return plaintext_keys(self.ledger)

    # What providers and operators do

    def control(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.control_url}/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def fault(self, point: str, kind: str, **more: Any) -> None:
        self.control("faults", point=point, kind=kind, **more)

    def calm(self) -> None:
        """No faults, webhooks on, quick deliveries."""
        requests.delete(f"{self.control_url}/faults", timeout=10)
        self.control("config", webhooks=True, delivery_seconds=0.2)

    def admin(self, role: Any = "owner") -> dict[str, str]:
        return _bearer(self.shop.tokens.admin("olga", role, 600))

    def rest(self, seconds: float) -> None:
        """Lets the house run on, for tests that something does *not* happen."""
        time.sleep(seconds)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _product(row: Mapping[str, str]) -> dict[str, Any]:
    kept = {name: row[name] for name in ("sku", "name", "price", "currency", "supplier", "supplier_ref")}
    return kept | {
        "max_cost": row["max_price"],
        "cost_currency": "eur",
        "text_only": row["sku"] != "paper-lanterns",
    }
