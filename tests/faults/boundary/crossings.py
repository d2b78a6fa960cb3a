"""Crash points planted from outside: every commit and every call to a stranger becomes a crossing with a stable name.

Imported by test processes only. A crossing is `where:what#n`: the actor, route or thread it happens in, what crosses,
and how often that has crossed there before.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peewee
import redis
import structlog
from dramatiq.middleware import TimeLimitExceeded

from actors import bell, courier
from actors.prompt import PromptRedisBroker
from bitloot.fetch import Fetch
from bitloot.states import OrderState, PurchaseState
from bitloot.stores.s3 import S3Store
from db import base

__all__ = ["ERRORS", "Crossings", "Strike", "plant", "within", "written_by"]

#: What a strike may raise instead of killing, by the kind of the crossing.
ERRORS: dict[str, tuple[str, ...]] = {
    "commit": ("OperationalError", "InterfaceError", "MemoryError", "TimeLimitExceeded"),
    "http": ("MemoryError", "TimeLimitExceeded"),
    "s3": ("ReadTimeoutError", "MemoryError", "TimeLimitExceeded"),
    "valkey": ("ConnectionError", "TimeoutError", "MemoryError"),
}

RAISED: dict[str, Callable[[], BaseException]] = {
    "OperationalError": lambda: peewee.OperationalError("planted"),
    "InterfaceError": lambda: peewee.InterfaceError("planted: connection already closed"),
    "MemoryError": MemoryError,
    "TimeLimitExceeded": TimeLimitExceeded,
    "ConnectionError": lambda: redis.ConnectionError("planted"),
    "TimeoutError": lambda: redis.TimeoutError("planted"),
    "ReadTimeoutError": lambda: TimeoutError("planted"),
}

#: The route that a web request is in; actors are known by their log context.
_place: ContextVar[str] = ContextVar("place", default="")

WRITES = re.compile(
    r"\b(?:INSERT\s+INTO|DELETE\s+FROM)\s+\"?(\w+)|\bUPDATE\s+\"?(\w+)\"?\s+(?:AS\s+\w+\s+)?SET", re.I
)
STATES = {str(state) for state in (*OrderState, *PurchaseState)}
IDS = re.compile(r"(?<=/)(?=[^/]*[0-9A-Z])[0-9A-Za-z-]{8,}")


@dataclass(frozen=True)
class Strike:
    """What happens at one crossing. `at`: its name, or its number (1, 2, …) whatever its name."""

    at: str | int
    side: str  # before | after
    error: str = ""  # empty: SIGKILL

    def hits(self, name: str, number: int, side: str) -> bool:
        return side == self.side and self.at in (name, number)


class Crossings:
    """Writes each crossing down before it happens, and strikes where it was told to."""

    def __init__(self, trace: Path, strike: Strike | None) -> None:
        self._trace = trace
        self._strike = strike
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    @contextmanager
    def crossing(self, kind: str, what: str) -> Iterator[None]:
        with self._lock:
            where = _where()
            self._counts[f"{where}:{what}"] += 1
            name = f"{where}:{what}#{self._counts[f'{where}:{what}']}"
            number = self._counts.total()
            self._tell(f"{kind} {name}")
        self._at(name, number, "before")
        yield
        self._at(name, number, "after")

    def _tell(self, line: str) -> None:
        with self._trace.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _at(self, name: str, number: int, side: str) -> None:
        strike = self._strike
        if strike is None or not strike.hits(name, number, side):
            return
        self._strike = None
        self._tell(f"struck {side} {name}")
        if strike.error:
            raise RAISED[strike.error]()
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)


def _where() -> str:
    actor = structlog.contextvars.get_contextvars().get("actor")
    return str(actor or _place.get() or threading.current_thread().name)


@contextmanager
def within(place: str) -> Iterator[None]:
    """Crossings of this thread happen there."""
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)


def plant(crossings: Crossings, functions: frozenset[str]) -> None:
    """Wraps the boundaries of this process. `functions` are the database's own: a SELECT of one may write."""
    _plant_commits(crossings, functions)
    _plant_http(crossings)
    _plant_s3(crossings)
    _plant_valkey(crossings)


