"""Control of what the providers tell the shop: payments played through, notices sent at will."""

from __future__ import annotations

from decimal import Decimal, DecimalException
from typing import Any

import falcon
from falcon import Request, Response

from web.standins.answers import Refusal, object_of, say
from web.standins.ipn_variants import SHAPES
from web.standins.kinguin_shapes import order_shape
from web.standins.nowpayments import read
from web.standins.payments import Payment
from web.standins.rates import COINS
from web.standins.shop import Shop
from web.standins.webhooks import Notice

__all__ = ["add_notice_routes"]

_STATUSES = frozenset(
    {
        "waiting",
        "confirming",
        "confirmed",
        "sending",
        "finished",
        "partially_paid",
        "failed",
        "refunded",
        "expired",
    }
)


def add_notice_routes(app: falcon.App[Any, Any], shop: Shop) -> None:
    app.add_route("/control/nowpayments/payments", PaymentList(shop))
    app.add_route("/control/nowpayments/payments/{number}/pay", Pay(shop))
    app.add_route("/control/nowpayments/payments/{number}/ipn", SendIpn(shop))
    app.add_route("/control/kinguin/orders", OrderList(shop))
    app.add_route("/control/kinguin/orders/{order_id}/webhook", SendOrderWebhook(shop))
    app.add_route("/control/kinguin/orders/{order_id}/move", MoveOrder(shop))
    app.add_route("/control/reservations", HoldList(shop))
    app.add_route("/control/reservations/{hold_id}/webhook", SendHoldWebhook(shop))
    app.add_route("/control/reservations/{hold_id}/move", MoveHold(shop))
    app.add_route("/control/bearers/revoke", Revoke(shop))


class _OfShop:
    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def _post(self, resp: Response, notice: Notice, asked: dict[str, Any]) -> None:
        """Sends at once and reports what the shop answered; None where no answer came."""
        times = asked.get("times", 1)
        if type(times) is not int or not 1 <= times <= 1000:
            raise _bad("times must be a whole number from 1 to 1000")
        say(resp, 200, {"answers": [self._shop.floor.courier.post(notice) for _ in range(times)]})


class PaymentList(_OfShop):
    def on_get(self, req: Request, resp: Response) -> None:
        order_id = req.get_param("order_id")
        rows = [read(payment) for payment in self._shop.nowpayments.all()]
        say(resp, 200, {"data": [row for row in rows if order_id in (None, row["order_id"])]})


class _OfPayment(_OfShop):
    def _payment(self, number: str) -> Payment:
        payment = self._shop.nowpayments.get(number)
        if payment is None:
            raise _missing("payment")
        return payment


class Pay(_OfPayment):
    """Money arrives, or does not: `status` names the last word, `steps` all of them."""

    def on_post(self, req: Request, resp: Response, number: str) -> None:
        payment, asked = self._payment(number), _asked(req)
        currency = asked.get("currency")
        if currency is not None and currency not in COINS:
            raise _bad("currency is not a known coin")
        payments = self._shop.nowpayments
        play = payments.plan(payment, _amount(asked), currency, _steps(asked))
        answer = {
            "payment_id": play.payment_id,
            "steps": play.steps,
            "amount": play.amount,
            "currency": play.currency,
            "silent": play.silent,
        }
        if asked.get("wait"):
            payments.run(play)
            answer["ipns"] = play.answers
        else:
            payments.start(play)
        say(resp, 202, answer)


class SendIpn(_OfPayment):
    def on_post(self, req: Request, resp: Response, number: str) -> None:
        payment, asked = self._payment(number), _asked(req)
        fields = asked.get("fields") or {}
        if not isinstance(fields, dict):
            raise _bad("fields must be an object")
        if status := asked.get("status"):
            fields = {"payment_status": status} | fields
        shapes = asked.get("shapes") or []
        if not (isinstance(shapes, list) and SHAPES.keys() >= set(shapes)):
            raise _bad(f"shapes are of {', '.join(SHAPES)}")
        notice = self._shop.nowpayments.notice(
            payment,
            secret=asked.get("secret"),
            fields=fields,
            shapes=shapes,
            unsorted=bool(asked.get("unsorted")),
            forged=bool(asked.get("forged")),
        )
        self._post(resp, notice, asked)


