"""Who may see what: closed unless a token opens it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest
from websockets.exceptions import ConnectionClosed

from bitloot.settings import Settings
from bitloot.states import OrderState
from bitloot.tokens import Tokens
from db.revocations import Grant, revoke_admin, revoke_token
from tests.web.relay.ears import Ear, RelayThread, a_settled_order
from web.relay.limits import Limits
from web.relay.messages import Close, Cut
from web.relay.rights import Rights, rights_of

ORDER, OTHER = uuid.uuid4(), uuid.uuid4()


def test_a_buyer_may_see_the_own_order_only(tokens: Tokens) -> None:
    rights = rights_of(tokens, tokens.buyer(ORDER))
    now = time.time()
    assert not rights.admin
    assert [rights.may(key, now) for key in (ORDER, OTHER, "orders", "jobs", "webhooks")] == [True] + [
        False
    ] * 4


@pytest.mark.parametrize("role", ["owner", "operator", "read-only"])
def test_an_admin_may_see_all(tokens: Tokens, role: str) -> None:
    rights = rights_of(tokens, tokens.admin("tester", role, 600))  # type: ignore[arg-type]
    assert rights.admin
    assert all(rights.may(key, time.time()) for key in (ORDER, "orders", "jobs", "webhooks"))


def test_a_session_of_the_console_may_see_all_as_long_as_it_lives(tokens: Tokens) -> None:
    session = uuid.uuid4()
    rights = rights_of(tokens, tokens.relay("ada@shop.example", session, 600))
    assert (rights.admin, rights.grant.session) == (True, session)
    with pytest.raises(Cut) as cut:
        rights_of(tokens, tokens.relay("ada@shop.example", session, -60))
    assert cut.value.code is Close.TOKEN_EXPIRED


def test_nobody_may_see_anything_once_expired() -> None:
    for rights in (Rights(Grant("t", 0, order_id=ORDER), 1000.0), Rights(Grant("t", 0, admin="a"), 1000.0)):
        assert rights.may(ORDER, 999.9)
        assert not rights.may(ORDER, 1000.0)


def test_a_link_token_or_none_gives_no_right(tokens: Tokens) -> None:
    for text in (tokens.link(ORDER, 1), "", "x", tokens.buyer(ORDER)[:-2]):
        with pytest.raises(Cut) as cut:
            rights_of(tokens, text)
        assert cut.value.code is Close.BAD_TOKEN


def test_an_expired_token_says_so_even_within_the_leeway(tokens: Tokens) -> None:
    for seconds in (-60, -1):
        with pytest.raises(Cut) as cut:
            rights_of(tokens, tokens.admin("tester", "owner", seconds))
        assert cut.value.code is Close.TOKEN_EXPIRED


def test_an_expired_token_is_refused_by_its_own_code(relay: RelayThread, tokens: Tokens) -> None:
    with Ear(relay.url) as ear:
        ear.say("hello", token=tokens.admin("tester", "owner", -60))
        assert ear.end() == (4419, [])


def in_time(attempt: Callable[[int], Ear]) -> Ear:
    """What `attempt` has brought about before a token of so many seconds ended; more of them where the machine stands
    still meanwhile."""
    for seconds in (2, 5):
        with suppress(ConnectionClosed):
            return attempt(seconds)
    return attempt(30)


def test_expiry_ends_an_open_connection(relay: RelayThread, tokens: Tokens) -> None:
    with ExitStack() as left:

        def subscribed(seconds: int) -> Ear:
            ear = left.enter_context(Ear(relay.url, tokens.admin("tester", "owner", seconds)))
            assert ear.subscribe(topic="orders")["type"] == "subscribed"
            return ear

        assert in_time(subscribed).end() == (4419, [])


def test_a_fresh_token_carries_an_open_connection_on(relay: RelayThread, tokens: Tokens) -> None:
    order = a_settled_order()
    with ExitStack() as left:

        def renewed(seconds: int) -> Ear:
            ear = left.enter_context(Ear(relay.url, tokens.buyer(order.id, seconds)))
            ear.hear()
            ear.say("refresh", token=tokens.buyer(order.id, 600))
            told = ear.hear()
            assert told["type"] == "refreshed"
            assert told["expires"] > ear.welcome["expires"] + 500
            return ear

        ear = in_time(renewed)
        time.sleep(max(0.0, ear.welcome["expires"] - time.time()) + 0.1)  # the old one's time
        order.advance(OrderState.PAID, actor="test")
        assert ear.hear()["seq"] == 2
        ear.say("refresh", token=tokens.buyer(order.id, 1))
        code, said = ear.end()
        assert code == 4419
        told = [message["type"] for message in said]
        assert told in (["refreshed"], [])  # nothing if its second was over already


def test_a_token_of_somebody_else_carries_nothing_on(relay: RelayThread, tokens: Tokens, admin: str) -> None:
    order, other = a_settled_order(), a_settled_order()
    for token, code in (
        (tokens.buyer(other.id), 4401),
        (admin, 4401),
        ("rubbish", 4401),
        (tokens.admin("x", "owner", -60), 4419),
    ):
        with Ear(relay.url, tokens.buyer(order.id)) as ear:
            ear.hear()
            ear.say("refresh", token=token)
            assert ear.end() == (code, [])


def test_a_right_that_is_withdrawn_ends_open_connections_and_opens_no_more(
    database: Settings, tokens: Tokens
) -> None:
    order = a_settled_order()
    mallory, alice = tokens.admin("mallory", "owner", 600), tokens.admin("alice", "owner", 600)
    buyers = [tokens.buyer(order.id) for _ in range(2)]
    with (
        RelayThread(database, Limits(rights_seconds=0.1)) as relay,
        Ear(relay.url, mallory) as out,
        Ear(relay.url, alice) as kept,
        Ear(relay.url, buyers[0]) as lost,
        Ear(relay.url, buyers[1]) as still,
    ):
        out.subscribe(topic="orders")
        kept.subscribe(topic="orders")
        assert {lost.hear()["type"], still.hear()["type"]} == {"subscribed"}
        revoke_admin("mallory", who="tester", reason="left us")
        revoke_token(tokens.read_buyer(buyers[0]).token_id, who="tester", reason="leaked")
        assert (out.end(), lost.end()) == ((4403, []), (4403, []))
        order.advance(OrderState.PAID, actor="test")
        assert (kept.hear()["seq"], still.hear()["seq"]) == (2, 2)
        for token in (mallory, buyers[0]):
            with Ear(relay.url) as ear:
                ear.say("hello", token=token)
                assert ear.end() == (4403, [])
        still.say("refresh", token=buyers[0])
        assert still.end() == (4403, [])
