"""The journal: what committed is followed, in a settled order, and nothing is skipped or told early."""

from __future__ import annotations

import psycopg2

from bitloot.settings import Settings
from bitloot.states import OrderState
from db import Order, base
from db.journal import Cursor, behind, follow, head, held_seconds, look
from tests.factories import a_paid_order, an_order
from tests.waiting import until


def _start() -> Cursor:
    """The journal's beginning, once all that committed is settled: open transactions of any database of the server,
    other tests' among them, hold that up for a moment."""
    first = Cursor(head().epoch, 0, 0)
    _settle()
    return first


def _settle() -> None:
    until(lambda: behind(head(), 1) == 0, what="everything is settled")


def test_every_move_is_told_once_in_order(database: Settings) -> None:
    order = an_order()
    order.advance(OrderState.PAID, actor="test")
    order.advance(OrderState.WAITING, actor="test")
    moves = follow(_start())
    assert [(move.seq, move.src, move.dst) for move in moves] == [
        (1, None, "created"),
        (2, "created", "paid"),
        (3, "paid", "waiting"),
    ]
    assert follow(moves[-1].cursor) == []
    assert head() == moves[-1].cursor


def test_a_look_is_bounded_and_goes_on_where_it_was(database: Settings) -> None:
    for _ in range(5):
        an_order()
    first = follow(_start(), limit=3)
    rest = follow(first[-1].cursor, limit=3)
    assert (len(first), len(rest)) == (3, 2)
    assert len({move.cursor for move in first + rest}) == 5


def test_transactions_are_numbers_and_not_words(database: Settings) -> None:
    """Found by F17: where a number has one digit more than the one before, a word would sort before it; whoever had
    heard of the later move was then never told of the earlier one."""
    numbers = (9, 10, 99, 100)
    orders = [an_order() for _ in numbers]
    start = _start()
    for order, number in zip(orders, numbers, strict=True):
        base.rows("UPDATE moves SET xid = %s::xid8 WHERE order_id = %s RETURNING 1", str(number), order.id)
    for told in (follow(start), look(start).moves):
        assert [move.cursor.xid for move in told] == list(numbers)


def test_only_the_wanted_orders(database: Settings) -> None:
    one, _ = an_order(), an_order()
    assert [move.order_id for move in follow(_start(), orders=[one.id])] == [one.id]
    assert follow(_start(), orders=[]) == []


def test_a_transaction_that_commits_late_is_not_skipped(database: Settings, database_url: str) -> None:
    slow, quick = an_order(), an_order()
    seen = follow(_start())
    connection = psycopg2.connect(database_url)
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT advance_order(%s, 'created', 'paid', 't', '', '{}', 5)", (str(slow.id),))
        assert Order.get_by_id(quick.id).advance(OrderState.PAID, actor="test")
        early = follow(seen[-1].cursor)
        connection.commit()
    finally:
        connection.close()
    _settle()
    late = follow((early or seen)[-1].cursor)
    assert [move.order_id for move in early] == []  # the later one waits for the earlier, still open
    assert [move.order_id for move in late] == [slow.id, quick.id]


def test_an_orders_moves_keep_their_order_whoever_began_first(database: Settings, database_url: str) -> None:
    """A transaction has its number from its first write, which may be long before it moves the order."""
    order = an_order()
    seen = follow(_start())
    connection = psycopg2.connect(database_url)
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT pg_current_xact_id()")
        assert order.advance(OrderState.PAID, actor="test")
        cursor.execute("SELECT advance_order(%s, 'paid', 'waiting', 't', '', '{}', 5)", (str(order.id),))
        connection.commit()
    finally:
        connection.close()
    _settle()
    assert [move.dst for move in follow(seen[-1].cursor)] == ["paid", "waiting"]


def test_what_is_rolled_back_is_never_told(database: Settings, database_url: str) -> None:
    order = an_order()
    seen = follow(_start())
    connection = psycopg2.connect(database_url)
    connection.cursor().execute(
        "SELECT advance_order(%s, 'created', 'paid', 't', '', '{}', 5)", (str(order.id),)
    )
    connection.rollback()
    connection.close()
    assert follow(seen[-1].cursor) == []


def test_one_look_tells_what_is_settled_and_how_much_is_held_back(
    database: Settings, database_url: str
) -> None:
    first, second = an_order(), an_order()
    seen = follow(_start())
    connection = psycopg2.connect(database_url)
    try:
        first.advance(OrderState.PAID, actor="test")
        until(lambda: look(seen[-1].cursor).held == 0, what="the first is settled")
        connection.cursor().execute("SELECT pg_current_xact_id()")
        second.advance(OrderState.PAID, actor="test")
        found = look(seen[-1].cursor)
        assert ([move.order_id for move in found.moves], found.full, found.held) == ([first.id], False, 1)
        assert look(seen[-1].cursor, limit=1).full
    finally:
        connection.close()


def test_what_an_older_transaction_holds_back_has_an_age(database: Settings) -> None:
    other = psycopg2.connect(database.database_url.get_secret_value())
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        a_paid_order()
        base.rows("UPDATE moves SET at = at - interval '1 minute' RETURNING id")
        assert held_seconds() >= 60
    finally:
        other.close()
