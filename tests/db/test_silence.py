"""Silence: a source that has something to tell and tells nothing, far longer than it usually does."""

from __future__ import annotations

import uuid

import pytest

from bitloot.settings import Settings
from db import base
from db.silence import last_notices, quiet_sources
from tests.factories import a_payment, an_order


def heard(minutes_ago: list[float], source: str = "nowpayments") -> None:
    for ago in minutes_ago:
        base.rows(
            "INSERT INTO notices (id, source, event, digest, proof, outcome, data_key, body, size, address, repeats,"
            " replays, received_at, seen_at) VALUES (%s, %s, 'e', %s, 'p', 'noted', '', '', 0, '', 0, 0,"
            " now() - %s * interval '1 minute', now()) RETURNING id",
            *(uuid.uuid4(), source, uuid.uuid4().hex, ago),
        )


@pytest.mark.parametrize(
    ("minutes_ago", "quiet"),
    [
        ([200 + 10 * n for n in range(12)], True),  # one every ten minutes, then none for hours
        ([30 + 10 * n for n in range(12)], False),  # shorter than the least
        ([200 + 150 * n for n in range(12)], False),  # nothing unusual for this one
        ([200 + 10 * n for n in range(5)], False),  # too few to tell what is usual
    ],
)
def test_unusual_is_measured_by_the_source_itself(
    database: Settings, minutes_ago: list[float], quiet: bool
) -> None:
    a_payment(an_order())
    heard(minutes_ago)
    assert [item.source for item in quiet_sources(3600)] == (["nowpayments"] if quiet else [])


def test_who_has_nothing_to_tell_is_not_missed(database: Settings) -> None:
    heard([200 + 10 * n for n in range(12)])
    assert quiet_sources(3600) == []


def test_the_last_notice_of_each_source_is_known(database: Settings) -> None:
    heard([30, 5])
    heard([60], "kinguin")
    last = {item.source: item.at for item in last_notices(["nowpayments", "kinguin", "reservations"])}
    assert set(last) == {"nowpayments", "kinguin"}
    assert last["nowpayments"] > last["kinguin"]
