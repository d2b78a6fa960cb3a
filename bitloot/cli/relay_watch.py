"""A relay client in a thread: what it hears, with the time at which it heard it."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from bitloot.errors import BitLootError
from web.relay.client import Event, Subscribed, follow

__all__ = ["Heard", "RelayWatch"]


@dataclass(frozen=True)
class Heard:
    """One event. `behind` is how long (seconds) after its commit it was heard."""

    event: Event
    heard_at: datetime

    @property
    def happened_at(self) -> datetime:
        return datetime.fromisoformat(self.event.at)

    @property
    def behind(self) -> float:
        return (self.heard_at - self.happened_at).total_seconds()


class RelayWatch:
    """Follows the order of a buyer's `token` at the relay `url` until closed; a context manager."""

    def __init__(self, url: str, token: str) -> None:
        self.heard: list[Heard] = []
        self._news: queue.Queue[Heard | BitLootError] = queue.Queue()
        self._subscribed = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, args=(url, token), name="relay-watch", daemon=True)

    def __enter__(self) -> RelayWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(10)

    def wait_subscribed(self, seconds: float) -> bool:
        """Whether the relay took the subscription in time."""
        return self._subscribed.wait(seconds)

    def next(self, seconds: float) -> Heard | None:
        """The next event, or None when none comes in time. Raises what the relay refused with."""
        try:
            news = self._news.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(news, BitLootError):
            raise news
        self.heard.append(news)
        return news

    def _run(self, url: str, token: str) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            self._task = self._loop.create_task(self._follow(url, token))
            self._loop.run_until_complete(self._task)
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _follow(self, url: str, token: str) -> None:
        try:
            async with contextlib.aclosing(follow(url, token)) as stream:
                async for news in stream:
                    if isinstance(news, Subscribed):
                        self._subscribed.set()
                    else:
                        self._news.put(Heard(news, datetime.now(UTC)))
        except BitLootError as error:
            self._news.put(error)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
