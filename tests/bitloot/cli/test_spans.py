"""Times as people read and write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import click
import pytest

from bitloot.cli.spans import parse_day, parse_span, since, span

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0123, "12 ms"),
        (0.9996, "1.00 s"),
        (3.214, "3.21 s"),
        (754, "12.6 min"),
        (10_000, "2.8 h"),
        (260_000, "3.0 d"),
        (None, "–"),
    ],
)
def test_a_span_has_the_unit_that_people_would_choose(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


def test_a_moment_before_the_start_has_a_minus() -> None:
    assert since(NOON, NOON - timedelta(seconds=2)) == "-2.00 s"
    assert since(NOON, NOON + timedelta(milliseconds=5)) == "+5 ms"
    assert since(NOON, None) == "–"


@pytest.mark.parametrize(("text", "hours"), [("30m", 0.5), ("24h", 24), (" 7D ", 168)])
def test_a_time_back_is_a_number_and_a_unit(text: str, hours: float) -> None:
    assert parse_span(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1h", "1.5h", "7 days", "999999d"])
def test_other_times_back_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time"):
        parse_span(text)


def test_a_day_is_named_or_written_out() -> None:
    today = date(2026, 11, 20)
    assert parse_day(None, today) == parse_day("yesterday", today) == date(2026, 11, 19)
    assert parse_day("today", today) == today
    assert parse_day("2026-03-01", today) == date(2026, 3, 1)
    with pytest.raises(click.BadParameter, match="is no day"):
        parse_day("01.03.2026", today)
