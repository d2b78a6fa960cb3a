"""A collector of traces in the test's own process: real HTTP, real OTLP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.bitloot.scripted_http import Reply, Request, scripted

__all__ = ["Collector", "Span", "collector"]


@dataclass(frozen=True)
class Span:
    """Ids in hex."""

    process: str
    name: str
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, Any]


@dataclass
class Collector:
    url: str
    spans: list[Span]
    raw: list[bytes]


@contextmanager
def collector() -> Iterator[Collector]:
    """Takes spans until the block ends."""
    spans: list[Span] = []
    raw: list[bytes] = []
    lock = threading.Lock()

    def take(request: Request) -> Reply:
        with lock:
            raw.append(request.body)
            spans.extend(_read(request.body))
        return Reply(200 if request.path == "/v1/traces" else 404)

    with scripted(take) as server:
        yield Collector(server.url, spans, raw)


def _read(body: bytes) -> Iterator[Span]:
    for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
        told = {item.key: item.value.string_value for item in sent.resource.attributes}
        for scope in sent.scope_spans:
            for span in scope.spans:
                yield Span(
                    told["service.name"],
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.status.code == 2,
                    {item.key: _value(item.value) for item in span.attributes},
                )


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))
