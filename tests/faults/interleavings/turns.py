"""Two threads on one order, one of them going at a time, in every order that a schedule can say (RELIABILITY §1 F)."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from db import base

__all__ = ["Turns", "bounded", "run_turns", "schedules"]

Work = Callable[[], None]

#: How long (seconds) a thread waits for its turn before the schedule is called stuck.
STUCK = 20.0

#: Switches that a sampled schedule has at most.
MOST_SWITCHES = 6


@dataclass
class Turns:
    """Says who goes. `switches`: after so many boundaries, counted over both threads, the other one goes on."""

    first: int
    switches: frozenset[int]
    trace: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._turn = self.first
        self._alive = {0, 1}
        self._names: dict[int, int] = {}  # thread's ident -> which of the two

    def boundary(self, name: str) -> None:
        """A statement or an outgoing call of one of the two is about to be made; others pass."""
        me = self._names.get(threading.get_ident())
        if me is None:
            return
        with self._changed:
            self.trace.append((me, name))
            if len(self.trace) in self.switches and len(self._alive) == 2:
                self._turn = 1 - me
                self._changed.notify_all()
            self._wait(me)

    def enter(self, me: int) -> None:
        with self._changed:
            self._names[threading.get_ident()] = me
            self._wait(me)

    def leave(self, me: int) -> None:
        with self._changed:
            self._alive.discard(me)
            self._turn = 1 - me
            self._changed.notify_all()

    def _wait(self, me: int) -> None:
        if not self._changed.wait_for(lambda: self._turn == me, STUCK):
            raise RuntimeError(f"thread {me} waits for ever; so far: {self.trace}")


def run_turns(works: Sequence[Work], turns: Turns) -> None:
    """Runs both to their end, each on a connection of its own. Raises what either of them raised."""
    errors: list[BaseException] = []

    def live(me: int, work: Work) -> None:
        turns.enter(me)
        try:
            with base.scope():
                work()
        except BaseException as error:  # told to whoever waits for both
            errors.append(error)
        finally:
            turns.leave(me)

    threads = [threading.Thread(target=live, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * STUCK)
    if errors:
        raise errors[0]


@contextmanager
def bounded(turns: Turns, is_aside: Callable[[], bool]) -> Iterator[None]:
    """Every statement becomes a boundary, unless it `is_aside`, and so does every transaction as a whole: it is never
    cut, since the other thread would only wait for its locks."""
    database: Any = base.database
    execute, atomic = database.execute_sql, database.atomic

    def pause(name: str) -> None:
        if not is_aside() and not base.in_transaction():
            turns.boundary(name)

    def execute_sql(sql: str, *args: Any, **options: Any) -> Any:
        pause(" ".join(str(sql).split()[:3]))
        return execute(sql, *args, **options)

    def in_one(*args: Any, **options: Any) -> Any:
        pause("BEGIN")
        return atomic(*args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "execute_sql", execute_sql)
        patch.setattr(database, "atomic", in_one)
        yield


def schedules(
    length: int, *, one: int | None, more: int, chance: random.Random
) -> Iterator[tuple[int, frozenset[int]]]:
    """(who begins, where to switch): all with one switch, or `one` of them by chance; then `more` with up to six."""
    places = range(1, length + 1)
    single = [(first, frozenset({place})) for place in places for first in (0, 1)]
    yield from single if one is None or one >= len(single) else chance.sample(single, one)
    for _ in range(more):
        count = min(length, chance.randint(2, MOST_SWITCHES))
        yield chance.randint(0, 1), frozenset(chance.sample(places, count))
