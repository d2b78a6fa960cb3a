"""I11: after the fault nothing is left over: no threads, no connections, no messages that nobody works at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.faults.shop import FaultShop
from tests.waiting import descendants

__all__ = ["Baseline", "hostages"]

#: Pools and pollers may be a little larger under load than at rest.
MORE_THREADS, MORE_CONNECTIONS = 8, 10

#: Threads of pools that fill when first needed and are kept: those for requests and for notices (web/worker.py).
POOLS = {"web": 8 + 32}


@dataclass(frozen=True)
class Baseline:
    """What the shop's processes hold: taken before the load and after it."""

    threads: dict[str, int]
    connections: int
    hostages: int  # messages in the hands of workers

    @classmethod
    def of(cls, shop: FaultShop) -> Baseline:
        threads = {
            name: sum(_threads(pid) for pid in [process.pid, *descendants(process.pid)])
            for name, process in shop.crew.items()
            if name != "standins"
        }
        rows = shop.rows("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cls(threads, int(rows[0][0]), hostages(shop))

    def violations(self, before: Baseline) -> list[str]:
        """`self` is taken at rest, after a few idle seconds."""
        found = [
            f"I11 {name} has {count} threads, and had {before.threads.get(name, 0)}"
            for name, count in self.threads.items()
            if count > before.threads.get(name, 0) + MORE_THREADS + POOLS.get(name, 0)
        ]
        if self.connections > before.connections + MORE_CONNECTIONS:
            found.append(
                f"I11 {self.connections} connections to PostgreSQL, and there were {before.connections}"
            )
        if self.hostages:
            found.append(
                f"I11 {self.hostages} messages are in the hands of workers that do nothing with them"
            )
        return found


def hostages(shop: FaultShop) -> int:
    """How many messages workers have fetched and not yet finished.

    An id whose message is gone is none: that is left where one message was enqueued twice (dramatiq#266).
    """
    namespace, found = shop.settings.queue_namespace, 0
    with shop.queue() as client:
        for name in client.scan_iter(f"{namespace}:__acks__.*", count=1000):
            queue = name.decode().removeprefix(f"{namespace}:__acks__.").partition(".")[2]
            ids = list(client.smembers(name))
            found += (
                sum(data is not None for data in client.hmget(f"{namespace}:{queue}.msgs", ids)) if ids else 0
            )
    return found


def _threads(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    except FileNotFoundError:
        return 0
