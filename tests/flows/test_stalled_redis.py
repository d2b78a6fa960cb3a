"""Redis takes connections and says nothing: notices are taken in all the same."""

from __future__ import annotations

import os
import signal
import time

import redis

from tests.flows.house import House
from tests.flows.test_happy_path import KINGUIN


def test_without_redis_notices_are_taken_in_quickly_and_work_goes_on_when_it_is_back(house: House) -> None:
    sale = house.order((KINGUIN, 1))
    url = house.settings.redis_url.get_secret_value()
    with redis.Redis.from_url(url) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)  # worse than dead: it takes connections and says nothing
    try:
        began = time.monotonic()
        told = {"status": "waiting", "times": 5}
        answers = house.control(f"nowpayments/payments/{sale.payment_id}/ipn", **told)["answers"]
        assert answers == [200] * 5
        assert time.monotonic() - began < 3
        house.pay(sale)
        house.until(sale, "paid")
    finally:
        os.kill(pid, signal.SIGCONT)
    house.until(sale, "fulfilled", seconds=60)
    assert house.charged(sale) == [1]
