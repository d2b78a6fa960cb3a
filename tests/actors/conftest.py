"""A shop that works against the stand-ins, with its queue on Valkey; steps are called as functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest
import requests

import actors
from actors import workshop
from actors.broker import broker, connect
from actors.prompt import PromptRedisBroker
from bitloot.gateways.base import PaymentRequest
from bitloot.settings import Settings, load_settings
from bitloot.shop import Shop, open_shop
from db import Order, Payment, Product, Purchase, base, open_payment, put_products, take_news
from tests.factories import GATEWAY, again, an_order, intend
from web.standins import StandinsConfig, catalog_rows, start_standins
from web.standins.server import RunningStandins

#: A product of each supplier's stand-in, by sku.
KINGUIN, RESERVATIONS = "orbit-drifters", "tin-parade"

Queued = Callable[["dramatiq.Actor[..., None]"], list[str]]
PaidOrder = Callable[..., Order]


@pytest.fixture
def standins(tmp_path: Path) -> Iterator[RunningStandins]:
    """Suppliers that deliver at once and send no webhooks; the ledger lies in a folder."""
    config = StandinsConfig(ledger_dir=tmp_path / "ledger", delivery_seconds=0, webhooks=False)
    with start_standins(config, port=0) as running:
        yield running


@pytest.fixture
def standin_settings(environ: dict[str, str], standins: RunningStandins) -> Settings:
    config = standins.shop.config
    return load_settings(
        environ
        | {
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
            "BLOCKED_PAUSE": "0.2",
        }
    )


@pytest.fixture
def shop(standin_settings: Settings) -> Iterator[Shop]:
    """The shop that the steps work in, this thread holding a connection scope."""
    opened = open_shop(standin_settings)
    connect(standin_settings)
    workshop.use(opened)
    base.configure(standin_settings, application="tests")
    with base.scope():
        yield opened
    base.dispose()


def valkey() -> Any:
    """The broker's own client."""
    assert isinstance(broker, PromptRedisBroker)
    return broker.client


@pytest.fixture
def queued(shop: Shop) -> Queued:
    """The ids that wait for an actor, oldest first; the queue is emptied by looking."""

    def look(actor: dramatiq.Actor[..., None]) -> list[str]:
        key = f"{shop.settings.queue_namespace}:{actor.queue_name}"
        client = valkey()
        ids = client.lrange(key, 0, -1)
        found = [json.loads(client.hget(f"{key}.msgs", one))["args"] for one in ids]
        client.delete(key, f"{key}.msgs")
        return [" ".join(args) for args in found]

    return look


@pytest.fixture
def catalog(shop: Shop) -> dict[str, Product]:
    """The stand-ins' products, by sku."""
    seed = [
        {
            "sku": row["sku"],
            "name": row["name"],
            "price": row["price"],
            "currency": row["currency"],
            "supplier": row["supplier"],
            "supplier_ref": row["supplier_ref"],
            "max_cost": row["max_price"],
            "cost_currency": "eur",
        }
        for row in catalog_rows()
    ]
    put_products(seed)
    return {product.sku: product for product in Product.select()}


def open_at_gateway(shop: Shop, order: Order) -> Payment:
    """The order's payment, opened at the stand-in."""
    request = PaymentRequest(str(order.id), order.price, order.currency, "btc", "", "test")
    return open_payment(order, GATEWAY, shop.gateway.create_payment(request), poll_seconds=60)


def pay(standins: RunningStandins, payment: Payment, **how: object) -> None:
    """The buyer pays; the gateway stand-in goes through its statuses."""
    url = f"{standins.control_url}/nowpayments/payments/{payment.gateway_payment_id}/pay"
    assert requests.post(url, json={"wait": True, **how}, timeout=10).status_code in {200, 202}


def fault(standins: RunningStandins, point: str, kind: str, **more: object) -> None:
    answer = requests.post(
        f"{standins.control_url}/faults", json={"point": point, "kind": kind, **more}, timeout=10
    )
    assert answer.ok, answer.text


@pytest.fixture
def paid_order(shop: Shop, standins: RunningStandins, catalog: dict[str, Product]) -> PaidOrder:
    """An order that was really paid at the gateway stand-in, and whose notice was taken in."""

    def place(*lines: tuple[str, int]) -> Order:
        order = an_order(
            *[(catalog[sku], quantity) for sku, quantity in lines or [(first(catalog, "kinguin"), 1)]]
        )
        payment = open_at_gateway(shop, order)
        pay(standins, payment)
        news = shop.gateway.read_payment(payment.gateway_payment_id)
        take_news(
            news, gateway=GATEWAY, tolerance=shop.settings.payment_tolerance, actor="ipn", poll_seconds=60
        )
        return again(order)

    return place


@pytest.fixture
def kinguin(paid_order: PaidOrder) -> Purchase:
    """Intended at the supplier that sells in one call."""
    return intend(paid_order((KINGUIN, 1)))[0]


@pytest.fixture
def reservation(paid_order: PaidOrder) -> Purchase:
    """Intended at the supplier that reserves first."""
    return intend(paid_order((RESERVATIONS, 1)))[0]


def first(catalog: dict[str, Product], supplier: str) -> str:
    """The sku of an ordinary product of this supplier."""
    return min(product.sku for product in catalog.values() if product.supplier == supplier)


assert actors.__all__  # the steps are declared before any test looks at their queues
