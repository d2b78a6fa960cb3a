"""The record that all processes share: the same promises over Valkey, and none of it needed."""

from __future__ import annotations

import pytest
import redis

from actors import traffic as module
from actors.traffic import SharedTraffic, share
from bitloot.settings import Settings
from bitloot.traffic import Limit, LocalTraffic, Rules, Standing, Traffic
from tests.bitloot.traffic_contract import TrafficContract

RULES = Rules(threshold=1, pause=60, limit=Limit.per(2, 1))


class Counting(redis.Redis):
    """Counts what goes over the wire."""

    sent = 0

    def execute_command(self, *args: object, **options: object) -> object:
        Counting.sent += 1
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


@pytest.fixture
def shared(settings: Settings) -> Traffic:
    return share(settings)


class TestSharedTraffic(TrafficContract):
    @pytest.fixture
    def traffic(self, shared: Traffic) -> Traffic:
        return shared


def test_what_one_process_learns_all_know(settings: Settings, shared: Traffic) -> None:
    shared.failed("kinguin", RULES)
    shared.ask("resend", RULES, write=True, paced=True)
    other = share(settings)
    assert other.look("kinguin").failures == 1
    assert other.look("kinguin").calls is not None
    assert other.ask("resend", RULES, write=True, paced=True).wait > 0.4
    elsewhere = share(settings.model_copy(update={"queue_namespace": "another-shop"}))
    assert elsewhere.look("kinguin") == Standing()


def test_a_flush_costs_nothing_but_what_was_known(settings: Settings, shared: Traffic) -> None:
    shared.blocked("kinguin", "unauthorized", 60, writes_only=False)
    redis.Redis.from_url(settings.redis_url.get_secret_value()).flushdb()
    assert shared.ask("kinguin", RULES, write=True, paced=True) == Standing()
    assert shared.blocked("kinguin", "unauthorized", 60, writes_only=False)


def test_a_look_is_one_round_trip(settings: Settings) -> None:
    client = Counting.from_url(settings.redis_url.get_secret_value())
    traffic = SharedTraffic(client, settings.queue_namespace)
    traffic.look("kinguin")  # the server learns the script
    before = Counting.sent
    traffic.ask("kinguin", RULES, write=True, paced=True)
    traffic.failed("kinguin", RULES)
    traffic.worked("kinguin", write=True)
    assert Counting.sent - before == 3


def test_without_valkey_each_process_counts_by_itself(settings: Settings) -> None:
    nowhere = type(settings.redis_url)("redis://127.0.0.1:9/0")
    traffic = share(settings.model_copy(update={"redis_url": nowhere}))
    assert traffic.ask("kinguin", RULES, write=True, paced=True) == Standing()
    assert traffic.failed("kinguin", RULES).calls is not None
    assert traffic.blocked("kinguin", "unauthorized", 60, writes_only=False)
    assert not traffic.blocked("kinguin", "unauthorized", 60, writes_only=False)
    assert traffic.worked("kinguin", write=True) == traffic.look("kinguin") == Standing()


def test_a_server_that_comes_back_is_asked_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = type(settings.redis_url)("redis://127.0.0.1:9/0")
    traffic, back = share(settings.model_copy(update={"redis_url": nowhere})), share(settings)
    assert isinstance(traffic, SharedTraffic)
    assert isinstance(back, SharedTraffic)
    traffic.failed("kinguin", RULES)
    monkeypatch.setattr(traffic, "_script", back._script)
    assert (
        traffic.look("kinguin").failures == 1
    )  # still by itself: an absent server is not asked at each call
    monkeypatch.setattr(traffic, "_away_until", 0.0)
    assert traffic.look("kinguin") == Standing()


def test_no_redis_no_sharing(settings: Settings) -> None:
    assert isinstance(
        share(settings.model_copy(update={"redis_url": type(settings.redis_url)("")})), LocalTraffic
    )


def test_what_is_left_in_valkey_is_forgotten(settings: Settings, shared: Traffic) -> None:
    shared.failed("kinguin", RULES)
    client = redis.Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True)
    (key,) = client.keys(f"{settings.queue_namespace}:traffic:*")
    assert 0 < client.ttl(key) <= module.KEPT
