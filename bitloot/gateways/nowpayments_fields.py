"""NOWPayments' JSON in our words; every field but id and status may be missing (PROVIDERS.md §3.2, §3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bitloot.amounts import read_amount
from bitloot.errors import Malformed
from bitloot.gateways.base import OtherNews, PaymentNews, PaymentOpened, PaymentRequest
from bitloot.moments import read_moment
from bitloot.states import PaymentState

__all__ = ["opened", "other_news", "payment_news"]

#: Known to the provider's SDK only; nothing will come of such a payment, as of one that ran out of time.
_CANCELLED = frozenset({"cancelled", "canceled"})

#: Characters; addresses may be whole Lightning invoices.
MAX_ID, MAX_ADDRESS = 128, 2048


def opened(content: Any, request: PaymentRequest) -> PaymentOpened:
    """The answer to POST /payment. Raises Malformed, also when it echoes another request than ours."""
    fields = _object(content)
    echoes = {
        "order_id": _text(fields.get("order_id")) in (None, request.order_id),
        "price_amount": _amount(fields, "price_amount") in (None, request.price),
        "price_currency": _code(fields, "price_currency") in (None, request.currency.lower()),
        "pay_currency": _code(fields, "pay_currency") in (None, request.pay_currency.lower()),
    }
    pay_amount, address = _amount(fields, "pay_amount"), _text(fields.get("pay_address"), MAX_ADDRESS)
    if not all(echoes.values()) or not pay_amount or not address:
        raise Malformed("nowpayments: the answer does not open the payment asked for", code="other_payment")
    return PaymentOpened(
        payment_id=_id(fields, "payment_id"),
        pay_address=address,
        payin_extra_id=_text(fields.get("payin_extra_id")),
        pay_amount=pay_amount,
        pay_currency=request.pay_currency.lower(),
        valid_until=read_moment(fields.get("valid_until")),
        state=_state(fields),
    )


def payment_news(content: Any, proof: str | None) -> PaymentNews:
    """An IPN or the answer to GET /payment/{id}. Raises Malformed: no_payment_id, unknown_status, bad_…"""
    fields = _object(content)
    return PaymentNews(
        payment_id=_id(fields, "payment_id"),
        state=_state(fields),
        order_id=_text(fields.get("order_id")),
        parent_payment_id=_text(fields.get("parent_payment_id")),
        price=_amount(fields, "price_amount"),
        currency=_code(fields, "price_currency"),
        pay_amount=_amount(fields, "pay_amount"),
        pay_currency=_code(fields, "pay_currency"),
        actually_paid=_amount(fields, "actually_paid"),
        updated_at=read_moment(fields.get("updated_at")),
        pay_address=_text(fields.get("pay_address"), MAX_ADDRESS),
        payin_hash=_text(fields.get("payin_hash"), MAX_ADDRESS),
        proof=proof,
    )


def other_news(content: Any) -> OtherNews | None:
    """Payout and recurring notices carry `id` and `status` instead of a payment (PROVIDERS.md §3.5)."""
    fields = _object(content)
    if "payment_id" in fields or "payment_status" in fields or "id" not in fields or "status" not in fields:
        return None
    if "batch_withdrawal_id" in fields:
        return OtherNews("payout", _text(fields["id"]))
    return OtherNews("recurring" if "subscription_plan_id" in fields else "other", _text(fields["id"]))


def _object(content: Any) -> Mapping[str, Any]:
    if isinstance(content, dict):
        return content
    raise Malformed("nowpayments: not a JSON object", code="not_an_object")


def _id(fields: Mapping[str, Any], name: str) -> str:
    value = _text(fields.get(name))
    if value is None:
        raise Malformed(f"nowpayments: there is no {name}", code=f"no_{name}")
    return value


def _text(value: Any, limit: int = MAX_ID) -> str | None:
    """Ids change type between calls, so numbers become text; null and nothing are the same."""
    if value is None or value == "":
        return None
    text = value if type(value) is str else str(value) if type(value) is int else None
    if text is not None and len(text) <= limit:
        return text
    raise Malformed("nowpayments: a name or id cannot be read", code="bad_text")


def _code(fields: Mapping[str, Any], name: str) -> str | None:
    value = _text(fields.get(name))
    return value.lower() if value is not None else None


def _amount(fields: Mapping[str, Any], name: str) -> Decimal | None:
    return read_amount(fields[name]) if fields.get(name) is not None else None


def _state(fields: Mapping[str, Any]) -> PaymentState:
    word = (_text(fields.get("payment_status")) or "").strip().lower()
    if word in _CANCELLED:
        return PaymentState.EXPIRED
    try:
        return PaymentState(word)
    except ValueError:
        pass
    raise Malformed("nowpayments: the payment has a status that we do not know", code="unknown_status")
