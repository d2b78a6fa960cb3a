"""What each kind of client is told, and what ends a conversation."""

from __future__ import annotations

import json
import uuid

import psycopg2
import pytest

from bitloot.settings import Settings
from bitloot.states import OrderState
from bitloot.tokens import Tokens
from db import Order
from tests.factories import an_order
from tests.web.relay.ears import Ear, RelayThread, a_settled_order, heard_until, here
from web.relay import cursors
from web.relay.limits import Limits


def back_and_forth(order: Order, times: int) -> None:
    """Moves: to failed and to paid again, `times` in all; the order is paid or failed."""
    for _ in range(times):
        dst = OrderState.FAILED if order.state is OrderState.PAID else OrderState.PAID
        assert order.advance(dst, actor="tester", reason="secret reason", data={"figure": "42"})


def a_paid_one() -> Order:
    return a_settled_order(OrderState.PAID)


def last_cursor() -> str:
    return cursors.write(here())


def test_a_buyer_gets_the_present_state_first_and_then_what_follows(
    relay: RelayThread, tokens: Tokens
) -> None:
    order = a_paid_one()
    with Ear(relay.url, tokens.buyer(order.id)) as ear:
        assert (ear.welcome["as"], ear.welcome["order"]) == ("buyer", str(order.id))
        start = ear.hear()
        assert (start["type"], start["order"], start["recovered"]) == ("subscribed", str(order.id), None)
        assert (start["snapshot"]["state"], start["snapshot"]["seq"]) == ("paid", 2)
        order.advance(OrderState.WAITING, actor="tester")
        order.advance(OrderState.READY, actor="tester")
        first, second = ear.hear(), ear.hear()
    assert (first["type"], first["seq"], first["data"]) == (
        "fulfillment:reserved",
        3,
        {"src": "paid", "dst": "waiting"},
    )
    assert (second["type"], second["seq"], second["id"]) == ("fulfillment:status", 4, f"{order.id}:4")


def test_a_buyer_hears_no_reasons_and_an_admin_does(relay: RelayThread, tokens: Tokens, admin: str) -> None:
    order = a_paid_one()
    with Ear(relay.url, tokens.buyer(order.id)) as buyer, Ear(relay.url, admin) as operator:
        buyer.hear()
        operator.subscribe(order=str(order.id))
        back_and_forth(order, 1)
        told, known = buyer.hear(), operator.hear()
    assert "secret" not in json.dumps(told)
    assert "42" not in json.dumps(told["data"])
    assert known["data"] == {
        "src": "paid",
        "dst": "failed",
        "actor": "tester",
        "reason": "secret reason",
        "data": {"figure": "42"},
    }
    assert told["cursor"] == known["cursor"]


def test_no_event_of_another_order_reaches_a_buyer(relay: RelayThread, tokens: Tokens) -> None:
    own, other = a_paid_one(), a_paid_one()
    with Ear(relay.url, tokens.buyer(own.id)) as ear:
        ear.hear()
        back_and_forth(other, 100)
        back_and_forth(own, 1)
        assert ear.hear()["order"] == str(own.id)
        assert relay.metric("moves_total") > 100


def test_an_admin_sees_every_order(relay: RelayThread, admin: str) -> None:
    orders = [a_paid_one(), a_paid_one()]
    with Ear(relay.url, admin) as ear:
        assert ear.subscribe(topic="orders")["snapshot"] is None
        for order in orders:
            back_and_forth(order, 2)
        events = heard_until(ear, last_cursor())
    assert [event["order"] for event in events] == [str(order.id) for order in orders for _ in range(2)]


@pytest.mark.parametrize("key", ["order", "topic"])
def test_what_is_not_yours_is_answered_like_what_is_not_there(
    relay: RelayThread, tokens: Tokens, admin: str, key: str
) -> None:
    own, other = a_settled_order(), a_settled_order()
    nowhere = str(uuid.uuid4())
    with Ear(relay.url, tokens.buyer(own.id)) as buyer, Ear(relay.url, admin) as operator:
        buyer.hear()
        wanted = {"order": str(other.id)} if key == "order" else {"topic": "orders"}
        assert buyer.subscribe(**wanted) == {"type": "error", "code": "not_found", **wanted}
        assert operator.subscribe(order=nowhere) == {"type": "error", "code": "not_found", "order": nowhere}


