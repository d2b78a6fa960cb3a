"""Two figures of ourselves: what we add to a lone order, and how busy a slow supplier leaves the worker's threads."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.driver import post_all
from bench.lab import Lab
from bench.orders import open_ours
from bench.peer import prepare_peer
from bench.report import Figure, figure
from bench.seed import ipn

__all__ = ["measure_pace"]

Say = Callable[[str], None]

#: What a lone order may take of our own time, from IPN to letter (milliseconds), and what part of the threads' time a
#: slow supplier must fill.
OVERHEAD_LIMIT, BUSY_LIMIT = 250.0, 0.9

#: How long the slow supplier takes for each call (milliseconds), and the threads that wait for it.
SLOW, THREADS = 300, 8

#: A run that is not done by then has failed (seconds).
PATIENCE = 180.0


@dataclass(frozen=True)
class Pace:
    """How many lone orders and how many at once make one figure."""

    lone: int = 60
    many: int = 160


def measure_pace(lab: Lab, *, runs: int, say: Say, pace: Pace | None = None) -> list[Figure]:
    """Against limits, not against the peer: `peer` is the limit there."""
    if lab.peers is None:
        return []
    peers, pace = prepare_peer(lab.peers, lab.work), pace or Pace()
    overheads, shares = [], []
    for number in range(runs):
        overheads.append(_overhead(lab, peers, pace.lone))
        shares.append(_busy(lab, peers, pace.many))
        say(f"run {number + 1}/{runs} idle p95 {overheads[-1]:,.0f} ms, threads busy {shares[-1]:.0%}")
    return [
        figure("own overhead of a lone order, p95", "ms", overheads, [OVERHEAD_LIMIT] * runs),
        figure(f"threads busy, supplier {SLOW} ms a call", "share", shares, [BUSY_LIMIT] * runs),
    ]


def _overhead(lab: Lab, peers: Path, count: int) -> float:
    """p95 (ms) from the IPN's first byte to the letter at the mailer, one order at a time: the stubs take no time."""
    shop, stubs = open_ours(lab, peers, processes=1, threads=THREADS)
    shop.run(20, 4)
    taken = []
    for item in shop.seed(count):
        sent = _stats(stubs)["emails"]
        began = time.time()
        post_all(shop.port, [ipn(item)], connections=1)
        taken.append(_told(stubs, "emails", int(sent) + 1)["last_email_at"] - began * 1000)
    lab.stop()
    return sorted(taken)[int(len(taken) * 0.95)]


def _busy(lab: Lab, peers: Path, count: int) -> float:
    """The part of the threads' time that went to calls of the supplier, while there was work for all of them.

    So between two letters: the one by which each thread has ended an order, and the one after which no order is left to
    be begun. What lies before and behind belongs to a run that ends, and not to a worker that goes on: its threads end
    up to an order's length apart, 0.25 s of their 19 s. The calls are those that the stub counts: what it does not
    count makes the figure smaller than it is.
    """
    shop, stubs = open_ours(lab, peers, processes=1, threads=THREADS, latency=SLOW)
    shop.run(THREADS, THREADS)
    requests.get(f"http://127.0.0.1:{stubs}/__reset", timeout=10)
    post_all(shop.port, [ipn(item) for item in shop.seed(count)], connections=THREADS)
    first = _told(stubs, "emails", THREADS)
    last = _told(stubs, "emails", count - THREADS)
    whole = _told(stubs, "emails", count)
    lab.stop()
    calls = (2 * whole["reservations"] + whole["delivered"]) / count  # begun, given, asked for its codes
    orders, elapsed = last["emails"] - first["emails"], last["last_email_at"] - first["last_email_at"]
    return float(orders * calls * SLOW / (elapsed * THREADS))


def _told(stubs: int, name: str, wanted: int) -> dict[str, float]:
    """The stubs' own figures, once `name` has come to `wanted`."""
    began = time.monotonic()
    while (stats := _stats(stubs))[name] < wanted:
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError(f"{stats[name]} of {wanted} {name} after {PATIENCE:g} s")
        time.sleep(0.01)
    return stats


def _stats(stubs: int) -> dict[str, float]:
    found: dict[str, float] = requests.get(f"http://127.0.0.1:{stubs}/__stats", timeout=10).json()
    return found
