"""Reads from worker threads, each with a connection scope of its own."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from bitloot.errors import Retryable
from bitloot.settings import Settings
from bitloot.states import OrderState
from db import base
from db.journal import Cursor, behind
from tests.factories import an_order
from tests.web.relay.ears import here
from web.relay.limits import Limits
from web.relay.reading import Reading


def test_a_start_and_a_page_are_read_off_the_event_loop(database: Settings) -> None:
    order = an_order()
    begin = here()
    order.advance(OrderState.PAID, actor="test")
    here()

    async def story() -> None:
        reading = Reading(Limits())
        start = await reading.start(order.id, begin)
        assert start is not None
        assert start.moves == await reading.page(begin, order.id) == (await reading.look(begin)).moves
        assert await reading.head() == start.moves[-1].cursor
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
        for read in (reading.head(), reading.start(None, None), reading.look(anywhere)):
            with pytest.raises(Retryable, match="OperationalError"):
                await read
        reading.close()

    asyncio.run(story())
