"""Alive, and ready by component."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from falcon.testing import TestClient

from bitloot.shop import Shop
from db import base
from tests.web.conftest import fresh_client
from web.patience import Patience


@pytest.fixture
def server(shop: Shop) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(shop.settings.redis_url.get_secret_value()) as connection:
        yield connection


def test_it_is_alive_without_asking_anybody(client: TestClient) -> None:
    base.database.close()
    base.connect_url("postgresql://nobody@127.0.0.1:9/nothing", max_connections=1, application="tests")
    answer = client.simulate_get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"ok": True})


def test_it_is_ready_when_everything_is(client: TestClient) -> None:
    answer = client.simulate_get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert set(answer.json["components"]) == {"database", "schema", "redis", "store", "journal"}
    assert all(part["ms"] >= 0 for part in answer.json["components"].values())


def test_without_the_database_it_is_not_ready(client: TestClient, shop: Shop) -> None:
    base.database.close()
    base.dispose()
    base.connect_url("postgresql://nobody@127.0.0.1:9/nothing", max_connections=2, application="tests")
    answer = client.simulate_get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.json["components"]["database"]["why"] == "OperationalError"
    assert answer.json["components"]["redis"]["state"] == "up"


def test_an_old_schema_is_not_ready(client: TestClient) -> None:
    base.rows("DELETE FROM schema_migrations WHERE number = 2 RETURNING 1")
    answer = client.simulate_get("/readyz")
    assert answer.status_code == 503
    assert answer.json["components"]["schema"]["why"] == "schema_is_old"


def test_without_redis_it_is_degraded(shop: Shop) -> None:
    client = fresh_client(shop, redis_url="redis://127.0.0.1:9/0")
    answer = client.simulate_get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["components"]["redis"]["state"] == "down"


def test_a_redis_that_may_drop_messages_is_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy belongs to the whole server, which other tests use: told here, not set."""
    monkeypatch.setattr(redis.Redis, "info", lambda *_: {"maxmemory_policy": "allkeys-lru"})
    answer = fresh_client(shop).simulate_get("/readyz")
    assert answer.json["status"] == "degraded"
    assert answer.json["components"]["redis"]["why"] == "eviction_policy"


def test_a_store_that_takes_no_writes_is_named(shop: Shop) -> None:
    shop.settings.store_directory.parent.mkdir(parents=True, exist_ok=True)
    shop.settings.store_directory.write_text("not a folder")
    answer = fresh_client(shop).simulate_get("/readyz")
    assert answer.json["status"] == "degraded"
    assert answer.json["components"]["store"]["state"] == "down"


def test_what_is_wrong_is_said_without_addresses(client: TestClient, shop: Shop) -> None:
    base.database.close()
    base.dispose()
    base.connect_url("postgresql://someone:hunter22@127.0.0.1:9/x", max_connections=2, application="tests")
    text = client.simulate_get("/readyz").text
    assert "hunter22" not in text
    assert "127.0.0.1" not in text


def test_a_crowd_that_asks_at_once_hears_what_one_hears(client: TestClient) -> None:
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: client.simulate_get("/readyz"), range(8)))
    assert [answer.json["status"] for answer in answers] == ["ready"] * 8


def test_a_store_that_hangs_says_nothing_about_the_database(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    class Hanging(type(shop.store)):  # type: ignore[misc]
        def health(self) -> None:
            go.wait(30)

    class OfLittleUse(Patience):
        """Little for the store, and as much for the others as a busy machine needs."""

        def __init__(self, *, at_once: int, seconds: float) -> None:
            super().__init__(at_once=at_once, seconds=seconds + 30)
            self._little = Patience(at_once=at_once, seconds=0.05)

        def ask(self, call: Any) -> Any:
            return self._little.ask(call) if call.__name__ == "_check_store" else super().ask(call)

    monkeypatch.setattr("web.health.Patience", OfLittleUse)
    monkeypatch.setattr("web.health.FRESH", 0.0)
    monkeypatch.setattr(shop.store, "__class__", Hanging)
    client = fresh_client(shop)
    try:
        answers = [client.simulate_get("/readyz").json for _ in range(4)]
    finally:
        go.set()
    assert {answer["components"]["store"]["why"] for answer in answers} == {"too_slow"}
    assert {answer["status"] for answer in answers} == {"degraded"}
