"""Spans by OpenTelemetry's SDK, sent as OTLP over HTTP by a thread of its own. The extra `otel`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from bitloot.tracing import Kind

__all__ = ["OtelTracer"]

Value = str | int | float | bool | None

KINDS: Mapping[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}

#: Seconds that one export may take, and that a stopping process waits for its last one (milliseconds).
EXPORT_SECONDS = 5
FLUSH = 3_000


class OtelTracer:
    """`endpoint` is the collector's base address, as OTLP's specification says: /v1/traces is put behind it.

    It touches no global of the SDK's: nobody else's spans go this way.
    """

    def __init__(self, endpoint: str, process: str) -> None:
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
        resource = Resource({"service.namespace": "bitloot", "service.name": f"bitloot-{process}"})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("bitloot")
        self._w3c = TraceContextTextMapPropagator()

    @contextmanager
    def span(
        self, name: str, kind: Kind, attributes: Mapping[str, Value], parent: str | None
    ) -> Iterator[None]:
        context = self._w3c.extract({"traceparent": parent}) if parent else None
        with self._tracer.start_as_current_span(
            name,
            context=context,
            kind=KINDS[kind],
            attributes=_known(attributes),
            record_exception=False,  # its text may quote anything
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def note(self, attributes: Mapping[str, Value]) -> None:
        trace.get_current_span().set_attributes(_known(attributes))

    def carried(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        self._w3c.inject(found)
        return {name: value for name, value in found.items() if name == "traceparent"}

    def stop(self) -> None:
        self._provider.force_flush(FLUSH)
        self._provider.shutdown()


def _known(attributes: Mapping[str, Value]) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in attributes.items() if value is not None}
