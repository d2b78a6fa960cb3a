"""What the edge counts, and /metrics."""

from __future__ import annotations

import ipaddress
import os
import threading
import time
from collections.abc import Callable, Iterable

from falcon import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from bitloot.figures import REGISTRY
from bitloot.shop import Shop
from db.standing import Standstill, standing
from db.stuck import open_cases, stuck, sweep_age
from web.auth import Gate
from web.deadline import database
from web.describe import describe
from web.house_figures import HouseCollector, QueueCollector
from web.provider_figures import ProvidersCollector

__all__ = ["NOTICES", "REQUESTS", "SECONDS", "Metrics"]

REQUESTS = Counter("bitloot_http_requests", "Answers.", ["route", "method", "status"], registry=REGISTRY)
SECONDS = Histogram("bitloot_http_request_seconds", "Time to answer.", ["route"], registry=REGISTRY)
NOTICES = Counter("bitloot_notices", "IPNs and webhooks.", ["source", "outcome"], registry=REGISTRY)

#: The orders are counted at most this often (seconds), however often somebody scrapes.
FRESH = 15.0


class OrdersCollector:
    """Orders by state, and how long the oldest of each has stood there; one query."""

    def __init__(self, ask: Callable[[], list[Standstill]] = standing) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._seen: list[Standstill] = []
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        count = GaugeMetricFamily("bitloot_orders", "Orders by state.", labels=["state"])
        age = GaugeMetricFamily(
            "bitloot_order_oldest_seconds",
            "Longest time that an order has stood in a state.",
            labels=["state"],
        )
        for state in self._fresh():
            count.add_metric([state.state], state.orders)
            age.add_metric([state.state], state.oldest_seconds)
        return [count, age]

    def _fresh(self) -> list[Standstill]:
        with self._lock:
            if time.monotonic() >= self._until:
                with database():
                    self._seen = self._ask()
                self._until = time.monotonic() + FRESH
            return self._seen


class AlarmsCollector:
    """What an operator is to be woken for: orders that stand too long, open cases, and a sweep that does not come."""

    def collect(self) -> Iterable[Metric]:
        with database():
            late, asked, age = stuck(), open_cases(), sweep_age()
        standing_still = GaugeMetricFamily(
            "bitloot_orders_stuck", "Orders past the deadline of their state.", labels=["state"]
        )
        cases = GaugeMetricFamily("bitloot_cases_open", "Questions for a person.", labels=["kind"])
        swept = GaugeMetricFamily("bitloot_sweep_age_seconds", "Since a sweep went through.", value=age)
        for state, count in late.items():
            standing_still.add_metric([state], count)
        for kind, count in asked.items():
            cases.add_metric([kind], count)
        return [standing_still, cases, swept]


class Metrics:
    """For Prometheus: from this machine directly, from elsewhere with any admin token."""

    def __init__(self, gate: Gate, shop: Shop) -> None:
        self._gate = gate
        self._collectors = (
            OrdersCollector(),
            AlarmsCollector(),
            ProvidersCollector(shop.turnstiles),
            HouseCollector(shop.settings, shop.gateway.name, list(shop.suppliers)),
            QueueCollector(shop.settings),
        )

    @describe(
        "Figures for Prometheus",
        who="admin",
        tag="operations",
        answers={200: "text/plain"},
        refusals=[401, 403, 503],
    )
    def on_get(self, req: Request, resp: Response) -> None:
        if not _is_direct_and_local(req):
            self._gate.admin(req)
        registry = CollectorRegistry()
        for collector in self._collectors:
            registry.register(collector)
        figures = generate_latest(registry)
        resp.content_type = CONTENT_TYPE_LATEST
        resp.data = figures + generate_latest(_counted())


def _counted() -> CollectorRegistry:
    """This process's counters, or those of all workers (gunicorn.conf.py sets the directory when there are several)."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together


def _is_direct_and_local(req: Request) -> bool:
    """A proxy on this machine names its client; who comes without that header came by itself."""
    if req.get_header("X-Forwarded-For") or req.get_header("Forwarded"):
        return False
    try:
        return ipaddress.ip_address(str(req.remote_addr)).is_loopback
    except ValueError:
        return False
