"""The NOWPayments adapter: over HTTP against the stand-in, and with answers that it would never give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses
from pydantic import SecretStr

from bitloot.errors import Ambiguous, BadSignature, BitLootError, Blocked, Malformed, Permanent, Retryable
from bitloot.gateways.base import Gateway, OtherNews, PaymentNews, PaymentRequest
from bitloot.gateways.ipn_canonical import canonical
from bitloot.gateways.nowpayments import NowPayments
from bitloot.states import PaymentState
from tests.bitloot.gateways.vectors import FLAT, NESTED, Vector, sign
from web.standins import RunningStandins, StandinsConfig, start_standins

KEY = SecretStr("a-key-of-nowpayments")
SECRET = "an-ipn-secret-of-the-tests"
BASE = "https://api.nowpayments.test/v1"

REQUEST = PaymentRequest("order-1", Decimal("24.90"), "eur", "trx", "", "1 key")


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStandins]:
    config = StandinsConfig(ledger_dir=tmp_path_factory.mktemp("ledger"), webhooks=False)
    with start_standins(config, port=0) as started:
        yield started


@pytest.fixture
def gateway(standins: RunningStandins) -> NowPayments:
    config = standins.shop.config
    return NowPayments(
        standins.nowpayments_url, SecretStr(config.nowpayments_api_key), SecretStr(config.ipn_secret)
    )


@pytest.fixture
def lonely() -> NowPayments:
    return NowPayments(BASE, KEY, SecretStr(SECRET))


def _ipn(fields: Any) -> tuple[dict[str, str], bytes]:
    body = json.dumps(fields, separators=(",", ":")).encode()
    return {"x-nowpayments-sig": sign(SECRET, canonical(body))}, body


# --- over HTTP


def test_a_payment_is_opened_paid_and_read(gateway: Gateway, standins: RunningStandins) -> None:
    gateway.health()
    payment = gateway.create_payment(REQUEST)
    assert payment.pay_amount > 0
    assert (payment.pay_currency, payment.state) == ("trx", PaymentState.WAITING)
    before = gateway.read_payment(payment.payment_id)
    assert (before.payment_id, before.state, before.order_id) == (
        payment.payment_id,
        PaymentState.WAITING,
        "order-1",
    )

    paid = requests.post(
        f"{standins.control_url}/nowpayments/payments/{payment.payment_id}/pay",
        json={"wait": True},
        timeout=10,
    )
    assert paid.status_code in (200, 202)
    news = gateway.read_payment(payment.payment_id)
    assert (news.state, news.price, news.currency) == (PaymentState.FINISHED, Decimal("24.90"), "eur")
    assert news.actually_paid == news.pay_amount == payment.pay_amount
    assert news.proof is None


def test_a_wrong_key_blocks_and_an_unknown_payment_is_not_found(
    gateway: Gateway, standins: RunningStandins
) -> None:
    stranger = NowPayments(standins.nowpayments_url, KEY, SecretStr(SECRET))
    with pytest.raises(Blocked):
        stranger.create_payment(REQUEST)
    with pytest.raises(Blocked):
        stranger.read_payment("1")
    with pytest.raises(Permanent) as missing:
        gateway.read_payment("1")
    assert missing.value.code == "not_found"


def test_a_refusal_carries_the_providers_own_code(gateway: Gateway) -> None:
    with pytest.raises(Permanent) as refused:
        gateway.create_payment(PaymentRequest("order-1", Decimal("0.01"), "eur", "btc", "", "1 key"))
    assert refused.value.code == "amount_minimal_error"


# --- what goes out


@responses.activate
def test_amounts_leave_as_plain_numbers(lonely: NowPayments) -> None:
    told = {"payment_id": "1", "payment_status": "waiting", "pay_address": "T", "pay_amount": 1}
    responses.post(f"{BASE}/payment", json=told, status=201)
    lonely.create_payment(
        PaymentRequest("o", Decimal("1E-7"), "eur", "trx", "https://shop.example/ipn", "Clé")
    )
    sent = responses.calls[0].request
    assert sent.headers["x-api-key"] == KEY.get_secret_value()
    assert isinstance(sent.body, bytes)
    assert b'"price_amount":0.0000001,' in sent.body
    assert json.loads(sent.body) == {
        "price_amount": 1e-7,
        "price_currency": "eur",
        "pay_currency": "trx",
        "order_id": "o",
        "order_description": "Clé",
        "ipn_callback_url": "https://shop.example/ipn",
    }


# --- answers that make no sense


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (201, "<html>", Ambiguous),
        (201, "{}", Ambiguous),
        (201, "[]", Ambiguous),
        (
            201,
            '{"payment_id":1,"payment_status":"waiting","pay_address":"T","pay_amount":1,"order_id":"x"}',
            Ambiguous,
        ),
        (201, '{"payment_id":1,"payment_status":"new","pay_address":"T","pay_amount":1}', Ambiguous),
        (500, "{}", Ambiguous),
        (502, "<html>", Ambiguous),
        (429, "<html>", Retryable),
        (403, '{"statusCode":403,"code":"INVALID_API_KEY"}', Blocked),
        (400, '{"code":"INVALID_REQUEST_PARAMS"}', Permanent),
        (400, "<html>", Permanent),
    ],
)
@responses.activate
def test_each_answer_to_opening_has_its_class(
    lonely: NowPayments, status: int, body: str, kind: type[BitLootError]
) -> None:
    responses.post(f"{BASE}/payment", body=body, status=status)
    with pytest.raises(kind) as raised:
        lonely.create_payment(REQUEST)
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, "<html>", Retryable, "unreadable"),
        (200, '{"payment_id":8,"payment_status":"finished"}', Retryable, "unreadable"),
        (200, '{"payment_id":7,"payment_status":"finished","actually_paid":true}', Retryable, "unreadable"),
        (200, '{"payment_id":7,"payment_status":"dreaming"}', Ambiguous, "unknown_status"),
        (500, "<html>", Retryable, "http_500"),
        (403, "<html>", Blocked, "forbidden"),
        (404, "{}", Permanent, "not_found"),
    ],
)
@responses.activate
def test_each_answer_to_reading_has_its_class(
    lonely: NowPayments, status: int, body: str, kind: type[BitLootError], code: str
) -> None:
    responses.get(f"{BASE}/payment/7", body=body, status=status)
    with pytest.raises(BitLootError) as raised:
        lonely.read_payment("7")
    assert type(raised.value) is kind
    assert raised.value.code == code


@pytest.mark.parametrize("payment_id", ["", "../payout", "7?x", "7/8", "٣"])
def test_an_id_that_is_no_id_is_not_asked_for(lonely: NowPayments, payment_id: str) -> None:
    with pytest.raises(Permanent) as refused:
        lonely.read_payment(payment_id)
    assert refused.value.code == "bad_reference"


@responses.activate
def test_health_needs_the_right_word(lonely: NowPayments) -> None:
    responses.get(f"{BASE}/status", json={"message": "OK"})
    lonely.health()
    responses.replace(responses.GET, f"{BASE}/status", json={"message": "maintenance"})
    with pytest.raises(Retryable):
        lonely.health()


# --- notices


@pytest.mark.parametrize("vector", [FLAT, NESTED], ids=["flat", "nested"])
def test_a_published_vector_is_read(vector: Vector) -> None:
    gateway = NowPayments(BASE, KEY, SecretStr(f" {vector.secret}\n"))
    news = gateway.parse_ipn({"x-nowpayments-sig": vector.signature.upper()}, vector.body)
    assert isinstance(news, PaymentNews)
    assert (news.state, news.proof) == (PaymentState.FINISHED, "sorted")
    assert news.payment_id in ("4000000001", "4000000002")
    assert news.actually_paid == news.pay_amount
    assert str(news.pay_amount) in ("81.52340017", "0.00041")
    assert gateway.reread_ipn(vector.body, "sorted") == news


def test_a_notice_signed_raw_says_so(lonely: NowPayments) -> None:
    body = b'{ "payment_status": "waiting", "payment_id": 7 }'
    news = lonely.parse_ipn({"x-nowpayments-sig": sign(SECRET, body)}, body)
    assert isinstance(news, PaymentNews)
    assert news.proof == "raw"


def test_a_payout_notice_is_other_news(lonely: NowPayments) -> None:
    news = lonely.parse_ipn(*_ipn({"id": "5", "batch_withdrawal_id": "1", "status": "FINISHED"}))
    assert news == OtherNews("payout", "5")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"payment_id": 7, "payment_status": "dreaming"}, "unknown_status"),
        ({"payment_status": "finished"}, "no_payment_id"),
        ([], "not_an_object"),
        ({"payment_id": 7, "payment_status": "finished", "price_amount": "much"}, "bad_amount"),
    ],
)
def test_a_signed_notice_that_cannot_be_understood_is_malformed(
    lonely: NowPayments, fields: Any, code: str
) -> None:
    with pytest.raises(Malformed) as refused:
        lonely.parse_ipn(*_ipn(fields))
    assert refused.value.code == code


def test_a_signed_notice_that_names_a_field_twice_is_malformed(lonely: NowPayments) -> None:
    body = b'{"payment_id":7,"payment_status":"waiting","payment_status":"finished"}'
    with pytest.raises(Malformed) as refused:
        lonely.parse_ipn({"x-nowpayments-sig": sign(SECRET, body)}, body)
    assert refused.value.code == "json_duplicate_key"


@pytest.mark.parametrize("headers", [{}, {"x-nowpayments-sig": "é" * 128}, {"x-nowpayments-sig": "0" * 128}])
def test_an_unproved_notice_is_never_read(lonely: NowPayments, headers: dict[str, str]) -> None:
    for body in (b"", b"[" * 60_000, NESTED.body, b'{"payment_id":7,"payment_status":"dreaming"}'):
        with pytest.raises(BadSignature):
            lonely.parse_ipn(headers, body)
