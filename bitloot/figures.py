"""What this process counts for Prometheus, whatever process it is; docs/metrics.md lists every name."""

from __future__ import annotations

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # when each began to be counted: half as many series again, and nobody asks

__all__ = ["BEATS", "REGISTRY", "count_call", "count_step"]

#: Nothing of Python's own is in it: what is shown is what docs/metrics.md explains.
REGISTRY = CollectorRegistry()

CALLS = Counter(
    "bitloot_provider_calls",
    "Calls to providers by what came of them.",
    ["provider", "method", "result"],
    registry=REGISTRY,
)
CALL_SECONDS = Histogram(
    "bitloot_provider_call_seconds",
    "Time that a call to a provider took.",
    ["provider"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
STEPS = Counter(
    "bitloot_steps", "Runs of a step by what came of them.", ["actor", "result"], registry=REGISTRY
)
STEP_SECONDS = Histogram(
    "bitloot_step_seconds", "Time that a run of a step took.", ["actor"], registry=REGISTRY
)
BEATS = Counter(
    "bitloot_clock_beats", "What the clock did, by what came of it.", ["job", "result"], registry=REGISTRY
)


def count_call(provider: str, method: str, result: str, seconds: float) -> None:
    """One call to a provider is over."""
    _call(provider, method, result).inc()
    _call_seconds(provider).observe(seconds)


def count_step(actor: str, result: str, seconds: float) -> None:
    """One run of a step is over."""
    _step(actor, result).inc()
    _step_seconds(actor).observe(seconds)


# To find what belongs to labels takes a lock and longer than to count: each is kept, for labels are few.
_call, _call_seconds = cache(CALLS.labels), cache(CALL_SECONDS.labels)
_step, _step_seconds = cache(STEPS.labels), cache(STEP_SECONDS.labels)
