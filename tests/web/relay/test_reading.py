"""Reads from worker threads, each with a connection scope of its own."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from bitloot.errors import Retryable
from bitloot.settings import Settings
from bitloot.states import OrderState
from db import base
from db.journal import Cursor, behind, head
from tests.factories import an_order
from tests.web.relay.ears import here
from web.relay.limits import Limits
from web.relay.reading import Reading


def test_a_start_tells_the_last_move_or_what_was_missed(database: Settings) -> None:
    order, other = an_order(), an_order()
    begin = here()
    order.advance(OrderState.PAID, actor="test")
    here()

    async def story() -> None:
        reading = Reading(Limits())
        fresh = await reading.start(order.id, None)
        assert fresh is not None
        assert fresh.last is not None
        assert (fresh.recovered, fresh.last.dst, fresh.moves) == (False, "paid", [])
        again = await reading.start(order.id, begin)
        assert again is not None
        assert (again.recovered, [move.seq for move in again.moves], again.last) == (True, [2], None)
        everything = await reading.start(None, None)
        assert everything is not None
        assert (everything.after, everything.moves) == (head(), [])
        quiet = await reading.start(other.id, begin)
        assert quiet is not None
        assert (quiet.recovered, quiet.moves) == (True, [])
        assert await reading.start(uuid.uuid4(), begin) is None
        reading.close()

    asyncio.run(story())


def test_what_lies_behind_is_counted_up_to_a_bound(database: Settings) -> None:
    begin = here()
    orders = [an_order() for _ in range(3)]
    assert (behind(begin, 100), behind(begin, 2), behind(begin, 100, [orders[0].id])) == (3, 2, 1)
    assert behind(here(), 100) == 0


def test_a_database_that_is_away_is_retryable() -> None:
    base.connect_url("postgresql://nobody@127.0.0.1:9/nothing", max_connections=4, application="test")

    async def story() -> None:
        reading, anywhere = Reading(Limits()), Cursor(str(uuid.uuid4()), 0, 0)
        for read in (reading.head(), reading.start(None, None), reading.follow(anywhere)):
            with pytest.raises(Retryable, match="OperationalError"):
                await read
        reading.close()

    asyncio.run(story())
