"""What is lost costs time, never the order: webhooks, Redis's memory, Redis itself, workers."""

from __future__ import annotations

import signal

import redis

from tests.flows.house import House
from tests.flows.test_happy_path import KINGUIN, RESERVATIONS
from tests.waiting import until


def test_without_any_notice_or_webhook_the_order_is_fulfilled(house: House) -> None:
    house.control("config", webhooks=False)
    for point in ("nowpayments.ipn", "kinguin.webhook", "reservations.webhook"):
        house.fault(point, "no_webhook", count=None)
    sale = house.order((KINGUIN, 1), (RESERVATIONS, 1))
    house.pay(sale)
    house.until(sale, "fulfilled", seconds=40)
    assert house.rows("SELECT count(*) FROM notices WHERE order_id = %s", sale.order_id) == [(0,)]
    assert len(house.reveal(sale)) == 2
    assert house.charged(sale) == [1, 1]


def test_redis_emptied_between_paid_and_waiting_loses_nothing(house: House) -> None:
    house.crew["worker"].signal(signal.SIGSTOP, all_of_it=True)  # the message lies in the queue
    sale = house.order((KINGUIN, 1))
    house.pay(sale)
    house.until(sale, "paid")
    with redis.Redis.from_url(house.settings.redis_url.get_secret_value()) as client:
        client.flushall()
    house.crew["worker"].signal(signal.SIGCONT, all_of_it=True)
    house.until(sale, "fulfilled", seconds=40)
    assert house.charged(sale) == [1]


def test_a_killed_worker_is_followed_by_one_that_finishes(house: House) -> None:
    """It dies when the supplier has sold and not yet answered; a moment sooner, and a person would be asked."""
    house.fault("kinguin.place_order", "delay", seconds=2.0, after=True)
    sale = house.order((KINGUIN, 1))
    house.pay(sale)
    until(lambda: house.charged(sale) == [1], what="the call")
    house.crew["worker"].kill()
    house.crew["worker"].start()
    house.until(sale, "fulfilled", seconds=60)
    assert house.charged(sale) == [1]
    until(lambda: len(house.letters(sale)) == 1, what="the letter")
