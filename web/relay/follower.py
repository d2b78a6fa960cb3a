"""One task that follows the journal: it wakes by the bell, looks by itself once in a while, and fans out."""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog

from bitloot.errors import Retryable
from web.relay.hub import Hub
from web.relay.limits import Limits
from web.relay.metrics import Metrics
from web.relay.reading import Reading

__all__ = ["Follower"]

log = structlog.get_logger(__name__)

#: Seconds until the next try when the database is away.
RETRY_SECONDS = 0.5

#: Seconds until the first look after one that left something behind.
FIRST_PAUSE = 0.01


class Follower:
    """`look_seconds`: how long the journal is not looked at when no bell rings."""

    def __init__(
        self, hub: Hub, reading: Reading, metrics: Metrics, limits: Limits, *, look_seconds: float
    ) -> None:
        self._hub = hub
        self._reading = reading
        self._metrics = metrics
        self._limits = limits
        self._look_seconds = look_seconds
        self._bell = asyncio.Event()
        self._interrupted = False
        self._soon = FIRST_PAUSE
        self._settled = time.monotonic()
        metrics.lag_seconds.set_function(lambda: time.monotonic() - self._settled)

    def ring(self) -> None:
        """Something was committed. Any number of rings before the next look are one."""
        self._bell.set()

    async def start(self) -> None:
        """Takes its place at the journal's present end. Raises Retryable."""
        self._hub.position = await self._reading.head()

    async def run(self) -> None:
        """Follows for ever. While the database is away nothing is lost: the place in the journal stays."""
        while True:
            began = time.monotonic()
            self._bell.clear()  # before the look: a ring during it asks for another
            try:
                held = await self._look()
            except Retryable as error:
                self._metrics.looks.labels("failed").inc()
                if not self._interrupted:
                    log.warning(str(error), action="journal_away")
                self._interrupted = True
                await asyncio.sleep(RETRY_SECONDS)
                continue
            await asyncio.sleep(max(0.0, self._limits.gather_seconds - (time.monotonic() - began)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause(held)):
                    await self._bell.wait()

    async def _look(self) -> int:
        """Everything that is settled by now; returns how many committed moves are not."""
        assert self._hub.position is not None  # noqa: S101 - see start
        if self._interrupted:
            await self._check_epoch()
        page = await self._reading.look(self._hub.position)
        self._metrics.looks.labels("found" if page.moves else "nothing").inc()
        self._hub.publish(page.moves)
        while page.full:
            page = await self._reading.look(self._hub.position)
            self._hub.publish(page.moves)
        self._settled = time.monotonic()
        self._metrics.lag_moves.set(page.held)
        return page.held

    def _pause(self, held: int) -> float:
        """Seconds without a bell until the next look. No bell rings when a transaction without moves ends, and that
        is what committed moves may wait for: so look again soon, then ever less often."""
        self._soon = min(self._look_seconds, self._soon * 2) if held else FIRST_PAUSE
        return self._soon if held else self._look_seconds

    async def _check_epoch(self) -> None:
        """A server that was away may come back with a restored backup, which is another journal."""
        head = await self._reading.head()
        if self._hub.position is None or head.epoch != self._hub.position.epoch:
            log.warning("another journal has begun", action="journal_restarted")
            self._hub.restart(head)
        self._interrupted = False
