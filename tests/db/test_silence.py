"""Silence: a source that has something to tell and tells nothing, far longer than it usually does."""

from __future__ import annotations

import uuid

import pytest

from bitloot.settings import Settings
from bitloot.vault import Vault
from db import base
from db.refused import keep_refused
from db.silence import Refusing, last_notices, quiet_sources, refused_sources
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


def refuse(source: str, times: int) -> None:
    """The same delivery again and again, as a sender repeats what was not taken."""
    for _ in range(times):
        keep_refused(
            Vault({1: b"m" * 32}),
            source=source,
            verdict="bad_signature",
            headers={},
            body=b"{}",
            size=2,
            address="203.0.113.9",
        )


def test_a_source_that_is_refused_too_often_within_an_hour_is_named(database: Settings) -> None:
    refuse("kinguin", 3)
    refuse("nowpayments", 2)
    assert refused_sources(3) == [Refusing("kinguin", 3)]
    base.rows("UPDATE refusals SET minute = minute - interval '58 minutes' RETURNING source")
    assert refused_sources(3) == [Refusing("kinguin", 3)]
    base.rows("UPDATE refusals SET minute = minute - interval '2 minutes' RETURNING source")
    assert refused_sources(1) == []


def test_a_minute_takes_the_place_of_the_same_minute_of_an_earlier_hour(database: Settings) -> None:
    refuse("kinguin", 5)
    base.rows("UPDATE refusals SET minute = minute - interval '1 hour' RETURNING source")
    refuse("kinguin", 2)
    assert refused_sources(1) == [Refusing("kinguin", 2)]
