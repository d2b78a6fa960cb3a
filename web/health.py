"""Alive, and ready: what the process needs, and how long each part took to answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Literal

import redis
from falcon import Request, Response
from redis.backoff import NoBackoff
from redis.retry import Retry

from bitloot.errors import BitLootError
from bitloot.shop import Shop
from db.journal import held_seconds
from db.migrate import migrations
from db.silence import last_notices
from db.standing import schema_numbers
from web.answers import Answer, Ok, answer
from web.deadline import database
from web.describe import describe
from web.errors import UNAVAILABLE
from web.patience import Patience, TooSlow

__all__ = ["Alive", "Ready"]

#: One part may take this long (seconds); and what was found is told again for so long.
PART_SECONDS = 2.0
FRESH = 1.0

#: A committed move that no relay may tell yet, since an older transaction is open, is late after so long (seconds).
HELD = 20.0

#: Questions to one part that may hang at once. Each part has its own: one that hangs must not speak for the others.
AT_ONCE = 2


State = Literal["up", "degraded", "down"]


class Component(Answer):
    state: State
    ms: float
    why: str | None = None


class Readiness(Answer):
    """`degraded`: paid orders are still taken and kept, and what is missing only delays them."""

    status: Literal["ready", "degraded", "unavailable"]
    components: Mapping[str, Component]
    last_notices: Mapping[str, datetime] = {}  # by source


class Alive:
    """The process answers."""

    @describe("Alive", who="anyone", tag="operations", answers={200: Ok}, refusals=[])
    def on_get(self, _req: Request, resp: Response) -> None:
        answer(resp, Ok())


class Ready:
    """503 without the database, since nothing can be acknowledged then; everything else only delays."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._redis = _redis(shop.settings.redis_url.get_secret_value())
        self._parts: Mapping[str, Callable[[], str | None]] = {
            "database": _check_database,
            "schema": _check_schema,
            "redis": self._check_redis,
            "store": self._check_store,
            "journal": _check_journal,
        }
        self._patience = {name: Patience(at_once=AT_ONCE, seconds=PART_SECONDS) for name in self._parts}
        self._looking = threading.Lock()
        self._sources = [shop.gateway.name, *shop.suppliers]
        self._seen: tuple[float, Readiness] | None = None

    @describe(
        "Ready, by component",
        who="anyone",
        tag="operations",
        answers={200: Readiness, 503: Readiness},
        refusals=[],
    )
    def on_get(self, _req: Request, resp: Response) -> None:
        found = self._look()
        answer(resp, found, 503 if found.status == "unavailable" else 200)

    def _look(self) -> Readiness:
        """One looks, and whoever asks meanwhile hears the same: a crowd of questions is no more work than one."""
        with self._looking:
            if self._seen is None or self._seen[0] <= time.monotonic():
                self._seen = self._found()
            return self._seen[1]

    def _found(self) -> tuple[float, Readiness]:
        with ThreadPoolExecutor(len(self._parts)) as threads:
            components = dict(zip(self._parts, threads.map(self._check, self._parts), strict=True))
        status = _status(components)
        heard = {} if status == "unavailable" else self._last_notices()
        found = Readiness(status=status, components=components, last_notices=heard)
        return time.monotonic() + FRESH, found

    def _last_notices(self) -> Mapping[str, datetime]:
        try:
            with database(PART_SECONDS):
                return {item.source: item.at for item in last_notices(self._sources)}
        except UNAVAILABLE:
            return {}

    def _check(self, part: str) -> Component:
        began = time.perf_counter()
        state: State = "up"
        try:
            why = self._patience[part].ask(self._parts[part])
            state = "degraded" if why else "up"
        except TooSlow:
            state, why = "down", "too_slow"
        except BitLootError as error:
            state, why = "down", error.code
        except Exception as error:  # whatever the driver raises; its text may hold an address or a password
            state, why = "down", type(error).__name__
        return Component(state=state, ms=round((time.perf_counter() - began) * 1000, 1), why=why)

    def _check_redis(self) -> str | None:
        """Any other policy may drop messages and leave their ids (RELIABILITY.md §2.1)."""
        if self._redis is None:
            return None
        policy = self._redis.info("memory").get("maxmemory_policy")
        return None if policy in {"noeviction", None} else "eviction_policy"

    def _check_store(self) -> None:
        self._shop.store.health()


def _status(components: Mapping[str, Component]) -> Literal["ready", "degraded", "unavailable"]:
    if any(components[name].state != "up" for name in ("database", "schema")):
        return "unavailable"
    return "ready" if all(part.state == "up" for part in components.values()) else "degraded"


def _check_database() -> None:
    with database(PART_SECONDS):
        schema_numbers()


def _check_schema() -> str | None:
    with database(PART_SECONDS):
        have = schema_numbers()
    return "schema_is_old" if any(item.number not in have for item in migrations()) else None


def _check_journal() -> str | None:
    """What every relay and the letters wait for, wherever they run."""
    with database(PART_SECONDS):
        return "held_back" if held_seconds() > HELD else None


def _redis(url: str) -> redis.Redis | None:
    if not url:
        return None
    return redis.Redis.from_url(
        url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0), health_check_interval=0
    )
