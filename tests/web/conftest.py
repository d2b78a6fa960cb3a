"""The edge against real servers, with the stand-ins as gateway and suppliers; requests are made in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from argon2 import PasswordHasher
from falcon.testing import Result, TestClient
from pydantic import SecretStr

from actors import courier
from actors.broker import connect
from bitloot import passwords
from bitloot.settings import Settings, load_settings
from bitloot.shop import Shop, open_shop
from db import base, put_products
from tests.tools import CHROMIUM, NODE
from tests.web.promises import BROKEN, watch
from web.app import create_app
from web.standins import StandinsConfig, catalog_rows, start_standins
from web.standins.server import RunningStandins

Ask = Callable[..., Result]

#: Where there is neither Node nor a browser, nothing can be said of how they hear; the run's end tells.
collect_ignore = [
    *([] if NODE and CHROMIUM else ["test_live_js.py", "test_docs_page.py"]),
    *([] if NODE else ["test_unseal_js.py"]),
]


@pytest.fixture
def standins(tmp_path: Path) -> Iterator[RunningStandins]:
    """They deliver at once and call nobody: notices come from the tests."""
    config = StandinsConfig(ledger_dir=tmp_path / "ledger", delivery_seconds=0, webhooks=False)
    with start_standins(config, port=0) as running:
        yield running


@pytest.fixture
def web_environ(environ: dict[str, str], standins: RunningStandins) -> dict[str, str]:
    config = standins.shop.config
    return environ | {
        "LOG_LEVEL": "error",
        "NOWPAYMENTS_BASE_URL": standins.nowpayments_url,
        "NOWPAYMENTS_API_KEY": config.nowpayments_api_key,
        "NOWPAYMENTS_IPN_SECRET": config.ipn_secret,
        "KINGUIN_BASE_URL": standins.kinguin_url,
        "KINGUIN_API_KEY": config.kinguin_api_key,
        "KINGUIN_WEBHOOK_SECRET": config.kinguin_secret,
        "RESERVATIONS_BASE_URL": standins.reservations_url,
        "RESERVATIONS_TOKEN_URL": standins.reservations_token_url,
        "RESERVATIONS_CLIENT_ID": config.reservations_client_id,
        "RESERVATIONS_CLIENT_SECRET": config.reservations_client_secret,
        "RESERVATIONS_WEBHOOK_SECRET": config.reservations_webhook_secret,
        "SUPPLIER_TIMEOUT": "5",
    }


@pytest.fixture
def web_settings(web_environ: dict[str, str]) -> Settings:
    return load_settings(web_environ)


@pytest.fixture
def shop(web_settings: Settings) -> Iterator[Shop]:
    """The shop of the application, and a connection scope for the test's own look at the rows."""
    connect(web_settings)
    base.configure(web_settings, application="tests")
    with base.scope():
        put_products([_seed(row) for row in catalog_rows()])
        yield open_shop(web_settings)
    courier.stop()
    base.dispose()


def _seed(row: Mapping[str, str]) -> dict[str, Any]:
    kept = {name: row[name] for name in ("sku", "name", "price", "currency", "supplier", "supplier_ref")}
    return kept | {"max_cost": row["max_price"], "cost_currency": "eur"}


@pytest.fixture
def client(shop: Shop) -> TestClient:
    return TestClient(watch(create_app(shop.settings, shop)))


@pytest.fixture
def light_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth of the work for each: what it costs is the library's promise, and test_passwords.py looks at it."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    monkeypatch.setattr(passwords, "_decoy", lambda: passwords._HASHER.hash("nobody's password"))


@pytest.fixture
def promises_are_kept() -> Iterator[None]:
    """No answer of this test has a status, code or media type that the document does not name."""
    BROKEN.clear()
    yield
    assert BROKEN == []


@pytest.fixture
def place(client: TestClient) -> Ask:
    """POST /orders for the first product of the catalog."""

    def ask(**changes: Any) -> Result:
        headers = changes.pop("headers", {})
        body = {
            "email": "buyer@example.test",
            "items": [{"productId": catalog_rows()[0]["sku"], "quantity": 1}],
            "payCurrency": "btc",
        }
        return client.simulate_post("/orders", json=body | changes, headers=headers)

    return ask


def waiting_messages(shop: Shop, actor: Any) -> list[str]:
    """The ids that wait in an actor's queue."""
    with redis.Redis.from_url(shop.settings.redis_url.get_secret_value()) as queue:
        key = f"{shop.settings.queue_namespace}:{actor.queue_name}"
        ids: Any = queue.lrange(key, 0, -1)
        found = [json.loads(str(queue.hget(f"{key}.msgs", one), "utf-8"))["args"] for one in ids]
        return [" ".join(args) for args in found]


def fresh_client(shop: Shop, **changes: str) -> TestClient:
    """The application anew, with some settings changed."""
    secret = {name: SecretStr(value) for name, value in changes.items()}
    settings = shop.settings.model_copy(update=secret)
    return TestClient(watch(create_app(settings, replace(shop, settings=settings))))


def settled(shop: Shop, **changes: Any) -> TestClient:
    """The application anew, with some plain settings changed."""
    settings = shop.settings.model_copy(update=changes)
    return TestClient(watch(create_app(settings, replace(shop, settings=settings))))
