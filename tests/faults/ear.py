"""I12: somebody who listens at the relay all the time hears each move once, in its order, and nothing uncommitted."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import defaultdict

from tests.faults.invariants import Evidence
from tests.faults.shop import FaultShop
from web.relay.client import Event, RelayRefused, Subscribed, follow

__all__ = ["Ear"]


class Ear:
    """Listens as an admin from `start` to `stop`, through every death of the relay."""

    def __init__(self, shop: FaultShop) -> None:
        self._url = f"ws://127.0.0.1:{shop.settings.relay_port}/fulfillment"
        self._token = shop.admin()["Authorization"].removeprefix("Bearer ")
        self._over = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True)
        self.heard: dict[str, list[int]] = defaultdict(list)
        self.connections = 0
        self.gaps_told = 0  # how often the relay itself said that events were missed

    def start(self) -> Ear:
        self._thread.start()
        if not self._ready.wait(20):
            raise TimeoutError("the relay does not take subscribers")
        return self

    def stop(self) -> None:
        self._over.set()
        self._thread.join(20)

    def violations(self, evidence: Evidence) -> list[str]:
        """Gaps, repeats, events without a row. Call at rest, when the relay had a second to tell all."""
        found = []
        for order, heard in self.heard.items():
            committed = {seq for seq, _, _ in evidence.inside.moves.get(order, [])}
            found += [
                f"I12 order {order}: heard move {seq}, which nobody made" for seq in set(heard) - committed
            ]
            if heard != sorted(set(heard)):
                found.append(f"I12 order {order}: heard twice or out of order: {heard}")
            missing = {seq for seq in committed if seq > heard[0]} - set(heard)
            if missing and not self.gaps_told:
                found.append(f"I12 order {order}: never heard of {sorted(missing)}")
        return found

    async def _listen(self) -> None:
        listening = asyncio.create_task(self._follow())
        while not self._over.is_set():
            await asyncio.sleep(0.1)
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError, RelayRefused):
            await listening

    async def _follow(self) -> None:
        async for item in follow(self._url, self._token):
            if isinstance(item, Subscribed):
                self.connections += 1
                self.gaps_told += item.recovered is False
                self._ready.set()
            elif isinstance(item, Event) and item.order is not None and item.seq is not None:
                self.heard[item.order].append(item.seq)
