"""NOWPayments' API over real HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.web.standins.caller import Caller, exact
from web.standins.ledger import read_ledger

# PROVIDERS.md §3.2
CREATED = {
    *("payment_id", "payment_status", "pay_address", "price_amount", "price_currency", "pay_amount"),
    *("pay_currency", "order_id", "order_description", "ipn_callback_url", "created_at", "updated_at"),
    *("purchase_id", "amount_received", "payin_extra_id", "smart_contract", "network", "network_precision"),
    *("time_limit", "burning_percent", "expiration_estimate_date", "is_fixed_rate", "is_fee_paid_by_user"),
    *("valid_until", "type"),
}
READ = {
    *("payment_id", "invoice_id", "payment_status", "pay_address", "payin_extra_id", "price_amount"),
    *("price_currency", "pay_amount", "actually_paid", "pay_currency", "order_id", "order_description"),
    *("purchase_id", "outcome_amount", "outcome_currency", "payout_hash", "payin_hash", "created_at"),
    *("updated_at", "burning_percent", "type", "payment_extra_ids"),
}


def test_the_status_needs_no_key(caller: Caller) -> None:
    answer = caller.nowpayments("GET", "/status", headers={})
    assert (answer.status_code, answer.json()) == (200, {"message": "OK"})


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/payment"),
        ("GET", "/payment/1"),
        ("GET", "/currencies"),
        ("GET", "/min-amount"),
        ("GET", "/estimate"),
    ],
)
def test_a_wrong_key_is_refused_as_recorded(
    caller: Caller, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = caller.nowpayments(method, path, headers=headers)
    assert answer.status_code == 403
    assert (
        answer.text
        == '{"status":false,"statusCode":403,"code":"INVALID_API_KEY","message":"Invalid api key"}'
    )


def test_a_created_payment_has_every_documented_field_and_a_text_for_id(caller: Caller) -> None:
    payment = caller.payment(order_description="Clé", ipn_callback_url="http://127.0.0.1:1/x")
    assert set(payment) == CREATED
    assert isinstance(payment["payment_id"], str)
    assert isinstance(payment["purchase_id"], str)
    assert (payment["payment_status"], payment["pay_amount"]) == ("waiting", Decimal("0.0005"))
    assert (payment["order_id"], payment["order_description"]) == ("BL-1", "Clé")
    [line] = read_ledger(caller.config.ledger_dir, "nowpayments", "payment_created")
    assert (line["payment_id"], line["order_id"]) == (payment["payment_id"], "BL-1")
    assert (Decimal(line["pay_amount"]), line["pay_currency"]) == (payment["pay_amount"], "btc")


def test_a_read_payment_has_every_documented_field_and_numbers_for_ids(caller: Caller) -> None:
    payment = caller.payment()
    answer = caller.nowpayments("GET", f"/payment/{payment['payment_id']}")
    read = exact(answer)
    assert answer.status_code == 200
    assert set(read) == READ
    assert read["payment_id"] == int(payment["payment_id"])
    assert read["purchase_id"] == int(payment["purchase_id"])
    assert (read["actually_paid"], read["payment_status"]) == (0, "waiting")


def test_some_coins_come_with_a_memo(caller: Caller) -> None:
    assert caller.payment(pay_currency="xrp")["payin_extra_id"]
    assert caller.payment(pay_currency="btc")["payin_extra_id"] is None


def test_a_fixed_rate_ends_sooner(caller: Caller) -> None:
    fixed, floating = caller.payment(is_fixed_rate=True), caller.payment()
    assert fixed["valid_until"] < floating["valid_until"]
    assert fixed["is_fixed_rate"] is True


@pytest.mark.parametrize(
    "change",
    [
        *({"price_amount": value} for value in (None, 0, -1, "x", True, "NaN")),
        *({"price_currency": value} for value in (None, "xyz", 7)),
        *({"pay_currency": value} for value in (None, "eur", "xyz")),
        {"order_id": 7},
        {"is_fixed_rate": "yes"},
        {"price_amount": 0.01},
    ],
)
def test_a_payment_that_makes_no_sense_is_refused(caller: Caller, change: dict[str, Any]) -> None:
    body = {"price_amount": 25, "price_currency": "eur", "pay_currency": "btc"} | change
    answer = caller.nowpayments("POST", "/payment", json=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"status", "statusCode", "code", "message"}
    assert read_ledger(caller.config.ledger_dir) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(caller: Caller, body: bytes) -> None:
    assert caller.nowpayments("POST", "/payment", data=body).status_code == 400


@pytest.mark.parametrize("number", ["1", "abc", "²"])
def test_an_unknown_payment_is_not_found(caller: Caller, number: str) -> None:
    answer = caller.nowpayments("GET", f"/payment/{number}")
    assert (answer.status_code, answer.json()["statusCode"]) == (404, 404)


def test_currencies_minimum_and_estimate(caller: Caller) -> None:
    assert "btc" in caller.nowpayments("GET", "/currencies").json()["currencies"]
    minimum = caller.nowpayments(
        "GET", "/min-amount?currency_from=trx&currency_to=eur&fiat_equivalent=usd"
    ).json()
    assert minimum == {"currency_from": "trx", "currency_to": "eur", "min_amount": 2, "fiat_equivalent": 0.55}
    estimate = caller.nowpayments("GET", "/estimate?amount=25&currency_from=eur&currency_to=btc").json()
    assert estimate == {
        "currency_from": "eur",
        "amount_from": 25,
        "currency_to": "btc",
        "estimated_amount": 0.0005,
    }
    assert caller.nowpayments("GET", "/min-amount?currency_from=zzz").status_code == 400
