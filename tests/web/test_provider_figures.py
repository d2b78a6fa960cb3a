"""Figures about gates and dead jobs."""

from __future__ import annotations

from falcon.testing import TestClient

from bitloot.errors import Blocked, Retryable
from bitloot.shop import Shop
from tests.db.test_jobs import dies


def test_gates_and_dead_jobs_are_told(client: TestClient, shop: Shop) -> None:
    text = client.simulate_get("/metrics").text
    assert 'bitloot_provider_failures{provider="kinguin"} 0.0' in text
    assert "bitloot_provider_shut{" not in text
    assert "bitloot_jobs_dead{" not in text

    for _ in range(shop.settings.breaker_threshold):
        shop.turnstiles["kinguin"].report("GET", None, Retryable("away"))
    shop.turnstiles["resend"].report("POST", 429, Blocked("quota", code="daily_quota_exceeded"))
    dies("1", "replay")
    text = client.simulate_get("/metrics").text
    assert f'bitloot_provider_failures{{provider="kinguin"}} {shop.settings.breaker_threshold}.0' in text
    assert 'bitloot_provider_shut{calls="all",provider="kinguin",why="away"} 1.0' in text
    assert 'bitloot_provider_shut{calls="writes",provider="resend",why="daily_quota_exceeded"} 1.0' in text
    assert 'bitloot_jobs_dead{actor="replay"} 1.0' in text
