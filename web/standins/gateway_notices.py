"""IPNs as NOWPayments writes and signs them, in every shape of the plan (PROVIDERS.md §3.5–3.6)."""

from __future__ import annotations

from typing import Any

from web.standins.floor import Floor
from web.standins.ipn_variants import SHAPES
from web.standins.jsontext import sort_keys, write_json
from web.standins.payment import Payment
from web.standins.rates import COINS, convert
from web.standins.signing import sign_ipn
from web.standins.webhooks import Notice

__all__ = ["ipn", "ipn_body", "payout", "variants"]


def variants(floor: Floor, payment: Payment) -> list[str]:
    """Which shapes the plan wants for this payment's next IPN."""
    text = f"{payment.id} {payment.order_id} {payment.status}"
    rules = floor.faults.take("nowpayments.ipn", frozenset({"ipn_variant"}), text)
    return [rule.variant for rule in rules]


def ipn(
    floor: Floor,
    payment: Payment,
    *,
    secret: str | None = None,
    fields: dict[str, Any] | None = None,
    shapes: list[str] | None = None,
    unsorted: bool = False,
    altered: bool = False,
) -> Notice:
    """Signed; `shapes` and `fields` change it before that, `altered` changes it afterwards."""
    body = ipn_body(payment)
    for shape in shapes or []:
        body = SHAPES[shape](body)
    body |= fields or {}
    unsorted = unsorted or "nested_fee" in (shapes or [])
    return _signed(floor, payment, body, secret=secret, unsorted=unsorted, altered=altered)


def payout(floor: Floor, payment: Payment) -> Notice:
    """Another kind of IPN under the same header: about money that leaves, and none of ours (PROVIDERS.md §3.5)."""
    body = {
        "id": str(payment.id + 7),
        "batch_withdrawal_id": str(payment.id + 8),
        "status": "FINISHED",
        "error": None,
        "currency": payment.pay_currency,
        "amount": "0.5",
        "address": payment.pay_address,
        "fee": None,
        "extra_id": None,
        "hash": "standin",
        "ipn_callback_url": payment.ipn_url,
        "payment_extra_ids": None,
    }
    return _signed(floor, payment, body)


def _signed(
    floor: Floor,
    payment: Payment,
    body: dict[str, Any],
    *,
    secret: str | None = None,
    unsorted: bool = False,
    altered: bool = False,
) -> Notice:
    signature = sign_ipn(floor.config.ipn_secret if secret is None else secret, body)
    body = dict(reversed(body.items())) if unsorted else sort_keys(body)
    if altered:
        body = body | {"price_amount": payment.price_amount + 1}
    return Notice(
        standin="nowpayments",
        kind="ipn",
        url=payment.ipn_url or floor.address("/payments/ipn"),
        body=write_json(body).encode(),
        headers={"Content-Type": "application/json", "x-nowpayments-sig": signature},
        facts={
            "payment_id": str(body.get("payment_id") or body.get("id")),
            "order_id": body.get("order_id"),
            "status": body.get("payment_status") or body.get("status"),
        },
    )


def ipn_body(payment: Payment) -> dict[str, Any]:
    """The keys of the 2025/26 production bodies, in their (sorted) order (PROVIDERS.md §3.5)."""
    deposit_fee, service_fee = payment.fees
    fiat = convert(payment.actually_paid, payment.pay_currency, payment.price_currency)
    return {
        "actually_paid": payment.actually_paid,
        "actually_paid_at_fiat": fiat if payment.price_currency not in COINS else 0,
        "fee": {
            "currency": payment.pay_currency,
            "depositFee": deposit_fee,
            "serviceFee": service_fee,
            "withdrawalFee": 0,
        },
        "invoice_id": None,
        "order_description": payment.order_description,
        "order_id": payment.order_id,
        "outcome_amount": payment.outcome,
        "outcome_currency": payment.pay_currency,
        "parent_payment_id": payment.parent,
        "pay_address": payment.pay_address,
        "pay_amount": payment.pay_amount,
        "pay_currency": payment.pay_currency,
        "payin_extra_id": payment.payin_extra_id,
        "payment_extra_ids": list(payment.children) or None,
        "payment_id": payment.id,
        "payment_status": payment.status,
        "price_amount": payment.price_amount,
        "price_currency": payment.price_currency,
        "purchase_id": str(payment.purchase_id),
        "updated_at": int(payment.updated.timestamp() * 1000),
    }
