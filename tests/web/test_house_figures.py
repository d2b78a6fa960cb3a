"""Figures about the whole house; that all are documented is tested by tests/web/test_operating.py."""

from __future__ import annotations

from actors.reserve import reserve
from bitloot.shop import Shop
from web.house_figures import HouseCollector, QueueCollector


def test_messages_that_wait_are_counted_by_queue(shop: Shop) -> None:
    reserve.send("1")
    reserve.send_with_options(args=("2",), delay=60_000)
    [found] = QueueCollector(shop.settings).collect()
    counted = {tuple(sample.labels.values()): sample.value for sample in found.samples}
    assert counted["reserve", "ready"] == counted["reserve", "delayed"] == 1
    assert counted["reserve", "dead"] == 0


def test_where_redis_is_away_or_no_redis_nothing_is_claimed(shop: Shop) -> None:
    for url in ("redis://127.0.0.1:9/0", "amqp://127.0.0.1:9"):
        broker = type(shop.settings.broker_url)(url)
        settings = shop.settings.model_copy(update={"broker_url": broker})
        assert list(QueueCollector(settings).collect()) == []


def test_the_database_is_asked_once_for_many_scrapes(shop: Shop) -> None:
    collector = HouseCollector(shop.settings, "nowpayments", ["kinguin"])
    first, second = list(collector.collect()), list(collector.collect())
    assert [one is other for one, other in zip(first, second, strict=True)] == [True] * len(first)
