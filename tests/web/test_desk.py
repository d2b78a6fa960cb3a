"""The desk: many requests stand still on one loop at once, and go on when their word comes."""

from __future__ import annotations

import queue
import selectors
import socket
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest
from gunicorn.workers.gthread import PollableMethodQueue  # type: ignore[import-untyped]

from tests.waiting import until
from web.deadline import database
from web.desk import Desk, Elsewhere, Sleeper, at_the_desk, sleeper, soon
from web.worker import GatheringWorker


class Loop:
    """Stands for the worker's: what is called from elsewhere runs here, one after the other."""

    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.desk = Desk(self.calls.put)

    def turn(self) -> None:
        self.calls.get(timeout=5)()


def test_requests_stand_still_together_and_each_goes_on_by_its_own_word() -> None:
    loop, told = Loop(), []
    waiting: dict[int, Sleeper] = {}

    def visit(number: int) -> None:
        waiting[number] = sleeper()
        waiting[number].wait(60)
        told.append(number)

    for number in range(50):
        loop.desk.serve(lambda number=number: visit(number), lambda: None)  # type: ignore[misc]
    assert told == []
    waiting[7].wake()
    loop.turn()
    assert told == [7]


def test_those_who_are_woken_together_cost_one_call() -> None:
    loop, ended = Loop(), []
    sleeping: list[Sleeper] = []

    def visit() -> None:
        sleeping.append(sleeper())
        sleeping[-1].wait(60)

    for _ in range(20):
        loop.desk.serve(visit, lambda: ended.append(at_the_desk()))

    def wake_all() -> None:
        for each in sleeping:
            each.wake()

    other = threading.Thread(target=wake_all)
    other.start()
    other.join()
    loop.turn()
    assert ended == [False] * 20  # each visit was over when its end was told
    assert loop.calls.empty()


def test_what_many_visits_ask_for_is_done_once_and_after_all_of_them() -> None:
    loop = Loop()
    done: list[bool] = []

    def told() -> None:
        done.append(at_the_desk())

    def visit() -> None:
        soon(told)

    for _ in range(3):
        loop.desk.serve(visit, lambda: None)
    assert done == []
    loop.desk.end_round()
    assert done == [False]
    loop.desk.serve(visit, lambda: None)  # the next round
    loop.desk.end_round()
    loop.desk.end_round()
    assert done == [False, False]


def test_a_busy_loop_reads_on_before_it_does_what_was_asked_of_it() -> None:
    """Whoever has come by then goes with the others; but they do not wait for ever."""
    more, done = [True, True, False], []
    desk = Desk(SimpleQueue[Callable[[], None]]().put, lambda: more.pop(0) if more else True)
    desk.serve(lambda: soon(lambda: done.append("idle")), lambda: None)
    desk.end_round()
    desk.end_round()
    assert done == []
    desk.end_round()
    assert done == ["idle"]
    desk.serve(lambda: soon(lambda: done.append("at last")), lambda: None)

    def ended() -> bool:
        desk.end_round()
        return done == ["idle", "at last"]

    until(ended)


class Poller(selectors.DefaultSelector):
    """Never waits; notes how long it was to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float | None] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.seconds.append(timeout)
        return super().select(0)


def test_what_was_put_off_for_somebody_who_left_does_not_wait_for_the_next() -> None:
    """A new connection is told to all processes, and one of them takes it."""
    worker: Any = object.__new__(GatheringWorker)
    worker.alive, worker.poller, worker.method_queue = True, Poller(), PollableMethodQueue()
    worker.method_queue.init()
    worker._desk = Desk(worker.method_queue.defer, worker._has_more)
    done: list[str] = []
    ours, theirs = socket.socketpair()
    with ours, theirs, worker.poller:
        worker.poller.register(ours, selectors.EVENT_READ)
        theirs.send(b"x")
        worker._desk.serve(lambda: soon(lambda: done.append("handed over")), lambda: None)
        worker._desk.end_round()
        assert done == []
        worker.poller.unregister(ours)
        worker.wait_for_and_dispatch_events(60)
        assert worker.poller.seconds == [0, 0, 0]
        assert done == ["handed over"]
        worker.wait_for_and_dispatch_events(60)
        assert worker.poller.seconds[3:] == [60]
    worker.method_queue.close()


def test_elsewhere_it_is_done_at_once() -> None:
    done: list[bool] = []
    soon(lambda: done.append(at_the_desk()))
    assert done == [False]


def test_what_a_request_raises_reaches_the_loop() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        Loop().desk.serve(leave, lambda: None)


def test_nobody_waits_for_the_database_at_the_desk() -> None:
    caught: list[BaseException] = []

    def visit() -> None:
        try:
            with database():
                raise AssertionError("the loop stood still")
        except Elsewhere as elsewhere:
            caught.append(elsewhere)

    Loop().desk.serve(visit, lambda: None)
    assert len(caught) == 1


def test_a_thread_waits_as_threads_do() -> None:
    waiting = sleeper()
    assert not at_the_desk()
    assert waiting.wait(0.01) is False
    waiting.wake()
    assert waiting.wait(60) is True
