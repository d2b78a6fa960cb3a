"""What the stand-ins are told, and when they refuse."""

from __future__ import annotations

import base64
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bitloot.settings import Settings
from web.standins.config import KNOBS, StandinsConfig, refusals

VARIED = "0123456789abcdefghijklmnopqrstuvwxyz"  # no secret may be one letter over and over
KINGUIN_KEY = "k" + VARIED
LIVE = {"kinguin_api_key": SecretStr(KINGUIN_KEY), "kinguin_base_url": "https://gateway.kinguin.net/esa/api"}


def safe_settings(**more: Any) -> Settings:
    standins = "http://127.0.0.1:8002"
    values: dict[str, Any] = {
        "environment": "development",
        "standins": True,
        "database_url": SecretStr("postgresql://localhost/x"),
        "redis_url": SecretStr("redis://localhost"),
        "master_keys": SecretStr("1:" + base64.b64encode(bytes(range(32))).decode()),
        "audit_keys": SecretStr("1:" + base64.b64encode(bytes(range(32, 64))).decode()),
        "buyer_token_secret": SecretStr("buyer" + VARIED),
        "admin_token_secret": SecretStr("admin" + VARIED),
        "link_secret": SecretStr("link" + VARIED),
        "nowpayments_base_url": f"{standins}/nowpayments/v1",
        "nowpayments_api_key": SecretStr("n" + VARIED),
        "nowpayments_ipn_secret": SecretStr("i" + VARIED),
        "kinguin_base_url": f"{standins}/kinguin",
        "kinguin_api_key": SecretStr(KINGUIN_KEY),
        "kinguin_webhook_secret": SecretStr("w" + VARIED),
        "reservations_base_url": f"{standins}/reservations-api",
        "reservations_token_url": f"{standins}/reservations-api/auth/token",
        "reservations_client_secret": SecretStr("c" + VARIED),
        "reservations_webhook_secret": SecretStr("r" + VARIED),
        "resend_base_url": f"{standins}/resend",
    }
    return Settings.model_validate(values | more)


def test_safe_settings_may_start() -> None:
    assert refusals(safe_settings()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"standins": False},
        {"environment": "production"},
        {"nowpayments_base_url": "https://api.nowpayments.io/v1"},
        {"kinguin_base_url": "https://gateway.sandbox.kinguin.net/esa/api"},
        {"resend_base_url": "https://api.resend.com", "resend_api_key": SecretStr("re_" + "x" * 30)},
        {"reservations_base_url": "https://supplier.example/api"},
        {"reservations_token_url": "https://supplier.example/token"},
        {"buyer_token_secret": SecretStr("short")},
    ],
)
def test_beside_live_credentials_or_unsafe_settings_they_refuse(change: dict[str, Any]) -> None:
    assert refusals(safe_settings(**change))


def test_they_take_their_secrets_from_the_shops_own_settings() -> None:
    settings = safe_settings(reservations_verifier="static", public_url="http://127.0.0.1:8123")
    config = StandinsConfig.from_settings(settings)
    assert config.shop_url == "http://127.0.0.1:8123"
    assert (config.ipn_secret, config.kinguin_secret, config.reservations_verifier) == (
        "i" + VARIED,
        "w" + VARIED,
        "static",
    )
    assert config.ledger_dir == settings.state_dir / "standins"


def test_secrets_stay_out_of_the_repr(tmp_path: Path) -> None:
    config = StandinsConfig(ledger_dir=tmp_path)
    for secret in (config.ipn_secret, config.kinguin_api_key, config.resend_api_key):
        assert secret not in repr(config)


def test_every_knob_is_a_field_and_no_secret() -> None:
    assert {item.name for item in fields(StandinsConfig)} >= KNOBS
    assert not [name for name in KNOBS if "secret" in name or "key" in name.removesuffix("inline_key")]
