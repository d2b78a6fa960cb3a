"""The Python client: it comes back by itself and misses nothing."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import Any

from bitloot.engines.ports import free_port
from bitloot.settings import Settings
from bitloot.states import OrderState
from bitloot.tokens import Tokens
from tests.factories import an_order
from tests.web.relay.ears import RelayThread, a_settled_order
from web.relay.client import Event, RelayRefused, Subscribed, follow
from web.relay.limits import Limits

Heard = queue.SimpleQueue[Event | Subscribed | Exception]


class _Follower(threading.Thread):
    """Puts what `follow` yields into `heard`, or the refusal that ended it."""

    def __init__(self, stream: AsyncGenerator[Event | Subscribed, None]) -> None:
        super().__init__()
        self.heard: Heard = queue.SimpleQueue()
        self._stream = stream
        self._loop = asyncio.new_event_loop()
        self._listening = self._loop.create_task(self._listen())

    def run(self) -> None:
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._listening)
        self._loop.close()

    def end(self) -> None:
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._listening.cancel)
        self.join()

    async def _listen(self) -> None:
        try:
            async with aclosing(self._stream) as stream:
                async for message in stream:
                    self.heard.put(message)
        except RelayRefused as refused:
            self.heard.put(refused)


@contextmanager
def following(url: str, token: str | Callable[[], str], **options: Any) -> Iterator[Heard]:
    follower = _Follower(follow(url, token, **options))
    follower.start()
    try:
        yield follower.heard
    finally:
        follower.end()


def event(heard: Heard) -> Event:
    found = heard.get(timeout=60)
    assert isinstance(found, Event)
    return found


def start(heard: Heard) -> Subscribed:
    found = heard.get(timeout=60)
    assert isinstance(found, Subscribed)
    return found


def refusal(heard: Heard) -> str:
    found = heard.get(timeout=60)
    assert isinstance(found, RelayRefused)
    return found.code


def test_a_buyers_stream_goes_on_over_a_restart_of_the_relay(database: Settings, tokens: Tokens) -> None:
    settings, order = database, a_settled_order()
    port, limits = free_port(), Limits(spread_seconds=0)

    def a_relay() -> RelayThread:
        return RelayThread(settings, limits, port=port)

    with following(f"ws://127.0.0.1:{port}/fulfillment", tokens.buyer(order.id)) as heard:
        with a_relay():
            first = start(heard)
            assert (first.recovered, first.order) == (None, str(order.id))
            assert first.snapshot is not None
            assert first.snapshot["state"] == "created"
            order.advance(OrderState.PAID, actor="test")
            assert (event(heard).seq, heard.empty()) == (2, True)
        order.advance(OrderState.WAITING, actor="test")  # while there is no relay
        order.advance(OrderState.READY, actor="test")
        with a_relay():
            again = start(heard)
            assert (again.recovered, again.snapshot) == (True, None)
            order.advance(OrderState.FULFILLED, actor="test")
            assert [event(heard).seq for _ in range(3)] == [3, 4, 5]


def test_an_admin_follows_everything_and_resumes_from_a_cursor(relay: RelayThread, admin: str) -> None:
    with following(relay.url, admin) as heard:
        topics = [start(heard) for _ in range(3)]
        assert [topic.topic for topic in topics] == ["orders", "jobs", "webhooks"]
        order = an_order()
        seen = event(heard)
        assert (seen.type, seen.order, seen.data["dst"]) == ("fulfillment:status", str(order.id), "created")
    order.advance(OrderState.PAID, actor="test")
    with following(relay.url, admin, cursor=seen.cursor, orders=[order.id]) as heard:
        assert start(heard).recovered is True
        assert event(heard).type == "payment:confirmed"


def test_what_a_second_try_cannot_mend_is_raised(relay: RelayThread, tokens: Tokens, admin: str) -> None:
    order, other = a_settled_order(), a_settled_order()
    with following(relay.url, "rubbish") as heard:
        assert refusal(heard) == "bad_token"
    with following(relay.url, tokens.admin("tester", "owner", -60)) as heard:
        assert refusal(heard) == "token_expired"
    with following(relay.url, tokens.buyer(order.id), orders=[str(order.id), str(other.id)]) as heard:
        assert start(heard).order == str(order.id)
        assert refusal(heard) == "not_found"
    with following(relay.url + "/elsewhere", admin) as heard:
        assert refusal(heard) == "relay_refused"


def test_a_token_that_expires_is_asked_for_again(relay: RelayThread, tokens: Tokens) -> None:
    order, begun = a_settled_order(), threading.Event()
    with following(relay.url, lambda: tokens.buyer(order.id, 600 if begun.is_set() else 2)) as heard:
        assert start(heard).recovered is None
        begun.set()
        assert start(heard).recovered is True
        order.advance(OrderState.PAID, actor="test")
        assert event(heard).seq == 2


def test_one_that_was_behind_a_lost_journal_is_told(relay: RelayThread, tokens: Tokens) -> None:
    order = a_settled_order()
    with following(relay.url, tokens.buyer(order.id), cursor="A" * 43) as heard:
        told = start(heard)
    assert told.recovered is False
    assert told.snapshot is not None
