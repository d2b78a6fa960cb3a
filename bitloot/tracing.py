"""Traces, where OTEL_EXPORTER_OTLP_ENDPOINT is set; elsewhere its exporter is not even imported."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Literal, Protocol

from bitloot.errors import UnsafeSettings

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["Kind", "Tracer", "carried", "configure_traces", "note", "span", "stop_traces"]

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | int | float | bool | None


class Tracer(Protocol):
    def span(
        self, name: str, kind: Kind, attributes: Mapping[str, Value], parent: str | None
    ) -> AbstractContextManager[object]:
        """One piece of work, below the current span or the W3C `traceparent` given. An error marks it by its class."""

    def note(self, attributes: Mapping[str, Value]) -> None:
        """Adds to the current span what was not known when it began."""

    def carried(self) -> Mapping[str, str]:
        """The current span for somebody else: W3C `traceparent`, empty without one."""

    def stop(self) -> None:
        """Sends what waits."""


_tracer: Tracer | None = None
_OFF = nullcontext()


def configure_traces(settings: Settings, process: str) -> None:
    """After a fork, once per process. Raises UnsafeSettings where the extra `otel` is missing."""
    global _tracer
    stop_traces()
    if not settings.otel_exporter_otlp_endpoint:
        return
    try:
        from bitloot.otel import OtelTracer  # an extra: only who traces needs it
    except ImportError:
        reason = "OTEL_EXPORTER_OTLP_ENDPOINT needs the extra: pip install 'bitloot[otel]'."
        raise UnsafeSettings([reason]) from None
    _tracer = OtelTracer(settings.otel_exporter_otlp_endpoint, process)


def stop_traces() -> None:
    """Sends what waits, and traces no more."""
    global _tracer
    tracer, _tracer = _tracer, None
    if tracer is not None:
        tracer.stop()


def span(
    name: str,
    kind: Kind = "internal",
    parent: str | None = None,
    attributes: Mapping[str, Value] | None = None,
) -> AbstractContextManager[object]:
    """Attributes are ids, names and numbers of ours: no secret, no mail address, no key, nothing that came in."""
    return _OFF if _tracer is None else _tracer.span(name, kind, attributes or {}, parent)


def note(**attributes: Value) -> None:
    if _tracer is not None:
        _tracer.note(attributes)


def carried() -> Mapping[str, str]:
    return {} if _tracer is None else _tracer.carried()
