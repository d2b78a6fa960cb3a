"""Calls the stand-ins over real HTTP, as any client would."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import requests

from web.standins import RunningStandins

__all__ = ["LANTERNS", "LIGHTHOUSE", "MOSS", "ORBIT", "Caller", "exact"]

ORBIT, MOSS, LANTERNS, LIGHTHOUSE = (f"65b1f0a2c3d4e5f6010203{last}" for last in ("01", "02", "04", "05"))


class Caller:
    """One client of all stand-ins, with the right keys unless told otherwise."""

    def __init__(self, standins: RunningStandins) -> None:
        self.standins = standins
        self.config = standins.shop.config
        self.session = requests.Session()

    def close(self) -> None:
        self.session.close()

    def call(self, method: str, url: str, **more: Any) -> requests.Response:
        return self.session.request(method, url, timeout=10, **more)

    def nowpayments(self, method: str, path: str, **more: Any) -> requests.Response:
        more.setdefault("headers", {"x-api-key": self.config.nowpayments_api_key})
        return self.call(method, self.standins.nowpayments_url + path, **more)

    def kinguin(self, method: str, path: str, **more: Any) -> requests.Response:
        more.setdefault("headers", {"X-Api-Key": self.config.kinguin_api_key})
        return self.call(method, self.standins.kinguin_url + path, **more)

    def reservations(self, method: str, path: str, bearer: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {bearer}"}
        return self.call(method, self.standins.reservations_url + path, headers=headers, **more)

    def resend(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.config.resend_api_key}"} | more.pop("headers", {})
        return self.call(method, self.standins.resend_url + path, headers=headers, **more)

    def control(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.call(method, self.standins.control_url + path, **more)

    def fault(self, name: str, **more: Any) -> None:
        answer = self.control("POST", "/faults", json={"name": name, **more})
        assert answer.status_code == 201, answer.text

    def bites(self) -> dict[str, int]:
        """How often each fault bit, by the outside ledger."""
        counted: dict[str, int] = self.control("GET", "/bites").json()["data"]
        return counted

    def bearer(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.config.reservations_client_id,
            "client_secret": self.config.reservations_client_secret,
        }
        answer = self.call("POST", self.standins.reservations_token_url, data=form)
        return str(answer.json()["access_token"])

    def payment(self, **asked: Any) -> dict[str, Any]:
        """A fresh payment: 25 EUR in bitcoin unless asked for otherwise."""
        body = {
            "price_amount": 25,
            "price_currency": "eur",
            "pay_currency": "btc",
            "order_id": "BL-1",
        } | asked
        answer = self.nowpayments("POST", "/payment", json=body)
        assert answer.status_code == 201, answer.text
        return exact(answer)

    def order(
        self, external_id: str | None = "BL-1", product: str = ORBIT, quantity: int = 1, **more: Any
    ) -> requests.Response:
        item = {"productId": product, "qty": quantity, "price": 99.5, "keyType": "text"} | more
        body: dict[str, Any] = {"products": [item]}
        return self.kinguin("POST", "/v2/order", json=body | {"orderExternalId": external_id})

    def reserve(self, bearer: str, order_id: str = "BL-1", quantity: int = 1) -> str:
        asked = {"orderId": order_id, "productId": "rsv-tin-parade", "quantity": quantity}
        answer = self.reservations("POST", "/reservations", bearer, json=asked)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reservationId"])


def exact(answer: requests.Response) -> dict[str, Any]:
    """The body with fractions as Decimal."""
    body: dict[str, Any] = json.loads(answer.content, parse_float=Decimal)
    return body
