"""Orders per second from IPN to fulfilled, with web and worker running, on the fast stubs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from bench.driver import post_all
from bench.lab import Lab
from bench.ours import our_environ, start_web, start_worker
from bench.peer import prepare_peer, start_peer, start_stubs
from bench.report import Figure, figure
from bench.seed import Seeded, ipn, seed_ours, seed_peer, tell_gateway
from bitloot.engines.process import Process

__all__ = ["measure_orders", "open_ours"]

Say = Callable[[str], None]

#: A run that is not done by then has failed (seconds).
PATIENCE = 120.0

#: Between two counts of what is done (seconds): rarely enough, on one connection, that counting costs nobody anything.
LOOK_EVERY = 0.05


@dataclass(frozen=True)
class Shop:
    """One service, whole."""

    name: str
    port: int
    database_url: str
    seed: Callable[[int], list[Seeded]]
    finished: str  # counts orders that are done, their letter sent

    def run(self, count: int, connections: int) -> float:
        """Orders per second from the first IPN to the last order's end."""
        with closing(psycopg2.connect(self.database_url)) as watch:
            watch.autocommit = True
            before = self._count(watch)
            requests = [ipn(item) for item in self.seed(count)]
            began = time.perf_counter()
            post_all(self.port, requests, connections=connections)
            while (done := self._count(watch) - before) < count:
                if time.perf_counter() - began > PATIENCE:
                    raise RuntimeError(f"{self.name}: {done} of {count} orders after {PATIENCE:g} s")
                time.sleep(LOOK_EVERY)
            return count / (time.perf_counter() - began)

    def settle(self) -> None:
        """What autovacuum does to tables within a minute: plans made for empty ones are not what is compared."""
        with closing(psycopg2.connect(self.database_url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")

    def _count(self, watch: Any) -> int:
        with watch.cursor() as cursor:
            cursor.execute(self.finished)
            row = cursor.fetchone()
            return int(row[0]) if row else 0


def measure_orders(lab: Lab, *, runs: int, count: int, connections: int, say: Say) -> list[Figure]:
    """Each service with one web and its worker; both on stubs of their own kind."""
    if lab.peers is None:
        say("no peer folder or no Node: orders per second need the peers' stubs, skipped")
        return []
    peers = prepare_peer(lab.peers, lab.work)
    ours, _ = open_ours(
        lab, peers, processes=os.cpu_count() or 1, threads=8
    )  # as `dramatiq actors` starts them
    shops = [ours, _peer(lab, peers)]
    for shop in shops:
        shop.run(100, connections)  # warm-up
        shop.settle()
    rates: dict[str, list[float]] = {shop.name: [] for shop in shops}
    for number in range(runs):
        for shop in shops:
            rates[shop.name].append(shop.run(count, connections))
            say(f"run {number + 1}/{runs} {shop.name}: {rates[shop.name][-1]:,.1f} orders/s")
    lab.stop()
    return [figure("orders from IPN to fulfilled", "1/s", rates["ours"], rates["peer"])]


def open_ours(lab: Lab, peers: Path, *, processes: int, threads: int, latency: int = 0) -> tuple[Shop, int]:
    """Our web and worker on fresh stubs that take `latency` ms for each call of the supplier; the stubs' first port."""
    url = lab.database("ours_orders")
    port, gateway, *stubs = lab.ports(5)
    environ = our_environ(
        url, lab.redis(4), port=port, stubs=stubs[0], gateway=gateway, state=lab.work / "state"
    )
    lab.keep(_gateway(lab, gateway), start_stubs(peers, stubs[0], port, lab.work, latency=latency))
    lab.keep(
        start_web(environ, lab.work),
        start_worker(environ, lab.work, processes=processes, threads=threads),
    )
    base = [6_000_000_000]

    def seed(count: int) -> list[Seeded]:
        base[0] += 1_000_000
        seeded = seed_ours(url, count, base[0])
        tell_gateway(gateway, seeded)
        return seeded

    # as cheap as the peer's count; no letter says that keys are ready before its order is fulfilled (actors.notify)
    done = "SELECT count(*) FROM letters WHERE kind = 'keys_ready' AND state = 'sent'"
    return Shop("ours", port, url, seed, done), stubs[0]


def _peer(lab: Lab, peers: Path) -> Shop:
    url = lab.database("peer_orders")
    port, *stubs = lab.ports(4)
    lab.keep(start_stubs(peers, stubs[0], port, lab.work))
    started = start_peer(
        peers,
        url,
        lab.redis(5),
        port=port,
        stubs=stubs[0],
        http="fastify",
        worker=True,
        logs=lab.work,
    )
    lab.keep(*started)
    done = "SELECT count(*) FROM webhook_logs WHERE provider = 'kinguin' AND processed"
    return Shop("peer", port, url, lambda count: seed_peer(url, count), done)


def _gateway(lab: Lab, port: int) -> Process:
    environ = {"PATH": os.environ["PATH"]}
    argv = [sys.executable, "-m", "bench.gateway_stub", str(port)]
    return Process("gateway stub", argv, environ, lab.work / "gateway.log").start().wait_for(port)
