"""News about money takes effect once, in one commit, and only if it fits."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import db
from bitloot.settings import Settings
from bitloot.states import OrderState, PaymentState, PurchaseState
from bitloot.vault import Vault
from db import Case, Move, NewNotice, Notice, Payment, Purchase, Terms, base, known_payments
from db import news as news_module
from db.news import foresee
from db.purchases import Intent
from tests.factories import a_payment, again, an_order, news_of, take

VAULT = Vault({1: b"m" * 32})
TERMS = Terms("nowpayments", Decimal(0), "test", 60)


def a_notice(payment: Payment, digest: str = "d") -> NewNotice:
    return db.seal_notice(
        VAULT,
        source="nowpayments",
        event="finished",
        external_id=payment.gateway_payment_id,
        digest=digest,
        proof="sorted",
        headers={"x-nowpayments-sig": "aa", "cookie": "never kept"},
        body=b'{"a":1}',
        address="127.0.0.1",
    )


def test_a_finished_payment_that_fits_pays_the_order(database: Settings) -> None:
    payment = a_payment(an_order())
    taken = take(news_of(payment), notice=a_notice(payment))
    assert (taken.outcome, taken.dst) == ("moved", OrderState.PAID)
    assert again(payment.order).state is OrderState.PAID
    assert Payment.get_by_id(payment.id).state is PaymentState.FINISHED
    assert Payment.get_by_id(payment.id).confirmed_at is None  # a notice alone confirms nothing
    assert Notice.get().outcome == "moved"
    assert Notice.get().order_id == payment.order_id


def test_the_same_notice_five_times_is_one_move(database: Settings) -> None:
    payment = a_payment(an_order())
    outcomes = [take(news_of(payment), notice=a_notice(payment)).outcome for _ in range(5)]
    assert outcomes == ["moved", "repeat", "repeat", "repeat", "repeat"]
    assert Notice.get().repeats == 4
    assert Move.select().where(Move.dst == "paid").count() == 1


@pytest.mark.usefixtures("database")
def test_the_same_notice_from_twenty_threads_is_one_move() -> None:
    payment = a_payment(an_order())
    outcomes: list[str] = []
    start = threading.Barrier(20)

    def tell() -> None:
        with base.scope():
            start.wait()
            outcomes.append(take(news_of(payment), notice=a_notice(payment)).outcome)

    base.database._max_connections = 32
    threads = [threading.Thread(target=tell) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 20
    assert Move.select().where(Move.dst == "paid").count() == 1
    assert Notice.select().count() == 1
    assert Notice.get().repeats == 19


MISFITS: dict[str, dict[str, Any]] = {
    "underpaid": {"actually_paid": Decimal("0.0004999")},
    "wrong_asset": {"pay_currency": "ltc"},
    "price_mismatch": {"price": Decimal("19.99")},
    "currency_mismatch": {"currency": "usd"},
    "incomplete": {"actually_paid": None},
    "foreign_order": {"order_id": str(uuid.uuid4())},
}


@pytest.mark.parametrize("kind", MISFITS)
def test_money_that_does_not_fit_asks_a_person_and_buys_nothing(database: Settings, kind: str) -> None:
    payment = a_payment(an_order())
    taken = take(news_of(payment, **MISFITS[kind]))
    assert taken.dst is OrderState.REVIEW
    assert again(payment.order).state is OrderState.REVIEW
    case = Case.get()
    assert (case.kind, case.subject, case.state) == (kind, str(payment.id), "open")
    assert case.figures


def test_a_child_payment_is_a_case_for_its_parents_order(database: Settings) -> None:
    parent = a_payment(an_order())
    take(news_of(parent))
    child = news_of(parent, payment_id="777", parent_payment_id=parent.gateway_payment_id, order_id=None)
    assert take(child).outcome == "case"
    assert again(parent.order).state is OrderState.PAID
    assert Case.get().kind == "repeated_deposit"
    assert Payment.get_by_id(parent.id).state is PaymentState.FINISHED


def test_money_after_the_end_is_a_late_case(database: Settings) -> None:
    payment = a_payment(an_order())
    take(news_of(payment, PaymentState.EXPIRED))
    assert again(payment.order).state is OrderState.EXPIRED
    assert take(news_of(payment)).dst is OrderState.REVIEW
    assert Case.get().kind == "late"


def test_a_second_payment_that_fits_is_a_case_not_a_second_sale(database: Settings) -> None:
    order = an_order()
    first, second = a_payment(order), a_payment(order)
    assert take(news_of(first)).outcome == "moved"
    assert take(news_of(second)).outcome == "case"
    assert Case.get().kind == "paid_again"
    assert Move.select().where(Move.dst == "paid").count() == 1


def test_late_lower_news_changes_nothing(database: Settings) -> None:
    payment = a_payment(an_order())
    take(news_of(payment))
    for state in (
        PaymentState.WAITING,
        PaymentState.CONFIRMING,
        PaymentState.EXPIRED,
        PaymentState.PARTIALLY_PAID,
    ):
        assert take(news_of(payment, state)).outcome == "late"
    assert Payment.get_by_id(payment.id).state is PaymentState.FINISHED
    assert again(payment.order).state is OrderState.PAID
    assert Case.select().count() == 0


def test_only_the_gateways_own_answer_confirms(database: Settings) -> None:
    payment = a_payment(an_order())
    take(news_of(payment))
    take(news_of(payment, actually_paid=Decimal("0.0001")), asked=True)
    assert Payment.get_by_id(payment.id).confirmed_at is None
    take(news_of(payment), asked=True)
    assert Payment.get_by_id(payment.id).confirmed_at is not None


def test_an_answer_that_confirms_writes_the_intent_down_in_its_own_commit(database: Settings) -> None:
    payment = a_payment(an_order())
    take(news_of(payment))
    intent = Intent(payment.order_id)
    intended = take(news_of(payment), asked=True, intent=intent).intended
    assert intended is not None
    assert [item.state for item in intended] == [PurchaseState.INTENT]
    assert base.rows("SELECT a.xmin::text = b.xmin::text FROM payments a, purchases b") == [(True,)]


def test_an_answer_that_does_not_confirm_intends_nothing(database: Settings) -> None:
    payment = a_payment(an_order())
    take(news_of(payment))
    short = news_of(payment, actually_paid=Decimal("0.0001"))
    assert take(short, asked=True, intent=Intent(payment.order_id)).intended is None
    assert Purchase.select().count() == 0


def test_news_of_an_unknown_payment_is_kept_and_changes_nothing(database: Settings) -> None:
    payment = a_payment(an_order())
    stranger = news_of(payment, payment_id="1", order_id=str(uuid.uuid4()))
    assert take(stranger, notice=a_notice(payment)).outcome == "unknown"
    assert Notice.get().outcome == "unknown"
    assert again(payment.order).state is OrderState.CREATED


def test_a_payment_whose_opening_was_not_heard_is_adopted_by_its_order(database: Settings) -> None:
    order = an_order()
    heard = a_payment(order)
    taken = take(news_of(heard, payment_id="424242"))
    assert (taken.order_id, taken.dst) == (order.id, OrderState.PAID)
    assert Payment.select().where(Payment.order == order.id).count() == 2


def test_the_largest_amount_that_a_column_holds_is_adopted_as_it_is(database: Settings) -> None:
    amount = Decimal("99999999999999999999.999999999999999999")
    odd = news_of(a_payment(an_order()), payment_id="424242", pay_amount=amount, actually_paid=amount)
    take(odd)
    assert Payment.get(Payment.gateway_payment_id == "424242").pay_amount == amount


@pytest.mark.parametrize("amount", ["1e-30", "0", "1e20", "1e30", "0.0000000000000000015"])
def test_an_amount_that_no_coin_has_is_not_adopted(database: Settings, amount: str) -> None:
    heard = a_payment(an_order())
    odd = news_of(heard, payment_id="424242", pay_amount=Decimal(amount), actually_paid=Decimal(amount))
    assert take(odd).outcome == "unknown"
    assert Payment.select().count() == 1


def test_a_nonsense_order_reference_is_unknown(database: Settings) -> None:
    payment = a_payment(an_order())
    for reference in ("", "x" * 500, "BL-0001", None):
        assert take(news_of(payment, payment_id="9", order_id=reference)).outcome == "unknown"


def test_an_order_that_moves_between_reading_and_writing_is_judged_again(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = a_payment(an_order())
    find = known_payments.find_known
    reads: list[int] = []

    def find_and_be_overtaken(*args: Any) -> Any:
        found = find(*args)
        if not reads:
            again(payment.order).advance(OrderState.EXPIRED, actor="somebody quicker")
        reads.append(1)
        return found

    monkeypatch.setattr(news_module, "find_known", find_and_be_overtaken)
    assert take(news_of(payment), notice=a_notice(payment)).dst is OrderState.REVIEW
    assert len(reads) == 2
    assert Case.get().kind == "late"
    assert Notice.select().count() == 1


def test_older_figures_of_the_same_rank_come_late_unless_we_asked(database: Settings) -> None:
    payment = a_payment(an_order())
    newer, older = datetime.now(UTC), datetime.now(UTC) - timedelta(minutes=1)
    state = PaymentState.PARTIALLY_PAID
    take(news_of(payment, state, actually_paid=Decimal("0.0004"), updated_at=newer))
    late = news_of(payment, state, actually_paid=Decimal("0.0001"), updated_at=older)
    assert take(late).outcome == "late"
    assert Payment.get().actually_paid == Decimal("0.0004")
    assert take(late, asked=True).outcome != "late"
    assert take(news_of(payment, updated_at=older)).outcome != "late"  # of a higher rank


def test_a_time_in_the_far_future_makes_nothing_late(database: Settings) -> None:
    payment = a_payment(an_order())
    state = PaymentState.PARTIALLY_PAID
    take(news_of(payment, state, updated_at=datetime.now(UTC) + timedelta(days=300)))
    assert Payment.get().told_at is None
    assert take(news_of(payment, state)).outcome != "late"


def test_what_news_would_do_is_told_and_nothing_is_written(database: Settings) -> None:
    payment = a_payment(an_order())
    told = foresee(news_of(payment), TERMS)
    assert (told.outcome, told.order_id, told.src, told.dst) == ("moved", payment.order_id, "created", "paid")
    short = foresee(news_of(payment, actually_paid=Decimal("0.0001")), TERMS)
    assert (short.dst, short.case) == ("review", "underpaid")
    assert foresee(news_of(payment, payment_id="1"), TERMS).outcome == "adopted"
    assert foresee(news_of(payment, payment_id="1", order_id=None), TERMS).outcome == "unknown"
    assert (Payment.select().count(), again(payment.order).seq) == (1, 1)
    take(news_of(payment))
    assert foresee(news_of(payment), TERMS).outcome == "noted"
    assert foresee(news_of(payment, PaymentState.CONFIRMING), TERMS).outcome == "late"
