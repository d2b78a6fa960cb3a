"""A thin client of a BitLoot shop: four calls, and the shop's own words when it refuses. Needs `requests` only.

shop = BitLoot("https://shop.example")
order = shop.place("alice@example.com", {"orbit-drifters": 1}, pay_currency="btc")
print(order["payment"]["payAddress"], order["payment"]["payAmount"])
shop.wait(order)
print(shop.reveal(order))
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

import requests

__all__ = ["BitLoot", "Refused"]

#: An order in one of these states gets no keys any more without a person.
OVER = frozenset({"failed", "expired", "review", "refund_due", "refunded"})


class Refused(Exception):
    """The shop said no. `code` is stable and made for machines; the text is made for people."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(f"{status} {code}: {detail}" if detail else f"{status} {code}")
        self.status = status
        self.code = code


class BitLoot:
    """One shop. Amounts stay text, as the shop sends them: floats would lose digits."""

    def __init__(self, url: str, *, timeout: float = 15) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._http = requests.Session()

    def place(
        self, email: str, items: Mapping[str, int], *, pay_currency: str, key: str | None = None
    ) -> dict[str, Any]:
        """Places an order. Whoever repeats it after a failure repeats `key`, and gets the same order."""
        body = {
            "email": email,
            "payCurrency": pay_currency,
            "items": [{"productId": product, "quantity": count} for product, count in items.items()],
        }
        return self._ask("POST", "/orders", body, headers={"Idempotency-Key": key or str(uuid.uuid4())})

    def status(self, order: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask("GET", f"/fulfillment/{order['orderId']}/status", token=order["accessToken"])

    def wait(self, order: Mapping[str, Any], *, seconds: float = 600, pause: float = 2) -> None:
        """Returns when the keys are there. Raises TimeoutError, or Refused where there will be none."""
        until = time.monotonic() + seconds
        while (status := self.status(order)["status"]) != "fulfilled":
            if status in OVER:
                raise Refused(409, status, "This order gets no keys without a person.")
            if time.monotonic() > until:
                raise TimeoutError(f"the order is still {status}")
            time.sleep(pause)

    def reveal(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The keys, each with the name of its game: `key` for text, `base64` for a picture. Looks are counted."""
        at = f"/fulfillment/{order['orderId']}/reveal"
        keys: list[dict[str, Any]] = self._ask("POST", at, {}, token=order["accessToken"])["keys"]
        return keys

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        answer = self._http.request(
            method, self._url + path, json=body, headers=sent, timeout=self._timeout, allow_redirects=False
        )
        if not answer.ok:
            said = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
            raise Refused(answer.status_code, said.get("code", "no_answer"), said.get("detail", ""))
        found: dict[str, Any] = answer.json()
        return found