def test_a_move_reaches_a_client_once_however_it_subscribes(relay: RelayThread, admin: str) -> None:
    order = a_paid_one()
    with Ear(relay.url, admin) as ear:
        ear.subscribe(order=str(order.id))
        assert ear.subscribe(order=str(order.id))["code"] == "already_subscribed"
        assert ear.subscribe(topic="orders")["code"] == "already_subscribed"
        back_and_forth(order, 2)
        assert [event["seq"] for event in heard_until(ear, last_cursor())] == [3, 4]


def test_after_unsubscribe_nothing_more_comes(relay: RelayThread, admin: str) -> None:
    left, kept = a_paid_one(), a_paid_one()
    with Ear(relay.url, admin) as ear:
        ear.subscribe(order=str(left.id))
        ear.subscribe(order=str(kept.id))
        ear.say("unsubscribe", order=str(left.id))
        assert ear.hear() == {"type": "unsubscribed", "order": str(left.id)}
        back_and_forth(left, 3)
        back_and_forth(kept, 1)
        assert ear.hear()["order"] == str(kept.id)
        ear.say("unsubscribe", order=str(left.id))
        assert ear.hear()["code"] == "not_subscribed"


def test_a_browser_may_ask_whether_the_relay_lives(relay: RelayThread, admin: str) -> None:
    with Ear(relay.url, admin) as ear:
        ear.say("ping")
        assert ear.hear() == {"type": "pong"}


def test_a_client_resumes_where_it_was_without_gap_or_repeat(
    relay: RelayThread, tokens: Tokens, admin: str
) -> None:
    order, other = a_paid_one(), a_paid_one()
    with Ear(relay.url, tokens.buyer(order.id)) as ear:
        ear.hear()
        back_and_forth(order, 2)
        seen = [ear.hear(), ear.hear()]
    back_and_forth(order, 3)
    back_and_forth(other, 2)
    with Ear(relay.url, tokens.buyer(order.id), seen[0]["cursor"]) as ear:
        start = ear.hear()
        assert (start["recovered"], start["snapshot"]) == (True, None)
        assert [ear.hear()["seq"] for _ in range(4)] == [4, 5, 6, 7]
        back_and_forth(order, 1)
        assert ear.hear()["seq"] == 8
    with Ear(relay.url, admin) as ear:
        assert ear.subscribe(topic="orders", cursor=seen[1]["cursor"])["recovered"] is True
        events = heard_until(ear, last_cursor())
    assert [(event["order"], event["seq"]) for event in events] == [
        *((str(order.id), seq) for seq in (5, 6, 7)),
        *((str(other.id), seq) for seq in (3, 4)),
        (str(order.id), 8),
    ]


def test_the_cursor_of_hello_resumes_an_admins_first_subscription_only(
    relay: RelayThread, admin: str
) -> None:
    order = a_paid_one()
    cursor = last_cursor()
    back_and_forth(order, 2)
    with Ear(relay.url, admin, cursor) as ear:
        assert ear.subscribe(topic="orders")["recovered"] is True
        assert [ear.hear()["seq"], ear.hear()["seq"]] == [3, 4]
        ear.say("unsubscribe", topic="orders")
        ear.hear()
        assert ear.subscribe(topic="orders")["recovered"] is None
        back_and_forth(order, 1)
        assert ear.hear()["seq"] == 5


@pytest.mark.parametrize("cursor", ["", "rubbish", "A" * 43, "é" * 43])
def test_an_unreadable_cursor_is_not_recovered(relay: RelayThread, tokens: Tokens, cursor: str) -> None:
    order = a_paid_one()
    with Ear(relay.url, tokens.buyer(order.id), cursor) as ear:
        start = ear.hear()
    assert (start["recovered"], start["snapshot"]["state"]) == (False, "paid")


