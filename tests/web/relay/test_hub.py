"""Joining the stream: without a gap and without a repeat, whatever passes meanwhile."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from typing import cast

from db.journal import Cursor
from web.relay.hub import Subscription
from web.relay.seat import Seat

EPOCH = str(uuid.uuid4())
LAST = 6


def at(place: int) -> Cursor:
    return Cursor(EPOCH, place, place)


def meetings() -> Iterator[tuple[int, int, int, int]]:
    """Every (known, before, read, during): the client knows `known`; the fan-out stands at `before` when the client
    joins; the reader sees up to `read`, at least that far; the fan-out has come to `during` when the reader is back.
    """
    for known, before, read, during in itertools.product(range(LAST + 1), repeat=4):
        if known <= read and before <= read and before <= during:
            yield known, before, read, during


def test_a_stream_is_whole_at_every_meeting_of_reader_and_fan_out() -> None:
    cases = list(meetings())
    assert len(cases) > 500
    for case in cases:
        assert heard_by_one_who_joins(*case) == list(range(case[0] + 1, LAST + 1)), case


def heard_by_one_who_joins(known: int, before: int, read: int, during: int) -> list[int]:
    subscription = Subscription(cast(Seat, None), "orders", after=at(known))
    heard = []
    for place in range(before + 1, during + 1):
        assert not subscription.offer(at(place))
    for place in range(known + 1, read + 1):
        subscription.after = at(place)
        heard.append(place)
    while not subscription.go_live():
        assert subscription.after is not None
        assert subscription.newest is not None
        for place in range(subscription.after.id + 1, subscription.newest.id + 1):  # the reader reads again
            subscription.after = at(place)
            heard.append(place)
    return heard + [place for place in range(during + 1, LAST + 1) if subscription.offer(at(place))]


def test_a_subscription_that_is_not_live_gets_nothing_from_the_fan_out() -> None:
    subscription = Subscription(cast(Seat, None), "orders")
    assert not subscription.offer(at(1))
    assert not subscription.go_live()  # nothing was read yet, and one move passed
    subscription.after = at(1)
    assert subscription.go_live()
    assert [subscription.offer(at(place)) for place in (1, 2, 2, 3)] == [False, True, False, True]
