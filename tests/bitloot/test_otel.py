"""Spans on the wire."""

from __future__ import annotations

import pytest

from bitloot.otel import OtelTracer
from tests.otlp import collector

PARENT = f"00-{'a1' * 16}-{'b2' * 8}-01"


def test_spans_arrive_with_their_parents_and_without_the_text_of_an_error() -> None:
    with collector() as took:
        tracer = OtelTracer(f"{took.url}/", "tests")
        with tracer.span("outer", "server", {"bitloot.order": "0f0e", "nothing": None}, PARENT):
            with pytest.raises(ValueError, match="hunter22"), tracer.span("inner", "client", {}, None):
                raise ValueError("hunter22")
            tracer.note({"http.response.status_code": 200})
            carried = tracer.carried()
        tracer.stop()
    inner, outer = sorted(took.spans, key=lambda span: span.name)
    assert (outer.trace, outer.parent, outer.process) == ("a1" * 16, "b2" * 8, "bitloot-tests")
    assert outer.attributes == {"bitloot.order": "0f0e", "http.response.status_code": 200}
    assert (inner.trace, inner.parent, inner.failed) == (outer.trace, outer.id, True)
    assert carried == {"traceparent": f"00-{outer.trace}-{outer.id}-01"}
    assert b"hunter22" not in b"".join(took.raw)


def test_a_parent_that_is_none_begins_a_trace_of_its_own() -> None:
    with collector() as took:
        tracer = OtelTracer(took.url, "tests")
        with tracer.span("alone", "server", {}, "00-nonsense"):
            pass
        assert tracer.carried() == {}
        tracer.stop()
    [alone] = took.spans
    assert alone.parent == ""
