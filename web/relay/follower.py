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
        self._settled = self._counted = time.monotonic()
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
                await self._look()
                await self._count()
            except Retryable as error:
                self._metrics.looks.labels("failed").inc()
                if not self._interrupted:
                    log.warning(str(error), action="journal_away")
                self._interrupted = True
                await asyncio.sleep(RETRY_SECONDS)
                continue
            await asyncio.sleep(max(0.0, self._limits.gather_seconds - (time.monotonic() - began)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_seconds):
                    await self._bell.wait()

    async def _look(self) -> None:
        """Everything that is settled by now."""
        assert self._hub.position is not None  # noqa: S101 - see start
        if self._interrupted:
            await self._check_epoch()
        while moves := await self._reading.follow(self._hub.position):
            self._metrics.looks.labels("found").inc()
            self._hub.publish(moves)
            if len(moves) < self._limits.page_moves:
                break
        else:
            self._metrics.looks.labels("nothing").inc()
        self._settled = time.monotonic()

    async def _count(self) -> None:
        """How much an open transaction holds back; asked once per look interval, however often bells ring."""
        assert self._hub.position is not None  # noqa: S101 - see start
        if self._settled - self._counted >= self._look_seconds:
            self._counted = self._settled
            self._metrics.lag_moves.set(await self._reading.behind(self._hub.position))

    async def _check_epoch(self) -> None:
        """A server that was away may come back with a restored backup, which is another journal."""
        head = await self._reading.head()
        if self._hub.position is None or head.epoch != self._hub.position.epoch:
            log.warning("another journal has begun", action="journal_restarted")
            self._hub.restart(head)
        self._interrupted = False
