"""Alerts reach log and sink; a sink that is away gets the same alert again."""

from __future__ import annotations

import base64

import pytest
from pydantic import SecretStr

from actors.alert import alert, silence
from actors.sweep import sweep_once
from bitloot.errors import Retryable
from bitloot.shop import Shop
from db import base
from db.alerts import Alert, Matter
from db.cases import open_case
from db.refused import keep_refused
from tests.actors.conftest import Queued
from tests.bitloot.scripted_http import Reply, scripted
from tests.factories import an_order


def a_case() -> None:
    open_case(an_order().id, "p", "underpaid", {})


def with_sink(shop: Shop, url: str) -> None:
    secret = SecretStr("whsec_" + base64.b64encode(bytes(32)).decode())
    changed = {"alerts_url": url, "alerts_secret": secret}
    object.__setattr__(shop, "settings", shop.settings.model_copy(update=changed))


def test_sweep_tells_each_matter_once(shop: Shop, queued: Queued) -> None:
    a_case()
    assert [sweep_once().get("alert"), sweep_once().get("alert")] == [1, None]
    assert queued(alert) == [str(Alert.get().id)]


def test_the_sink_hears_what_and_what_to_do_and_then_has_peace(shop: Shop, queued: Queued) -> None:
    a_case()
    sweep_once()
    found = Alert.get()
    with scripted(lambda _: Reply(200, b"{}")) as server:
        with_sink(shop, server.url)
        alert(str(found.id))
    (request,) = server.requests
    assert b"underpaid" in request.body
    told = Alert.get()
    assert told.times == 1
    assert (told.due_at - told.told_at).total_seconds() == pytest.approx(shop.settings.alerts_repeat, abs=1)


def test_a_sink_that_is_away_gets_the_same_alert_again(shop: Shop, queued: Queued) -> None:
    a_case()
    sweep_once()
    found = Alert.get()
    replies = iter([Reply(503), Reply(200)])
    with scripted(lambda _: next(replies)) as server:
        with_sink(shop, server.url)
        with pytest.raises(Retryable):
            alert(str(found.id))
        alert(str(found.id))
    assert len({request.headers["webhook-id"] for request in server.requests}) == 1
    assert Alert.get().times == 1


def test_what_ended_meanwhile_is_not_told(shop: Shop, queued: Queued) -> None:
    a_case()
    sweep_once()
    base.rows("UPDATE cases SET state = 'resolved' RETURNING id")
    sweep_once()
    with scripted(lambda _: Reply(200, b"{}")) as server:
        with_sink(shop, server.url)
        alert(str(Alert.get().id))
    assert server.requests == []


def test_a_sender_that_is_refused_too_often_is_told_by_name_until_it_is_not(
    shop: Shop, queued: Queued
) -> None:
    for number in range(shop.settings.refusals_per_hour):
        assert silence() == []
        keep_refused(
            shop.vault,
            source="kinguin",
            verdict="bad_signature",
            headers={},
            body=b"%d" % number,
            size=1,
            address="203.0.113.9",
        )
    assert silence() == [Matter("refusals:kinguin", "refusals", "kinguin")]
    sweep_once()
    assert queued(alert) == [str(Alert.get().id)]
    base.rows("UPDATE refusals SET minute = minute - interval '1 hour' RETURNING source")
    sweep_once()
    assert Alert.get().ended_at is not None
