"""Figures about the gates to providers, and about what actors gave up on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric

from bitloot.turnstile import Turnstile
from db.jobs import count_dead_jobs
from web.deadline import database

__all__ = ["ProvidersCollector"]


class ProvidersCollector:
    """As all processes know the gates together; one look a provider."""

    def __init__(self, turnstiles: Mapping[str, Turnstile]) -> None:
        self._turnstiles = turnstiles

    def collect(self) -> Iterable[Metric]:
        failures = GaugeMetricFamily(
            "bitloot_provider_failures", "Failures in a row, now.", labels=["provider"]
        )
        shut = GaugeMetricFamily(
            "bitloot_provider_shut",
            "1 while calls are not made: `away` after failures, else why our account is refused.",
            labels=["provider", "calls", "why"],
        )
        for provider, turnstile in self._turnstiles.items():
            standing = turnstile.look()
            failures.add_metric([provider], standing.failures)
            for calls, found in (("all", standing.calls), ("writes", standing.writes)):
                if found is not None:
                    shut.add_metric([provider, calls, found.why or "away"], 1)
        return [failures, shut, _dead_jobs()]


def _dead_jobs() -> Metric:
    dead = GaugeMetricFamily("bitloot_jobs_dead", "What an actor gave up on.", labels=["actor"])
    with database():
        counted = count_dead_jobs()
    for actor, count in counted.items():
        dead.add_metric([actor], count)
    return dead
