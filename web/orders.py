"""Buyers place orders and read them."""

from __future__ import annotations

import re
import uuid

from falcon import Request, Response

from actors.bell import ring
from bitloot.errors import Ambiguous, Blocked, Permanent, Retryable
from bitloot.gateways.base import PaymentOpened, PaymentRequest
from bitloot.mail.address import parse_address
from bitloot.shop import Shop
from bitloot.states import OrderState
from bitloot.story import learn
from db import NewLine, Order, Payment, open_payment, place_order
from db.order_facts import order_facts, payments_of, products_named, turn
from db.rights import right_of
from web.answers import answer
from web.auth import Gate, not_found
from web.body import read_model
from web.deadline import database, renew
from web.describe import describe
from web.errors import Problem
from web.order_answers import OrderPlaced, OrderView, PlaceOrder, order_view, payment_view
from web.rights import check_generation
from web.tries import limit_orders

__all__ = ["OneOrder", "Orders"]

#: Whoever knows the key and the whole request gets the same answer, a token included: the key must not be guessable.
_KEY = re.compile(r"[\x21-\x7e]{16,200}")


class Orders:
    """Commit the order, open a payment at the gateway, remember it. A repeat takes up where the first try ended."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @describe(
        "Place an order",
        who="anyone",
        tag="orders",
        body=PlaceOrder,
        headers={
            "Idempotency-Key": "16 to 200 characters that nobody can guess; a repeat gets the same order."
        },
        answers={201: OrderPlaced},
        codes={
            400: ["bad_address", "bad_idempotency_key"],
            409: ["idempotency_in_progress"],
            422: ["unknown_product", "mixed_currencies", "idempotency_conflict", "payment_refused"],
            503: ["gateway_unavailable"],
        },
        refusals=[400, 409, 413, 415, 422, 429, 503],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        wanted = read_model(req, PlaceOrder)
        key = _idempotency_key(req)
        email = parse_address(wanted.email)
        with database():
            limit_orders(req, email, self._shop.settings)
            order = _place(wanted, email, key)
            learn(order.id)
            payment = self._payment_of(order)
        resp.location = f"/orders/{order.id}"
        answer(resp, self._placed(order, payment), 201)

    def _payment_of(self, order: Order) -> Payment:
        """The order's payment, opened now unless it was before."""
        with turn(order.id) as mine:
            known = payments_of(order.id)
            if known:
                return known[0]
            if order.state is not OrderState.CREATED:
                raise _refused(order)
            if not mine:
                raise Problem(
                    409,
                    "idempotency_in_progress",
                    "The first request still runs.",
                    headers={"Retry-After": "1"},
                )
            opened = self._open_at_gateway(order)
            renew()
            return open_payment(
                order, self._shop.gateway.name, opened, self._shop.settings.payment_poll_seconds
            )

    def _open_at_gateway(self, order: Order) -> PaymentOpened:
        settings = self._shop.settings
        request = PaymentRequest(
            order_id=str(order.id),
            price=order.price,
            currency=order.currency,
            pay_currency=order.pay_currency,
            ipn_url=f"{settings.public_url.rstrip('/')}/payments/ipn",
            description=f"{settings.shop_name} {str(order.id)[:8]}",
        )
        try:
            return self._shop.gateway.create_payment(request)
        except (Retryable, Blocked, Ambiguous):
            renew()
            # A payment that was opened unseen does no harm: nobody knows its address.
            detail = "The payment provider does not answer. Repeat with the same Idempotency-Key."
            headers = {"Retry-After": "5"}
            raise Problem(
                503, "gateway_unavailable", detail, headers=headers, orderId=str(order.id)
            ) from None
        except Permanent as error:
            renew()
            order.advance(OrderState.EXPIRED, actor="gateway", reason=error.code)
            ring()
            raise _refused(order) from None

    def _placed(self, order: Order, payment: Payment) -> OrderPlaced:
        public = self._shop.settings.public_url.rstrip("/")
        return OrderPlaced(
            order_id=order.id,
            status=str(order.state),
            price=order.price,
            currency=order.currency,
            payment=payment_view(payment),
            access_token=self._shop.tokens.buyer(order.id),
            links={
                "order": f"{public}/orders/{order.id}",
                "status": f"{public}/fulfillment/{order.id}/status",
                "page": f"{public}/o/{order.id}",
            },
        )


class OneOrder:
    """One order, for its buyer and for admins."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "One order: lines, payment, moves",
        who="buyer or admin",
        tag="orders",
        answers={200: OrderView},
        refusals=[401, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        viewer = self._gate.viewer_of(req, order_id)
        with database():
            facts = order_facts(order_id)
            right = right_of(order_id)
        if facts is None:
            raise not_found()
        check_generation(viewer, right)
        answer(resp, order_view(facts, for_admin=viewer.is_admin))


def _idempotency_key(req: Request) -> str | None:
    key = req.get_header("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise Problem(400, "bad_idempotency_key", "Idempotency-Key has 16 to 200 visible ASCII characters.")
    return key


def _place(wanted: PlaceOrder, email: str, key: str | None) -> Order:
    products = products_named(item.product_id for item in wanted.items)
    missing = [n for n, item in enumerate(wanted.items) if item.product_id not in products]
    if missing:
        errors = [{"at": f"items.{n}.productId", "why": "No such product."} for n in missing]
        raise Problem(422, "unknown_product", "A product is not sold here.", errors=errors)
    if len({product.currency for product in products.values()}) > 1:
        raise Problem(422, "mixed_currencies", "One order has one currency.")
    digest = wanted.digest(email)
    order, fresh = place_order(
        [NewLine(products[item.product_id], item.quantity) for item in wanted.items],
        email=email,
        pay_currency=wanted.pay_currency.lower(),
        idempotency_key=key,
        idempotency_digest=digest if key else None,
    )
    if not fresh and order.idempotency_digest != digest:
        raise Problem(422, "idempotency_conflict", "This Idempotency-Key came with another request before.")
    if fresh:
        ring()
    return order


def _refused(order: Order) -> Problem:
    detail = "The payment provider does not take this payment; choose another coin or more goods."
    return Problem(422, "payment_refused", detail, orderId=str(order.id))
