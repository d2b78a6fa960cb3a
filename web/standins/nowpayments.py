"""NOWPayments' API as documented: create and read payments, and what must be asked before (PROVIDERS.md §3)."""

from __future__ import annotations

import hmac
from collections.abc import Container
from decimal import Decimal, DecimalException
from typing import Any, ClassVar

import falcon
from falcon import Request, Response

from web.standins.answers import Refusal, iso, object_of, say
from web.standins.payments import Payment, Payments
from web.standins.rates import COINS, FIAT, convert, minimum

__all__ = ["add_routes"]

_PREFIX = "/nowpayments/v1"


def add_routes(app: falcon.App[Any, Any], payments: Payments) -> None:
    app.add_route(f"{_PREFIX}/status", Alive())
    app.add_route(f"{_PREFIX}/currencies", Currencies(payments))
    app.add_route(f"{_PREFIX}/min-amount", MinAmount(payments))
    app.add_route(f"{_PREFIX}/estimate", Estimate(payments))
    app.add_route(f"{_PREFIX}/payment", CreatePayment(payments))
    app.add_route(f"{_PREFIX}/payment/{{number}}", ReadPayment(payments))


def error(status: int, code: str, message: str) -> Refusal:
    """Its error body; PROVIDERS.md §3.1 has INVALID_API_KEY, the other codes are made up in its manner."""
    return Refusal(status, {"status": False, "statusCode": status, "code": code, "message": message})


