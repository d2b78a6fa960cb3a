"""Where a stream begins."""

from __future__ import annotations

import uuid

from bitloot.settings import Settings
from bitloot.states import OrderState
from db.journal import Cursor, head
from tests.factories import an_order
from tests.web.relay.ears import here
from web.relay.limits import Limits
from web.relay.start import Start, find_start


def start(order: uuid.UUID | None, cursor: Cursor | None, **limits: int) -> Start:
    found = find_start(order, cursor, Limits(**limits))
    assert found is not None
    return found


def test_a_stream_begins_with_what_was_missed_or_with_the_present_state(database: Settings) -> None:
    order, other = an_order(), an_order()
    begin = here()
    order.advance(OrderState.PAID, actor="test")
    here()
    fresh = start(order.id, None)
    assert fresh.last is not None
    assert (fresh.recovered, fresh.last.dst, fresh.moves) == (False, "paid", [])
    again = start(order.id, begin)
    assert (again.recovered, [move.seq for move in again.moves], again.last) == (True, [2], None)
    quiet = start(other.id, begin)
    assert (quiet.recovered, quiet.moves) == (True, [])
    everything = start(None, None)
    assert (everything.after, everything.moves) == (head(), [])
    assert find_start(uuid.uuid4(), begin, Limits()) is None


def test_too_far_back_of_another_journal_or_of_the_future_is_not_recovered(database: Settings) -> None:
    order = an_order()
    begin = here()
    order.advance(OrderState.PAID, actor="test")
    order.advance(OrderState.WAITING, actor="test")
    now = here()
    assert start(None, begin, replay_moves=2).recovered
    assert not start(None, begin, replay_moves=1).recovered
    assert not start(None, Cursor(str(uuid.uuid4()), now.xid, now.id)).recovered
    assert not start(None, Cursor(now.epoch, now.xid + 1000, now.id)).recovered
