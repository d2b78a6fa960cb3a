"""Traces that are off cost nothing, and on they are OpenTelemetry's."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bitloot import tracing
from bitloot.errors import UnsafeSettings
from bitloot.settings import load_settings
from bitloot.tracing import carried, configure_traces, note, span, stop_traces

OFF = load_settings({}, check=False)
ON = load_settings({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, check=False)


def test_off_every_span_is_the_same_nothing() -> None:
    configure_traces(OFF, "tests")
    assert span("a") is span("b", "client", attributes={"bitloot.order": "0f0e"})
    note(anything=1)
    assert carried() == {}


def test_off_no_exporter_is_even_imported() -> None:
    """redis-py looks for the SDK by itself."""
    asked = "import sys, bitloot.fetch, actors.step, web.app; print('opentelemetry.exporter' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_the_extra_a_process_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bitloot.otel", None)
    with pytest.raises(UnsafeSettings, match=r"bitloot\[otel\]"):
        configure_traces(ON, "tests")
    assert tracing._tracer is None
    stop_traces()