def _plant_commits(crossings: Crossings, functions: frozenset[str]) -> None:
    """Outside a transaction each writing statement is a commit of its own; inside, the COMMIT is."""
    database: Any = base.database
    execute, commit = database.execute_sql, database.commit
    written = threading.local()

    def execute_sql(sql: str, params: Any = None) -> Any:
        what = written_by(sql, params or (), functions)
        if not what:
            return execute(sql, params)
        if base.in_transaction():
            written.what = [*getattr(written, "what", []), what]
            return execute(sql, params)
        with crossings.crossing("commit", f"commit {what}"):
            return execute(sql, params)

    def commit_all() -> Any:
        what, written.what = getattr(written, "what", []), []
        with crossings.crossing("commit", f"commit {' + '.join(what) or 'nothing'}"):
            return commit()

    database.execute_sql, database.commit = execute_sql, commit_all


def written_by(sql: str, params: Any, functions: frozenset[str]) -> str:
    """The tables and functions that a statement writes by, with the state it leads to; empty for a mere read."""
    tables = [first or second for first, second in WRITES.findall(sql)]
    called = [name for name in functions if re.search(rf"\b{name}\(", sql)]
    if not tables and not called:
        return ""
    states = [value for value in params if isinstance(value, str) and value in STATES]
    to = states[1:2] if called and len(states) > 1 else states[:1]
    return "+".join(sorted({*tables, *called})) + "".join(f"→{state}" for state in to)


def _plant_http(crossings: Crossings) -> None:
    send: Any = Fetch._send

    def _send(self: Any, method: str, path: str, *rest: Any, **more: Any) -> Any:
        with crossings.crossing("http", f"{self._name} {method} {IDS.sub('*', path.partition('?')[0])}"):
            return send(self, method, path, *rest, **more)

    Fetch._send = _send  # type: ignore[method-assign]


def _plant_s3(crossings: Crossings) -> None:
    """Each exchange with the store: a repeat of one that was struck is a crossing too."""
    exchange: Any = S3Store._exchange

    def _exchange(self: Any, operation: str, *rest: Any, **more: Any) -> Any:
        with crossings.crossing("s3", f"s3 {operation}"):
            return exchange(self, operation, *rest, **more)

    S3Store._exchange = _exchange  # type: ignore[method-assign]


def _plant_valkey(crossings: Crossings) -> None:
    """The threads that send behind the caller's back are waited for, so that crossings keep their order."""
    enqueue: Any = PromptRedisBroker.do_enqueue
    store: Any = PromptRedisBroker._store
    publish: Any = bell._Bell._publish
    send, ring = courier._Courier.send, bell._Bell.ring
    sent, rung = threading.Semaphore(0), threading.Semaphore(0)

    def do_enqueue(self: Any, queue_name: str, *rest: Any) -> None:
        with crossings.crossing("valkey", f"valkey enqueue {queue_name}"):
            enqueue(self, queue_name, *rest)

    def store_all(self: Any, messages: Any) -> Any:
        names = "+".join(sorted({message.queue_name for message in messages}))
        try:
            with crossings.crossing("valkey", f"valkey enqueue {names}"):
                return store(self, messages)
        finally:
            sent.release()

    def publish_all(self: Any, messages: Any) -> None:
        try:
            with crossings.crossing("valkey", "valkey publish"):
                publish(self, messages)
        finally:
            rung.release()

    def send_and_wait(self: Any, message: Any) -> None:
        send(self, message)
        sent.acquire(timeout=2)

    def ring_and_wait(self: Any, message: str) -> None:
        ring(self, message)
        if self._thread.is_alive():
            rung.acquire(timeout=2)

    PromptRedisBroker.do_enqueue = do_enqueue  # type: ignore[method-assign]
    PromptRedisBroker._store = store_all  # type: ignore[method-assign]
    bell._Bell._publish = publish_all  # type: ignore[method-assign]
    bell._Bell.ring = ring_and_wait  # type: ignore[method-assign]
    courier._Courier.send = send_and_wait  # type: ignore[method-assign]
