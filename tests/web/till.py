"""One order at the edge, with its payment at the gateway, and the hands that operators and workers have on it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests
from falcon.testing import Result, TestClient

from actors.finalize import finalize
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Order, Payment
from tests.factories import again
from tests.web.cast import admin, ipn_body, signed
from web.standins.ledger import charges
from web.standins.server import RunningStandins

__all__ = ["Till"]


@dataclass
class Till:
    """What a gateway, an operator and workers do about one order."""

    client: TestClient
    shop: Shop
    standins: RunningStandins
    order: Order
    payment: Payment

    def at_gateway(self, state: str, amount: Decimal | str | None = None, coin: str | None = None) -> None:
        """What the gateway itself will say, without a notice."""
        self._control(steps=[state], amount=None if amount is None else str(amount), currency=coin)

    def deposit_again(self) -> str:
        """More money to the same address: the gateway's id of the child payment."""
        return str(self._control()["payment_id"])

    def _control(self, **how: Any) -> dict[str, Any]:
        url = f"{self.standins.control_url}/nowpayments/payments/{self.payment.gateway_payment_id}/pay"
        known = {name: value for name, value in how.items() if value is not None}
        answer = requests.post(url, json={"wait": True, **known}, timeout=10)
        assert answer.ok, answer.text
        return dict(answer.json())

    def notice(self, status: str = "finished", **fields: Any) -> None:
        body = ipn_body(self.payment, status, **fields)
        answer = self.client.simulate_post("/payments/ipn", body=body, headers=signed(self.shop, body))
        assert answer.status_code == 200

    def case(self, kind: str) -> dict[str, Any]:
        path = f"/admin/cases?state=open&kind={kind}&orderId={self.order.id}"
        [case] = self.client.simulate_get(path, headers=admin(self.shop)).json["data"]
        return dict(case)

    def answer(self, kind: str, move: str, **basis: str) -> Result:
        body: dict[str, Any] = {"move": move, "reason": "looked at the dashboard", "basis": basis or None}
        path = f"/admin/cases/{self.case(kind)['id']}/resolve"
        return self.client.simulate_post(path, headers=admin(self.shop, "operator"), json=body)

    def work(self) -> None:
        """What workers would do, twice."""
        for _ in range(2):
            reserve(str(self.order.id))
            finalize(str(self.order.id))

    @property
    def bought(self) -> int:
        return sum(charges(self.standins.shop.config.ledger_dir).values())

    @property
    def state(self) -> OrderState:
        state: OrderState = again(self.order).state
        return state
