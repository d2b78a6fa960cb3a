"""One call to a provider, as it is logged and counted."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from bitloot.calls import calling
from bitloot.errors import Blocked
from bitloot.figures import REGISTRY
from bitloot.story import about


@pytest.fixture(autouse=True)
def everything_is_logged() -> None:
    """Whatever level a test before this one has set."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET))


def counted(**labels: str) -> float:
    return REGISTRY.get_sample_value("bitloot_provider_calls_total", labels) or 0.0


def test_a_call_is_a_line_of_its_orders_story_without_its_query() -> None:
    with about("0f0e"), capture_logs() as lines, calling("kinguin", "GET", "/v1/order?q=hunter22") as call:
        call.status = 200
    [line] = lines
    assert line.pop("ms") >= 0
    assert line == {
        "event": "called",
        "action": "called",
        "log_level": "info",
        "provider": "kinguin",
        "method": "GET",
        "path": "/v1/order",
        "status": 200,
        "result": "ok",
    }


@pytest.mark.parametrize(
    ("error", "result", "told"),
    [(Blocked("no", code="no_balance"), "blocked", {"code": "no_balance"}), (OSError("x"), "oserror", {})],
)
def test_what_came_of_it_is_counted_by_class_and_logged_by_code(
    error: Exception, result: str, told: dict[str, Any]
) -> None:
    before = counted(provider="kinguin", method="POST", result=result)
    with capture_logs() as lines, pytest.raises(type(error)), calling("kinguin", "POST"):
        raise error
    assert counted(provider="kinguin", method="POST", result=result) == before + 1
    assert {"result": result, **told}.items() <= lines[0].items()
    assert "x" not in str(lines[0].get("code", ""))