class OrderList(_OfShop):
    def on_get(self, req: Request, resp: Response) -> None:
        wanted = req.get_param("external_id")
        orders = [o for o in self._shop.kinguin.newest_first() if wanted in (None, o.external_id)]
        say(resp, 200, {"data": [order_shape(order) for order in orders]})


class SendOrderWebhook(_OfShop):
    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        order, asked = self._shop.kinguin.get(order_id), _asked(req)
        if order is None:
            raise _missing("order")
        self._post(resp, self._shop.kinguin.notice(order, asked.get("status"), asked.get("secret")), asked)


class HoldList(_OfShop):
    def on_get(self, req: Request, resp: Response) -> None:
        wanted = req.get_param("order_id")
        rows = [
            {
                "reservationId": hold.id,
                "orderId": hold.order_id,
                "productId": hold.game.supplier_ref,
                "quantity": hold.quantity,
                "status": hold.status,
                "gives": hold.gives,
            }
            for hold in self._shop.reservations.all()
            if wanted in (None, hold.order_id)
        ]
        say(resp, 200, {"data": rows})


class SendHoldWebhook(_OfShop):
    def on_post(self, req: Request, resp: Response, hold_id: str) -> None:
        hold, asked = self._shop.reservations.get(hold_id), _asked(req)
        if hold is None:
            raise _missing("reservation")
        notice = self._shop.reservations.notice(
            hold, asked.get("status"), asked.get("secret"), asked.get("inline")
        )
        self._post(resp, notice, asked)


class MoveOrder(_OfShop):
    """The supplier changes its mind: `status`, told by webhook."""

    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        order, status = self._shop.kinguin.get(order_id), _asked(req).get("status")
        if order is None:
            raise _missing("order")
        if status not in {"completed", "canceled", "refunded"}:
            raise _bad("status is completed, canceled or refunded")
        self._shop.kinguin.move(order, status)
        say(resp, 200, order_shape(order))


class MoveHold(_OfShop):
    def on_post(self, req: Request, resp: Response, hold_id: str) -> None:
        hold, status = self._shop.reservations.get(hold_id), _asked(req).get("status")
        if hold is None:
            raise _missing("reservation")
        if status not in {"failed", "cancelled", "refunded"}:
            raise _bad("status is failed, cancelled or refunded")
        self._shop.reservations.move(hold, status)
        say(resp, 200, {"reservationId": hold.id, "status": hold.status})


class Revoke(_OfShop):
    """All bearers of the reservation dialect are useless from now on."""

    def on_post(self, req: Request, resp: Response) -> None:
        self._shop.bearers.revoke()
        say(resp, 200, {"revoked": True})


def _asked(req: Request) -> dict[str, Any]:
    try:
        return object_of(req)
    except ValueError as no:
        raise _bad(str(no)) from None


def _amount(asked: dict[str, Any]) -> Decimal | None:
    try:
        amount = None if asked.get("amount") is None else Decimal(str(asked["amount"]))
    except DecimalException:
        amount = Decimal(-1)
    if amount is not None and not (amount.is_finite() and amount >= 0):
        raise _bad("amount must be a number, not below nothing")
    return amount


def _steps(asked: dict[str, Any]) -> list[str] | None:
    status = asked.get("status")
    steps = asked.get("steps", None if status is None else [status])
    if steps is not None and not (isinstance(steps, list) and steps and _STATUSES.issuperset(steps)):
        raise _bad(f"steps are of {', '.join(sorted(_STATUSES))}")
    return steps


def _bad(why: str) -> Refusal:
    return Refusal(400, {"error": "bad_control", "message": why})


def _missing(what: str) -> Refusal:
    return Refusal(404, {"error": "not_found", "message": f"there is no such {what}"})
