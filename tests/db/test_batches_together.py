"""The usual notices of a batch, which go together, take effect as each does that goes alone; and so beside others."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as checked
from hypothesis import strategies as st

import db
from bitloot.settings import Settings
from bitloot.states import PaymentState
from db import Later, Move, Notice, Order, Payment, Product, Taken, Told, base, batches, take_batch
from tests.db.test_batches import NOW, TERMS, a_notice, told
from tests.db.traces import left_behind
from tests.factories import a_payment, a_product, again, an_order, news_of

#: What is said about a payment: usual news, and some of each kind that is not.
SAYINGS: list[dict[str, Any]] = [
    {},
    {},
    {"state": PaymentState.WAITING},
    {"state": PaymentState.CONFIRMING},
    {"state": PaymentState.EXPIRED},
    {"state": PaymentState.FAILED},
    {"state": PaymentState.REFUNDED},
    {"state": PaymentState.PARTIALLY_PAID, "actually_paid": Decimal("0.0004")},
    {"state": PaymentState.PARTIALLY_PAID, "updated_at": NOW - timedelta(hours=1)},
    {"updated_at": NOW - timedelta(hours=1)},
    {"actually_paid": Decimal("0.0001")},
    {"actually_paid": Decimal("0.0009")},
    {"price": Decimal("1.00")},
    {"price": None},
    {"order_id": "00000000-0000-4000-8000-000000000000"},
    {"payment_id": "1"},
]

#: Of five payments the first two are of one order.
BATCH = st.lists(st.tuples(st.integers(0, 4), st.integers(0, len(SAYINGS) - 1)), max_size=9)


def five_payments(product: Product) -> list[Payment]:
    orders = [an_order((product, 1)) for _ in range(4)]
    # As sweep and an operator leave them: a move ends what is asked of an order that stands still.
    base.rows(
        "UPDATE orders SET alarmed_at = now(), hold = 'balance' WHERE id = %s RETURNING 1", orders[3].id
    )
    return [a_payment(order) for order in (orders[0], *orders)]


def batch_of(payments: Sequence[Payment], said: Sequence[tuple[int, int]]) -> list[Told]:
    """Whoever says the same of a payment sends the same notice, wherever it comes in the batch."""
    return [
        told(payments[whom], f"{payments[whom].id}.{what}", **({"updated_at": NOW} | SAYINGS[what]))
        for whom, what in said
    ]


def answers(results: Sequence[Taken | Later]) -> list[object]:
    return [(item.outcome, item.dst) if isinstance(item, Taken) else item for item in results]


def test_a_batch_leaves_what_its_notices_leave_one_by_one(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each round, since news of one order that contradicts itself depends on which is judged again."""

    def one_by_one(sql: str, batch: str, *rest: Any) -> list[tuple[Any, ...]]:
        return [row for one in json.loads(batch) for row in base.rows(sql, json.dumps([one]), *rest)]

    product = a_product()

    @checked(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(BATCH, BATCH)
    def check(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
        together, alone = five_payments(product), five_payments(product)
        for said in (first, second):
            monkeypatch.setattr(batches, "rows", base.rows)
            results = answers(take_batch(batch_of(together, said), TERMS))
            monkeypatch.setattr(batches, "rows", one_by_one)
            assert answers(take_batch(batch_of(alone, said), TERMS)) == results
            assert left_behind(*together) == left_behind(*alone)

    check()


def test_a_repeat_among_new_notices_moves_nothing_and_costs_them_nothing(database: Settings) -> None:
    """Also one whose order still stands where the notice supposes it: it was locked then, and is to run again."""
    first, kept, second, third = (a_payment(an_order()) for _ in range(4))
    db.keep_notice(a_notice(kept, "kept"), kept.order_id, "locked")
    batch = [told(first, "1"), told(kept, "kept"), told(second, "2"), told(third, "2")]
    taken = [item.outcome for item in take_batch(batch, TERMS) if isinstance(item, Taken)]
    assert taken == ["moved", "repeat", "moved", "repeat"]
    assert [notice.repeats for notice in Notice.select().order_by(Notice.digest)] == [0, 1, 1]
    assert [again(payment.order).state for payment in (first, kept, second, third)] == [
        *("paid", "created", "paid", "created")
    ]
    assert Payment.get_by_id(kept.id).rank == PaymentState.WAITING.rank


def many_payments(like: Payment, count: int) -> None:
    """As many orders with a payment each, straight into the tables."""
    base.rows(
        "WITH o AS (INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid()))).*"
        " FROM orders o, generate_series(1, %s) WHERE o.id = %s RETURNING id)"
        " INSERT INTO payments SELECT (jsonb_populate_record(p, jsonb_build_object("
        "   'id', gen_random_uuid(), 'order_id', o.id, 'gateway_payment_id', o.id))).*"
        " FROM o, payments p WHERE p.id = %s RETURNING 1",
        *(count, like.order_id, like.id),
    )


def rows_read() -> int:
    """By this connection, lately; what grows in a transaction was read by it."""
    [(read,)] = base.rows(
        "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables"
        " WHERE relname IN ('orders', 'payments', 'moves', 'notices')"
    )
    return int(read)


@pytest.mark.usefixtures("untouched_database")
def test_a_plan_from_when_the_tables_were_small_still_goes_by_keys(database: Settings) -> None:
    few = [a_payment(an_order()) for _ in range(12)]
    for number in range(0, 12, 2):  # plans are made
        take_batch([told(payment, str(payment.id)) for payment in few[number : number + 2]], TERMS)
    many_payments(a_payment(an_order()), 2000)
    batch = [told(payment, str(payment.id)) for payment in (a_payment(an_order()) for _ in range(4))]
    with base.transaction():
        before = rows_read()
        take_batch(batch, TERMS)
        assert 0 < rows_read() - before < 200


def beside_one_another(*works: Callable[[], None]) -> list[Exception]:
    """Runs each in a thread with a connection of its own; what went wrong."""
    wrong: list[Exception] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        try:
            with base.scope():
                start.wait()
                work()
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def take_all(batch: Sequence[Told]) -> None:
    """As the intake does: what is locked is tried again."""
    while batch:
        results = take_batch(batch, TERMS)
        batch = [item for item, result in zip(batch, results, strict=True) if result is Later.LOCKED]


def test_overlapping_batches_of_two_processes_neither_wait_nor_repeat(database: Settings) -> None:
    """In opposite orders, while a third moves the same orders away: nobody dies of a deadlock, every order's moves are
    one chain, and what was locked the moment before it was moved is judged by where it stands."""
    payments = [a_payment(an_order()) for _ in range(48)]

    def tell(turn: int, *, backwards: bool) -> None:
        several = payments[turn : turn + 8][:: -1 if backwards else 1]
        take_all(
            [
                Told(news_of(payment, updated_at=NOW), a_notice(payment, str(payment.id)))
                for payment in several
            ]
        )

    def tell_all(*, backwards: bool) -> None:
        for turn in range(0, len(payments), 4):
            tell(turn, backwards=backwards)

    def expire() -> None:
        for payment in payments[::-3]:  # the last before they are told of
            base.rows(
                "SELECT advance_order(%s, 'created', 'expired', 'sweep', '', '{}', NULL)", payment.order_id
            )

    assert not beside_one_another(lambda: tell_all(backwards=False), lambda: tell_all(backwards=True), expire)
    for payment in payments:
        moves = list(Move.select().where(Move.order == payment.order_id).order_by(Move.seq))
        went = [(move.src, move.dst) for move in moves]
        assert went[1:] in (
            [("created", "paid")],
            [("created", "expired"), ("expired", "review")],
        )
        assert [move.seq for move in moves] == list(range(1, len(moves) + 1))
        assert [move.xid for move in moves] == sorted(move.xid for move in moves)
    assert Notice.select().count() == len(payments)
    assert all(Order.get_by_id(payment.order_id).state in {"paid", "review"} for payment in payments)
    assert Payment.select().where(Payment.rank == PaymentState.FINISHED.rank).count() == len(payments)
