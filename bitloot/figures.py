"""What this process counts for Prometheus, whatever process it is; docs/metrics.md lists every name."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

__all__ = ["BEATS", "CALLS", "CALL_SECONDS", "REGISTRY", "STEPS", "STEP_SECONDS"]

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
