"""The broker's settings: each one is there because its absence lost something (RELIABILITY §0, §2.7)."""

from __future__ import annotations

from dramatiq.brokers.rabbitmq import RabbitmqBroker

from actors.broker import build_broker, redis_client
from actors.prompt import PromptRedisBroker
from bitloot.settings import Settings, load_settings


def test_a_command_is_never_sent_twice(redis_url: str) -> None:
    client = redis_client(redis_url)
    arguments = client.connection_pool.connection_kwargs
    assert arguments["retry"]._retries == 0
    assert arguments["socket_timeout"] == 30
    assert arguments["socket_connect_timeout"] == 3
    assert client.ping()


def test_redis_by_its_url(settings: Settings) -> None:
    broker = build_broker(settings)
    assert isinstance(broker, PromptRedisBroker)
    assert broker.maintenance_chance == 1_000_000
    assert broker.heartbeat_timeout == 60_000
    assert broker.namespace == settings.queue_namespace


def test_rabbitmq_by_its_url(environ: dict[str, str]) -> None:
    broker = build_broker(load_settings(environ | {"BROKER_URL": "amqp://guest:guest@127.0.0.1:9/"}))
    assert isinstance(broker, RabbitmqBroker)
    assert broker.confirm_delivery
