"""Errands: at the desk they wait for the end of the round, elsewhere for nothing."""

from __future__ import annotations

import queue
from collections.abc import Callable

from web.desk import Desk, at_the_desk
from web.errands import Errands


def test_at_the_desk_all_of_a_round_go_together_in_their_order_and_once() -> None:
    calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    desk, errands = Desk(calls.put), Errands()
    gone: list[tuple[int, bool]] = []

    def visit(number: int) -> None:
        errands.add(lambda: gone.append((number, at_the_desk())))

    for number in range(3):
        desk.serve(lambda number=number: visit(number), lambda: None)  # type: ignore[misc]
    assert gone == []
    desk.end_round()
    assert gone == [(0, False), (1, False), (2, False)]
    assert calls.empty()


def test_elsewhere_they_go_at_once() -> None:
    gone: list[int] = []
    errands = Errands()
    errands.add(lambda: gone.append(1))
    assert gone == [1]
    errands.add(lambda: gone.append(2))
    assert gone == [1, 2]
