"""Times and counts as people read them, and times as they write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import click

__all__ = ["counted", "moment", "parse_day", "parse_span", "since", "span"]

UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def span(seconds: float | None, *, never: str = "–") -> str:
    """0.0123 → 12 ms, 3.21 → 3.21 s, 754 → 12.6 min; `never` for None."""
    if seconds is None:
        return never
    if abs(seconds) < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if abs(seconds) < 120:
        return f"{seconds:.2f} s"
    if abs(seconds) < 7200:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h" if abs(seconds) < 172_800 else f"{seconds / 86_400:.1f} d"


def counted(count: int, noun: str) -> str:
    """1 → 1 key, 2 → 2 keys."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def moment(at: datetime) -> str:
    """To the second, by UTC: a person anywhere can set it beside a log line."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def since(start: datetime, moment: datetime | None) -> str:
    """How long after `start`, with its sign."""
    if moment is None:
        return "–"
    seconds = (moment - start).total_seconds()
    return f"{'-' if seconds < 0 else '+'}{span(abs(seconds))}"


def parse_span(text: str) -> timedelta:
    """30m, 24h, 7d. Raises click.BadParameter."""
    match = re.fullmatch(r"([1-9]\d{0,4})([mhd])", text.strip().lower())
    if match is None:
        raise click.BadParameter(f"{text!r} is no time such as 30m, 24h or 7d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def parse_day(text: str | None, today: date | None = None) -> date:
    """2026-11-20, `today`, or `yesterday` (default), by UTC. Raises click.BadParameter."""
    today = today or datetime.now(UTC).date()
    named = {None: today - timedelta(days=1), "yesterday": today - timedelta(days=1), "today": today}
    if text in named:
        return named[text]
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise click.BadParameter(f"{text!r} is no day such as 2026-11-20, today or yesterday") from None
