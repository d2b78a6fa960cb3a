"""Times come as milliseconds or as text, with or without an offset, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bitloot.moments import believable, read_moment

MOMENT = datetime(2026, 5, 28, 20, 26, 40, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1780000000123, MOMENT),
        (Decimal(1780000000123), MOMENT),
        ("2026-05-28T20:26:40.123Z", MOMENT),
        ("2026-05-28T22:26:40.123+02:00", MOMENT),
        ("2026-05-28T20:26:40.123", MOMENT),
        ("2026-05-28T20:26:40Z", MOMENT - timedelta(milliseconds=123)),
        ("yesterday", None),
        ("", None),
        (10**39, None),
        (-(10**39), None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_a_time_is_read_or_left_out(value: object, moment: datetime | None) -> None:
    assert read_moment(value) == moment


def test_only_a_time_that_can_be_true_is_believed() -> None:
    now = datetime.now(UTC)
    assert believable(now) == now
    assert believable(now + timedelta(minutes=50))
    for moment in (
        None,
        now + timedelta(hours=2),
        datetime.max.replace(tzinfo=UTC),
        datetime(2000, 1, 1, tzinfo=UTC),
    ):
        assert believable(moment) is None
    early = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    assert believable(early) is None
