"""The money gate lets exactly one kind of news through."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot.gateways.base import PaymentNews
from bitloot.money import CASES, Expected, VerdictKind, judge
from bitloot.states import PaymentState

EXPECTED = Expected("order-1", Decimal("24.90"), "eur", "trx", Decimal("81.5234"), "4000000001")

FITTING = PaymentNews(
    payment_id="4000000001",
    state=PaymentState.FINISHED,
    order_id="order-1",
    price=Decimal("24.9"),
    currency="EUR",
    pay_amount=Decimal("81.5234"),
    pay_currency="TRX",
    actually_paid=Decimal("81.5234"),
)


def test_money_that_fits_is_paid() -> None:
    verdict = judge(EXPECTED, FITTING)
    assert verdict.paid
    assert not verdict.case
    assert verdict.figures == {
        "payment_id": "4000000001",
        "gateway_state": "finished",
        "expected_price": "24.9",
        "expected_currency": "eur",
        "price": "24.9",
        "currency": "EUR",
        "expected_amount": "81.5234",
        "expected_coin": "trx",
        "received_amount": "81.5234",
        "received_coin": "TRX",
        "difference": "0",
    }
    assert not verdict.surplus


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"state": PaymentState.WAITING}, VerdictKind.OPEN),
        ({"state": PaymentState.CONFIRMING}, VerdictKind.OPEN),
        ({"state": PaymentState.CONFIRMED}, VerdictKind.OPEN),
        ({"state": PaymentState.SENDING}, VerdictKind.OPEN),
        ({"state": PaymentState.WAITING, "parent_payment_id": "1"}, VerdictKind.OPEN),
        ({"state": PaymentState.FAILED}, VerdictKind.FAILED),
        ({"state": PaymentState.EXPIRED}, VerdictKind.EXPIRED),
        ({"state": PaymentState.REFUNDED}, VerdictKind.REFUNDED),
        ({"state": PaymentState.PARTIALLY_PAID}, VerdictKind.UNDERPAID),
        ({"state": PaymentState.PARTIALLY_PAID, "price": None}, VerdictKind.UNDERPAID),
        ({"state": PaymentState.PARTIALLY_PAID, "pay_currency": "btc"}, VerdictKind.WRONG_ASSET),
        ({"actually_paid": Decimal("81.52339999")}, VerdictKind.UNDERPAID),
        ({"actually_paid": Decimal(0)}, VerdictKind.UNDERPAID),
        ({"pay_amount": Decimal("0.01"), "actually_paid": Decimal("0.01")}, VerdictKind.UNDERPAID),
        ({"pay_amount": Decimal(90)}, VerdictKind.UNDERPAID),
        ({"payment_id": "9", "pay_amount": Decimal(80), "actually_paid": Decimal(80)}, VerdictKind.PAID),
        ({"payment_id": "9", "pay_amount": Decimal(80), "actually_paid": Decimal(79)}, VerdictKind.UNDERPAID),
        ({"price": Decimal("24.89")}, VerdictKind.PRICE_MISMATCH),
        ({"price": Decimal(2490)}, VerdictKind.PRICE_MISMATCH),
        ({"currency": "usd"}, VerdictKind.CURRENCY_MISMATCH),
        ({"pay_currency": "usdttrc20"}, VerdictKind.WRONG_ASSET),
        ({"order_id": "order-2"}, VerdictKind.FOREIGN_ORDER),
        ({"order_id": ""}, VerdictKind.FOREIGN_ORDER),
        ({"order_id": "order-2", "state": PaymentState.EXPIRED}, VerdictKind.FOREIGN_ORDER),
        ({"parent_payment_id": "3999999999"}, VerdictKind.REPEATED_DEPOSIT),
        ({"parent_payment_id": "3999999999", "order_id": None}, VerdictKind.REPEATED_DEPOSIT),
        (
            {"parent_payment_id": "3999999999", "state": PaymentState.PARTIALLY_PAID},
            VerdictKind.REPEATED_DEPOSIT,
        ),
        ({"actually_paid": Decimal("NaN")}, VerdictKind.INCOMPLETE),
        ({"actually_paid": Decimal("Infinity")}, VerdictKind.INCOMPLETE),
        ({"actually_paid": Decimal(-1)}, VerdictKind.INCOMPLETE),
        ({"actually_paid": True}, VerdictKind.INCOMPLETE),
        ({"pay_amount": Decimal("NaN")}, VerdictKind.INCOMPLETE),
        ({"price": Decimal("sNaN")}, VerdictKind.INCOMPLETE),
    ],
)
def test_each_kind_of_news_has_its_verdict(change: dict[str, Any], kind: VerdictKind) -> None:
    verdict = judge(EXPECTED, replace(FITTING, **change))
    assert verdict.kind is kind
    assert verdict.paid == (kind is VerdictKind.PAID)
    assert verdict.case == (kind in CASES)


@pytest.mark.parametrize(
    "field", ["order_id", "price", "currency", "pay_amount", "pay_currency", "actually_paid"]
)
def test_a_finished_notice_that_leaves_a_figure_out_never_passes(field: str) -> None:
    without: dict[str, Any] = {field: None}
    verdict = judge(EXPECTED, replace(FITTING, **without))
    assert verdict.kind is VerdictKind.INCOMPLETE
    assert verdict.figures["missing"] == field


def test_an_overpaid_order_is_paid_and_says_by_how_much() -> None:
    verdict = judge(EXPECTED, replace(FITTING, actually_paid=Decimal("81.523400000000000001")))
    assert verdict.paid
    assert verdict.surplus
    assert verdict.figures["difference"] == "0.000000000000000001"


def test_a_surplus_within_the_tolerance_is_none() -> None:
    news = replace(FITTING, actually_paid=Decimal("81.5235"))
    assert not judge(EXPECTED, news, Decimal("0.0001")).surplus
    assert judge(EXPECTED, news, Decimal("0.00009")).surplus


def test_an_underpaid_order_says_what_is_missing() -> None:
    verdict = judge(EXPECTED, replace(FITTING, actually_paid=Decimal("81.52")))
    assert verdict.figures["difference"] == "-0.0034"


def test_another_coin_has_no_difference_and_names_what_came_and_where() -> None:
    told: dict[str, Any] = {
        "pay_currency": "btc",
        "actually_paid": Decimal("0.1"),
        "pay_address": "T1",
        "payin_hash": "ab",
    }
    figures = judge(EXPECTED, replace(FITTING, **told)).figures
    assert "difference" not in figures
    assert (figures["expected_amount"], figures["expected_coin"]) == ("81.5234", "trx")
    assert (figures["received_amount"], figures["received_coin"]) == ("0.1", "btc")
    assert (figures["received_at"], figures["transaction"]) == ("T1", "ab")


def test_nothing_more_was_expected_at_an_address_that_was_paid() -> None:
    child = replace(FITTING, payment_id="9", parent_payment_id="4000000001", order_id=None)
    figures = judge(EXPECTED, child).figures
    assert (figures["expected_amount"], figures["difference"]) == ("0", "81.5234")
    assert (figures["payment_id"], figures["parent_payment_id"]) == ("9", "4000000001")


def test_equal_amounts_are_spelled_alike() -> None:
    spelled = {
        judge(EXPECTED, replace(FITTING, actually_paid=Decimal(text))).figures["received_amount"]
        for text in ("80", "80.00", "8e1")
    }
    assert spelled == {"80"}


@pytest.mark.parametrize(
    ("paid", "passes"), [("81.5134", True), ("81.5133999", False), ("81.5234", True), ("0", False)]
)
def test_the_tolerance_is_exact(paid: str, passes: bool) -> None:
    assert judge(EXPECTED, replace(FITTING, actually_paid=Decimal(paid)), Decimal("0.01")).paid is passes


def test_no_tolerance_lets_nothing_pass_as_paid() -> None:
    verdict = judge(EXPECTED, replace(FITTING, actually_paid=Decimal(0)), Decimal(1000))
    assert verdict.kind is VerdictKind.UNDERPAID


def test_amounts_beyond_the_usual_precision_are_not_rounded() -> None:
    owed = Decimal("12345678901234567890.123456789012345678")
    expected = replace(EXPECTED, pay_amount=owed)
    short = replace(FITTING, pay_amount=owed, actually_paid=owed - Decimal(0) - Decimal("1"))
    assert judge(expected, replace(short, actually_paid=owed)).paid
    just_short = Decimal("12345678901234567890.123456789012345677")
    verdict = judge(expected, replace(short, actually_paid=just_short))
    assert verdict.kind is VerdictKind.UNDERPAID
    assert verdict.figures["difference"] == "-0.000000000000000001"


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-1), Decimal("NaN"), True, 1.0, None])
@pytest.mark.parametrize("field", ["price", "pay_amount"])
def test_a_row_without_a_positive_amount_judges_nothing(field: str, amount: Any) -> None:
    with pytest.raises(ValueError, match=field):
        replace(EXPECTED, **{field: amount})


@pytest.mark.parametrize("tolerance", [Decimal(-1), Decimal("NaN"), True, 0.5])
def test_a_tolerance_that_is_no_amount_is_refused(tolerance: Any) -> None:
    with pytest.raises(ValueError, match="tolerance"):
        judge(EXPECTED, FITTING, tolerance)


amounts = st.none() | st.sampled_from(
    [Decimal(text) for text in ("0", "24.9", "24.90", "81.5234", "81.5233", "90", "-1", "NaN", "Infinity")]
)
codes = st.sampled_from([None, "", "eur", "EUR", "usd", "trx", "TRX", "btc"])
news = st.builds(
    PaymentNews,
    payment_id=st.sampled_from(["4000000001", "9"]),
    state=st.sampled_from([*PaymentState, *[PaymentState.FINISHED] * 8]),
    order_id=st.sampled_from([None, "", "order-1", "order-1", "order-2"]),
    parent_payment_id=st.sampled_from([None, None, "", "8"]),
    price=amounts,
    currency=codes,
    pay_amount=amounts,
    pay_currency=codes,
    actually_paid=amounts,
)


@given(news, st.sampled_from([Decimal(0), Decimal("0.0001"), Decimal(5)]))
def test_paid_means_that_every_equality_holds(told: PaymentNews, tolerance: Decimal) -> None:
    if judge(EXPECTED, told, tolerance).paid:
        assert told.state is PaymentState.FINISHED
        assert not told.parent_payment_id
        assert told.order_id == EXPECTED.order_id
        assert told.price == EXPECTED.price
        assert (told.currency or "").lower() == EXPECTED.currency
        assert (told.pay_currency or "").lower() == EXPECTED.pay_currency
        assert told.pay_amount is not None
        assert told.actually_paid is not None
        assert told.actually_paid > 0
        assert told.actually_paid >= told.pay_amount - tolerance
        if told.payment_id == EXPECTED.payment_id:
            assert told.actually_paid >= EXPECTED.pay_amount - tolerance