class _Keyed:
    """A call that needs the API key."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments

    def _admit(self, req: Request) -> None:
        given = (req.get_header("x-api-key") or "").encode()
        right = self._payments.floor.config.nowpayments_api_key.encode()
        if not right or not hmac.compare_digest(given, right):
            raise error(403, "INVALID_API_KEY", "Invalid api key")


class Alive:
    points: ClassVar = {"GET": "nowpayments.status"}

    def on_get(self, req: Request, resp: Response) -> None:
        say(resp, 200, {"message": "OK"})


class Currencies(_Keyed):
    points: ClassVar = {"GET": "nowpayments.currencies"}

    def on_get(self, req: Request, resp: Response) -> None:
        self._admit(req)
        say(resp, 200, {"currencies": list(COINS)})


class MinAmount(_Keyed):
    points: ClassVar = {"GET": "nowpayments.min_amount"}

    def on_get(self, req: Request, resp: Response) -> None:
        self._admit(req)
        source = _currency(req.get_param("currency_from"), "currency_from", COINS)
        target = _currency(req.get_param("currency_to") or source, "currency_to", COINS | FIAT)
        answer = {"currency_from": source, "currency_to": target, "min_amount": minimum(source)}
        if fiat := req.get_param("fiat_equivalent"):
            fiat = _currency(fiat, "fiat_equivalent", FIAT)
            answer["fiat_equivalent"] = convert(minimum(source), source, fiat)
        say(resp, 200, answer)


class Estimate(_Keyed):
    points: ClassVar = {"GET": "nowpayments.estimate"}

    def on_get(self, req: Request, resp: Response) -> None:
        self._admit(req)
        amount = _amount(req.get_param("amount"), "amount")
        source = _currency(req.get_param("currency_from"), "currency_from", COINS | FIAT)
        target = _currency(req.get_param("currency_to"), "currency_to", COINS | FIAT)
        answer = {"currency_from": source, "amount_from": amount, "currency_to": target}
        say(resp, 200, answer | {"estimated_amount": convert(amount, source, target)})


class CreatePayment(_Keyed):
    points: ClassVar = {"POST": "nowpayments.create_payment"}

    def on_post(self, req: Request, resp: Response) -> None:
        self._admit(req)
        try:
            asked = object_of(req)
        except ValueError:
            raise error(400, "INVALID_REQUEST_PARAMS", "body must be a JSON object") from None
        say(resp, 201, created(self._payments.open(**_understood(asked))))


class ReadPayment(_Keyed):
    points: ClassVar = {"GET": "nowpayments.read_payment"}

    def on_get(self, req: Request, resp: Response, number: str) -> None:
        self._admit(req)
        payment = self._payments.get(number)
        if payment is None:
            raise error(404, "PAYMENT_NOT_FOUND", "Payment not found")
        say(resp, 200, read(payment))


def created(payment: Payment) -> dict[str, Any]:
    """The answer to POST /payment: the id is a text here (PROVIDERS.md §3.2)."""
    return {
        "payment_id": str(payment.id),
        "payment_status": payment.status,
        "pay_address": payment.pay_address,
        "price_amount": payment.price_amount,
        "price_currency": payment.price_currency,
        "pay_amount": payment.pay_amount,
        "pay_currency": payment.pay_currency,
        "order_id": payment.order_id,
        "order_description": payment.order_description,
        "ipn_callback_url": payment.ipn_url,
        "created_at": iso(payment.created, "Z"),
        "updated_at": iso(payment.updated, "Z"),
        "purchase_id": str(payment.purchase_id),
        "amount_received": None,
        "payin_extra_id": payment.payin_extra_id,
        "smart_contract": None,
        "network": COINS[payment.pay_currency].network,
        "network_precision": COINS[payment.pay_currency].places,
        "time_limit": None,
        "burning_percent": None,
        "expiration_estimate_date": iso(payment.valid_until, "Z"),
        "is_fixed_rate": payment.fixed_rate,
        "is_fee_paid_by_user": payment.fee_paid_by_user,
        "valid_until": iso(payment.valid_until, "Z"),
        "type": "crypto2crypto",
    }


def read(payment: Payment) -> dict[str, Any]:
    """The answer to GET /payment/{id}: both ids are numbers here (PROVIDERS.md §3.2)."""
    answer = {
        "payment_id": payment.id,
        "invoice_id": None,
        "payment_status": payment.status,
        "pay_address": payment.pay_address,
        "payin_extra_id": payment.payin_extra_id,
        "price_amount": payment.price_amount,
        "price_currency": payment.price_currency,
        "pay_amount": payment.pay_amount,
        "actually_paid": payment.actually_paid,
        "pay_currency": payment.pay_currency,
        "order_id": payment.order_id,
        "order_description": payment.order_description,
        "purchase_id": payment.purchase_id,
        "outcome_amount": payment.outcome,
        "outcome_currency": payment.pay_currency,
        "payout_hash": None,
        "payin_hash": None,
        "created_at": iso(payment.created, "Z"),
        "updated_at": iso(payment.updated, "Z"),
        "burning_percent": None,
        "type": "crypto2crypto",
        "payment_extra_ids": list(payment.children) or None,
    }
    child = {"parent_payment_id": payment.parent, "origin_type": "REPEATED"}
    return answer | child if payment.parent else answer


def _understood(asked: dict[str, Any]) -> dict[str, Any]:
    """The facts of a new payment; raises Refusal for what the documents do not allow."""
    price = _amount(asked.get("price_amount"), "price_amount")
    currency = _currency(asked.get("price_currency"), "price_currency", COINS | FIAT)
    coin = _currency(asked.get("pay_currency"), "pay_currency", COINS)
    given = asked.get("pay_amount")
    amount = convert(price, currency, coin) if given is None else _amount(given, "pay_amount")
    if amount < minimum(coin):
        raise error(400, "AMOUNT_MINIMAL_ERROR", f"Crypto amount {amount} is less than minimal")
    return {
        "price_amount": price,
        "price_currency": currency,
        "pay_amount": amount,
        "pay_currency": coin,
        "order_id": _text(asked, "order_id"),
        "order_description": _text(asked, "order_description"),
        "ipn_url": _text(asked, "ipn_callback_url"),
        "fixed_rate": _flag(asked, "is_fixed_rate"),
        "fee_paid_by_user": _flag(asked, "is_fee_paid_by_user"),
    }


def _amount(value: Any, name: str) -> Decimal:
    try:
        amount = Decimal(str(value)) if not isinstance(value, bool) else Decimal(0)
    except DecimalException:
        amount = Decimal(0)
    if not amount.is_finite() or not 0 < amount < 10**12:
        raise error(400, "INVALID_REQUEST_PARAMS", f"{name} must be a positive number")
    return amount


def _currency(value: Any, name: str, known: Container[str]) -> str:
    if not isinstance(value, str) or value.lower() not in known:
        raise error(400, "INVALID_REQUEST_PARAMS", f"{name} is not a known currency")
    return value.lower()


def _text(asked: dict[str, Any], name: str) -> str | None:
    value = asked.get(name)
    if value is not None and not isinstance(value, str):
        raise error(400, "INVALID_REQUEST_PARAMS", f"{name} must be a string")
    return value


def _flag(asked: dict[str, Any], name: str) -> bool:
    value = asked.get(name, False)
    if not isinstance(value, bool):
        raise error(400, "INVALID_REQUEST_PARAMS", f"{name} must be a boolean")
    return value
