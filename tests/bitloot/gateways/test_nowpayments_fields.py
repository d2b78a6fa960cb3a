"""NOWPayments' fields in our words, whatever type they come as."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bitloot.errors import Malformed
from bitloot.gateways.base import OtherNews, PaymentRequest
from bitloot.gateways.nowpayments_fields import opened, other_news, payment_news
from bitloot.states import PaymentState

REQUEST = PaymentRequest(
    "order-1", Decimal("24.90"), "eur", "xrp", "https://shop.example/payments/ipn", "1 key"
)

OPENED = {
    "payment_id": "4000000001",
    "payment_status": "waiting",
    "pay_address": "rTest",
    "payin_extra_id": 12345,
    "price_amount": Decimal("24.9"),
    "price_currency": "EUR",
    "pay_amount": Decimal("41.5"),
    "pay_currency": "XRP",
    "order_id": "order-1",
    "valid_until": "2026-03-01T12:20:00.000Z",
}

TOLD = {"payment_id": 7, "payment_status": "finished"}


def test_an_opened_payment_tells_where_to_pay() -> None:
    payment = opened(OPENED, REQUEST)
    assert payment.payment_id == "4000000001"
    assert (payment.pay_address, payment.payin_extra_id) == ("rTest", "12345")
    assert (payment.pay_amount, payment.pay_currency) == (Decimal("41.5"), "xrp")
    assert payment.valid_until == datetime(2026, 3, 1, 12, 20, tzinfo=UTC)
    assert payment.state is PaymentState.WAITING


@pytest.mark.parametrize(
    "name", ["order_id", "price_amount", "price_currency", "pay_currency", "valid_until"]
)
def test_an_echo_may_be_left_out(name: str) -> None:
    left_out = {key: value for key, value in OPENED.items() if key != name}
    assert opened(left_out, REQUEST).payment_id == "4000000001"


@pytest.mark.parametrize(
    "change",
    [
        {"order_id": "order-2"},
        {"price_amount": Decimal("2.49")},
        {"price_currency": "usd"},
        {"pay_currency": "btc"},
        {"pay_amount": None},
        {"pay_amount": 0},
        {"pay_amount": True},
        {"pay_amount": -1},
        {"pay_address": ""},
        {"pay_address": ["rTest"]},
        {"payment_id": None},
        {"payment_status": "new"},
    ],
)
def test_an_answer_that_opens_something_else_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        opened(OPENED | change, REQUEST)


@pytest.mark.parametrize("value", [None, [], "x", 7, True])
def test_what_is_no_object_is_refused(value: Any) -> None:
    for read in (
        lambda: opened(value, REQUEST),
        lambda: payment_news(value, None),
        lambda: other_news(value),
    ):
        with pytest.raises(Malformed) as refused:
            read()
        assert refused.value.code == "not_an_object"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        *[(state.value, state) for state in PaymentState],
        ("FINISHED", PaymentState.FINISHED),
        ("cancelled", PaymentState.EXPIRED),
        ("canceled", PaymentState.EXPIRED),
    ],
)
def test_every_status_word_has_its_state(word: str, state: PaymentState) -> None:
    assert payment_news(TOLD | {"payment_status": word}, None).state is state


@pytest.mark.parametrize("word", ["", None, "finishing", "finished!", 7])
def test_an_unknown_status_is_never_guessed(word: Any) -> None:
    with pytest.raises(Malformed) as refused:
        payment_news(TOLD | {"payment_status": word}, None)
    assert refused.value.code == "unknown_status"


@pytest.mark.parametrize(("value", "text"), [(4000000001, "4000000001"), ("4000000001", "4000000001")])
def test_ids_are_texts_whatever_they_come_as(value: Any, text: str) -> None:
    news = payment_news(TOLD | {"payment_id": value, "order_id": value, "parent_payment_id": value}, "raw")
    assert (news.payment_id, news.order_id, news.parent_payment_id, news.proof) == (text, text, text, "raw")


@pytest.mark.parametrize("value", [True, Decimal("1.5"), [], {}, "x" * 129])
def test_an_id_of_another_kind_is_refused(value: Any) -> None:
    with pytest.raises(Malformed) as refused:
        payment_news(TOLD | {"payment_id": value}, None)
    assert refused.value.code == "bad_text"


def test_everything_but_id_and_status_may_be_missing() -> None:
    news = payment_news(TOLD, "sorted")
    assert (news.order_id, news.price, news.actually_paid, news.updated_at) == (None, None, None, None)
    assert (
        payment_news(TOLD | {"order_id": None, "pay_amount": None, "parent_payment_id": ""}, "sorted") == news
    )


@pytest.mark.parametrize("value", [True, -1, Decimal("NaN"), "many", {}])
def test_an_amount_of_another_kind_is_refused(value: Any) -> None:
    with pytest.raises(Malformed) as refused:
        payment_news(TOLD | {"actually_paid": value}, None)
    assert refused.value.code == "bad_amount"


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1780000000123, datetime(2026, 5, 28, 20, 26, 40, 123000, tzinfo=UTC)),
        ("2026-05-28T20:26:40.123Z", datetime(2026, 5, 28, 20, 26, 40, 123000, tzinfo=UTC)),
        ("2026-05-28T20:26:40", datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)),
        ("yesterday", None),
        (10**39, None),
        (True, None),
        ([], None),
    ],
)
def test_times_come_as_milliseconds_or_as_text(value: Any, moment: datetime | None) -> None:
    assert payment_news(TOLD | {"updated_at": value}, None).updated_at == moment


@pytest.mark.parametrize(
    ("fields", "news"),
    [
        (
            {"id": "123", "batch_withdrawal_id": "9", "status": "FINISHED"},
            OtherNews("payout", "123"),
        ),
        ({"id": 5, "subscription_plan_id": 1, "status": "PAID"}, OtherNews("recurring", "5")),
        ({"id": 5, "status": "PAID"}, OtherNews("other", "5")),
        ({"id": 5, "status": "PAID", "payment_id": 7}, None),
        ({"id": 5, "status": "x", "payment_status": "finished"}, None),
        ({"id": 5}, None),
        ({"status": "PAID"}, None),
    ],
)
def test_payouts_and_recurring_notices_are_told_apart(fields: dict[str, Any], news: OtherNews | None) -> None:
    assert other_news(fields) == news
