"""Clients that read nothing, beside clients that do: what the first cost, and what the others feel of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import redis

from bench.child import Child, child, python
from bench.report import Figure, figure

__all__ = ["measure_stalled"]

#: What the kernel takes for a client that does not read (bytes): the rest waits in the relay.
ROOM = 4096

#: Events to everybody, how many a second, and how large each (bytes): a client that reads none of them falls behind by
#: more than the relay's own buffer and the kernel's.
EVENTS, RATE, SIZE = 800, 40, 3800


def measure_stalled(
    relay: Child,
    port: int,
    bell: str,
    hello: list[Any],
    *,
    clients: int,
    log: Path,
    say: Callable[[str], None],
) -> list[Figure]:
    """Delay of `clients` good clients without, and beside, as many that stall (RELIABILITY, threat row 12)."""
    with (
        child(python("bench.listeners", str(port), "/fulfillment"), {}, log) as good,
        child(python("bench.listeners", str(port), "/fulfillment"), {}, log) as stalled,
    ):
        good.ask(say=[hello], times=clients, until='"subscribed"')
        alone = _delays(good, bell, clients)
        before = relay.memory
        stalled.ask(say=[hello], times=clients, until='"subscribed"', room=ROOM)
        stalled.ask(stall=True)
        beside = _delays(good, bell, clients)
        grown = (relay.memory - before) / 2**20
    say(f"{clients} stalled: {_cut(port)} cut as too slow, the relay grew by {grown:,.0f} MiB")
    return [
        figure(f"relay: {clients} good clients beside {clients} stalled, p99", "ms", [beside], [alone]),
        figure(f"relay: memory that {clients} stalled clients took", "MiB", [grown]),
    ]


def _delays(good: Child, bell: str, clients: int) -> float:
    """p99 (ms) from the relay's telling to the client's reading."""
    text = json.dumps({"type": "admin:job-completed", "data": {"text": "x" * (SIZE - 135)}})
    good.ask(expect=clients * EVENTS, until="admin:job", timed=True)
    began = time.monotonic()
    with redis.Redis.from_url(bell) as publisher:
        for number in range(EVENTS):
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))
            publisher.publish("bitloot:bell", text)
    latencies = sorted(good.hear()["latencies"])
    return float(latencies[len(latencies) * 99 // 100] * 1000)


def _cut(port: int) -> int:
    """How many the relay has cut as too slow."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        found = re.search(rb'bitloot_relay_cut_total\{reason="slow"\} ([0-9.]+)', answer.read())
    return int(float(found[1])) if found else 0