def test_a_cursor_of_another_journal_or_of_the_future_is_not_recovered(
    relay: RelayThread, admin: str
) -> None:
    order, now = a_paid_one(), here()
    foreign = type(now)(str(uuid.uuid4()), now.xid, now.id)
    future = type(now)(now.epoch, now.xid + 1000, now.id)
    for cursor in (foreign, future):
        with Ear(relay.url, admin) as ear:
            start = ear.subscribe(order=str(order.id), cursor=cursors.write(cursor))
            assert (start["recovered"], start["snapshot"]["state"]) == (False, "paid")


def test_one_who_connects_before_the_first_move_has_settled_hears_it(
    relay: RelayThread, tokens: Tokens, database: Settings, database_url: str
) -> None:
    connection = psycopg2.connect(database_url)
    try:
        connection.cursor().execute("SELECT pg_current_xact_id()")  # from now on nothing settles
        order = an_order()
        with Ear(relay.url, tokens.buyer(order.id)) as ear:
            assert ear.hear()["snapshot"] == {"state": None, "seq": 0, "at": None}
            connection.rollback()
            assert (ear.hear()["seq"], order.state) == (1, OrderState.CREATED)
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"type":"subscribe","topic":"orders"}', 4400),
        ('{"type":"hello"}', 4400),
        ('{"type":"hello","token":"x","extra":1}', 4400),
        ("not json", 4400),
        ("[]", 4400),
        (b"binary", 4415),
        ("x" * 4097, 1009),
        ('{"type":"hello","token":"rubbish"}', 4401),
        ('{"type":"hello","token":""}', 4401),
    ],
)
def test_a_first_message_that_is_no_hello_ends_the_connection(
    relay: RelayThread, frame: str | bytes, code: int
) -> None:
    with Ear(relay.url) as ear:
        ear.socket.send(frame)
        assert ear.end() == (code, [])


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"type":"hello","token":"again"}', 4400),
        ('{"type":"publish"}', 4400),
        ('{"type":"subscribe"}', 4400),
        ('{"type":"subscribe","order":"x"}', 4400),
        ('{"type":"subscribe","topic":"keys"}', 4400),
        (b"{}", 4415),
        (json.dumps({"type": "subscribe", "topic": "orders", "cursor": "x" * 4096}), 1009),
    ],
)
def test_a_message_that_is_none_ends_an_admins_connection_too(
    relay: RelayThread, admin: str, frame: str | bytes, code: int
) -> None:
    with Ear(relay.url, admin) as ear:
        ear.socket.send(frame)
        assert ear.end() == (code, [])


def test_more_subscriptions_than_allowed_end_the_connection(relay: RelayThread, admin: str) -> None:
    orders = [an_order() for _ in range(51)]
    with Ear(relay.url, admin) as ear:
        for order in orders[:-1]:
            assert ear.subscribe(order=str(order.id))["type"] == "subscribed"
        assert relay.metric("subscriptions") == 50
        ear.say("subscribe", order=str(orders[-1].id))
        assert ear.end() == (4429, [])


def test_who_says_nothing_is_cut_at_the_deadline(database: Settings) -> None:
    with RelayThread(database, Limits(hello_seconds=0.2)) as relay, Ear(relay.url) as ear:
        assert ear.end() == (4408, [])


def test_one_who_is_too_far_behind_is_told_to_reload(database: Settings, admin: str) -> None:
    order, begin = a_paid_one(), last_cursor()
    back_and_forth(order, 5)
    with RelayThread(database, Limits(replay_moves=5, page_moves=2)) as relay:
        with Ear(relay.url, admin) as ear:
            assert ear.subscribe(topic="orders", cursor=begin)["recovered"] is True
            back_and_forth(order, 1)
            assert [ear.hear()["seq"] for _ in range(6)] == [3, 4, 5, 6, 7, 8]
        with Ear(relay.url, admin) as ear:
            assert ear.subscribe(topic="orders", cursor=begin)["recovered"] is False
            back_and_forth(order, 1)
            assert ear.hear()["seq"] == 9
