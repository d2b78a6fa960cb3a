"""Where worker and clock show what they count, each process on a port of its own."""

from __future__ import annotations

import errno
from collections.abc import Iterable

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric

from bitloot.figures import REGISTRY
from db import base

__all__ = ["PoolCollector", "show_figures"]

log = structlog.get_logger(__name__)

#: Processes of one kind on one host; each takes the first port that is free.
MOST = 64


class PoolCollector:
    """This process's own pool; all processes' connections are among the figures of web."""

    def collect(self) -> Iterable[Metric]:
        used, idle, most = base.pool_use()
        held = GaugeMetricFamily("bitloot_pool_connections", "Of this process's pool.", labels=["state"])
        held.add_metric(["used"], used)
        held.add_metric(["idle"], idle)
        return [held, GaugeMetricFamily("bitloot_pool_size", "That its pool may hold.", value=most)]


def show_figures(host: str, port: int) -> int | None:
    """Serves /metrics from now on; the port that it took, None if none was asked for (0) or is free."""
    if not port:
        return None
    registry = CollectorRegistry()
    registry.register(PoolCollector())
    registry.register(REGISTRY)
    for number in range(port, port + MOST):
        try:
            start_http_server(number, host, registry)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            log.info("figures are shown", action="figures", port=number)
            return number
    log.error("no port is free for figures", action="no_figures", port=port)
    return None
