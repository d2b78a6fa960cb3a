"""The cast that tests share: two products at two suppliers, orders for them, payments and news of those."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bitloot.gateways.base import PaymentNews, PaymentOpened
from bitloot.states import OrderState, PaymentState, PurchaseState
from db import (
    NewLine,
    Order,
    Payment,
    Product,
    Purchase,
    Taken,
    open_payment,
    place_order,
    put_products,
    take_news,
)
from db.purchases import Intent

GATEWAY = "nowpayments"


def a_product(supplier: str = "kinguin", **changes: Any) -> Product:
    sku = changes.pop("sku", f"{supplier}-game")
    row = {
        "sku": sku,
        "name": f"A game from {supplier}",
        "price": Decimal("20.00"),
        "currency": "eur",
        "supplier": supplier,
        "supplier_ref": f"ref-{sku}",
        "max_cost": Decimal("15.00"),
        "cost_currency": "eur",
    }
    put_products([row | changes])
    return Product.get(Product.sku == sku)


def an_order(*lines: tuple[Product, int], email: str = "buyer@example.test", **options: Any) -> Order:
    wanted = [NewLine(product, quantity) for product, quantity in lines or [(a_product(), 1)]]
    order, _ = place_order(wanted, email=email, pay_currency="btc", **options)
    return order


def a_payment(order: Order, amount: str = "0.0005") -> Payment:
    opened = PaymentOpened(
        payment_id=str(5_000_000_000 + secrets.randbelow(10**9)),
        pay_address="bc1qtest",
        payin_extra_id=None,
        pay_amount=Decimal(amount),
        pay_currency=order.pay_currency,
        valid_until=None,
        state=PaymentState.WAITING,
    )
    return open_payment(order, GATEWAY, opened, poll_seconds=60)


def news_of(payment: Payment, state: PaymentState = PaymentState.FINISHED, **changes: Any) -> PaymentNews:
    """What the gateway would say of this payment when all is well."""
    fields: dict[str, Any] = {
        "payment_id": payment.gateway_payment_id,
        "state": state,
        "order_id": str(payment.order_id),
        "price": payment.price,
        "currency": payment.currency,
        "pay_amount": payment.pay_amount,
        "pay_currency": payment.pay_currency,
        "actually_paid": payment.pay_amount if state is PaymentState.FINISHED else Decimal(0),
        "updated_at": datetime.now(UTC),
    }
    return PaymentNews(**(fields | changes))


def take(news: PaymentNews, **options: Any) -> Taken:
    defaults: dict[str, Any] = {
        "gateway": GATEWAY,
        "tolerance": Decimal(0),
        "actor": "test",
        "poll_seconds": 60,
    }
    return take_news(news, **(defaults | options))


def a_paid_order(*lines: tuple[Product, int], **options: Any) -> Order:
    """Paid, and confirmed by the gateway itself."""
    order = an_order(*lines, **options)
    take(news_of(a_payment(order)), asked=True)
    return again(order)


def intend(order: Order, begin: Sequence[str] = (), lease: float = 0) -> list[Purchase]:
    """What is to be bought for it, written down."""
    return Intent(order.id, begin, lease).write()


def a_waiting_order(*lines: tuple[Product, int]) -> tuple[Order, list[Purchase]]:
    """Bought: every purchase waits for its keys."""
    order = a_paid_order(*lines)
    purchases = intend(order)
    for purchase in purchases:
        purchase.start_call(PurchaseState.SENDING, 60)
        purchase.advance(PurchaseState.PLACED, supplier_ref=f"SUP-{secrets.token_hex(4)}", lease_until=None)
        purchase.advance(PurchaseState.WAITING)
    order.advance(OrderState.WAITING, actor="test")
    return order, purchases


def again(order: Order) -> Order:
    """The order as the database has it now."""
    return Order.get_by_id(order.id)
