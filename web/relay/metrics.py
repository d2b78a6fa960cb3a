"""What the relay counts, in Prometheus' text form; docs/relay.md lists the names."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]


class Metrics:
    """One set per relay; two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        name = "bitloot_relay"
        self.connections = Gauge(f"{name}_connections", "Open connections", registry=registry)
        self.subscriptions = Gauge(f"{name}_subscriptions", "Open subscriptions", registry=registry)
        self.lag_moves = Gauge(
            f"{name}_lag_moves", "Committed moves that clients were not told yet", registry=registry
        )
        self.lag_seconds = Gauge(
            f"{name}_lag_seconds", "Since the journal was last read to its settled end", registry=registry
        )
        self.delivery = Histogram(
            f"{name}_delivery_seconds",
            "From a move's time to its fan-out",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=registry,
        )
        self.moves = Counter(f"{name}_moves", "Moves read by following the journal", registry=registry)
        self.sent = Counter(f"{name}_sent", "Events handed to clients", registry=registry)
        self.replayed = Counter(
            f"{name}_replayed", "Of these, events read again for one client", registry=registry
        )
        self.catch_ups = Counter(
            f"{name}_catch_ups", "Questions to the journal for one client that joins", registry=registry
        )
        self.looks = Counter(f"{name}_looks", "Looks into the journal", ["outcome"], registry=registry)
        self.bells = Counter(f"{name}_bells", "Messages on the bell channel", ["kind"], registry=registry)
        self.joins = Counter(f"{name}_joins", "Subscriptions made", ["recovered"], registry=registry)
        self.cut = Counter(f"{name}_cut", "Connections that the relay ended", ["reason"], registry=registry)

    def text(self) -> str:
        return generate_latest(self.registry).decode()
