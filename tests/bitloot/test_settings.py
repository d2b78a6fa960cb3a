"""Settings are read once, from the environment or from files, and unsafe ones stop the start."""

from __future__ import annotations

import secrets
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from bitloot.development import master_key
from bitloot.errors import UnsafeSettings
from bitloot.settings import Settings, load_settings

SECRET = secrets.token_urlsafe(32)

SAFE = {
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://shop.example",
    "DATABASE_URL": "postgresql://shop:pw@db/shop",
    "REDIS_URL": "redis://:pw@redis/0",
    "MASTER_KEYS": master_key(),
    "AUDIT_KEYS": master_key(),
    "BUYER_TOKEN_SECRET": secrets.token_urlsafe(32),
    "ADMIN_TOKEN_SECRET": secrets.token_urlsafe(32),
    "LINK_SECRET": SECRET,
    "NOWPAYMENTS_API_KEY": secrets.token_hex(16),
    "NOWPAYMENTS_IPN_SECRET": secrets.token_hex(16),
    "KINGUIN_API_KEY": secrets.token_hex(16),
    "KINGUIN_WEBHOOK_SECRET": secrets.token_hex(16),
    "MAILER": "smtp",
}

RESERVATIONS = {
    "RESERVATIONS_BASE_URL": "https://supplier.example/api",
    "RESERVATIONS_TOKEN_URL": "https://supplier.example/token",
    "RESERVATIONS_CLIENT_SECRET": secrets.token_hex(16),
    "RESERVATIONS_WEBHOOK_SECRET": secrets.token_hex(16),
}

S3 = {
    "STORE": "s3",
    "S3_ENDPOINT_URL": "https://store.example",
    "S3_BUCKET": "keys",
    "S3_ACCESS_KEY_ID": "id",
    "S3_SECRET_ACCESS_KEY": secrets.token_hex(16),
}


@pytest.mark.parametrize("more", [{}, RESERVATIONS, S3], ids=["plain", "reservations", "s3"])
def test_safe_settings_start(more: dict[str, str]) -> None:
    settings = load_settings(SAFE | more)
    assert not settings.development
    assert settings.broker == SAFE["REDIS_URL"]


def test_all_reasons_come_at_once() -> None:
    with pytest.raises(UnsafeSettings) as refused:
        load_settings({})
    assert len(refused.value.reasons) >= 8


def test_the_check_can_be_left_to_the_caller() -> None:
    assert load_settings({}, check=False).environment == "production"


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "link").write_text(SECRET + "\n")
    environment = SAFE | {"LINK_SECRET": "", "LINK_SECRET_FILE": str(tmp_path / "link")}
    assert load_settings(environment).link_secret.get_secret_value() == SECRET


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").write_text(SECRET)
    with pytest.raises(UnsafeSettings, match="LINK_SECRET and LINK_SECRET_FILE are both set"):
        load_settings(SAFE | {"LINK_SECRET_FILE": str(tmp_path / "link")})


def test_a_secret_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnsafeSettings, match=r"^LINK_SECRET_FILE cannot be read: FileNotFoundError\.$"):
        load_settings(SAFE | {"LINK_SECRET": "", "LINK_SECRET_FILE": str(tmp_path / "nothing")})


def test_what_cannot_be_read_is_named_and_not_shown() -> None:
    with pytest.raises(UnsafeSettings) as refused:
        load_settings(SAFE | {"PORT": "confidential"})
    assert refused.value.reasons[0].startswith("PORT cannot be read: ")
    assert "confidential" not in str(refused.value)


def test_secrets_are_not_shown() -> None:
    settings = load_settings(SAFE)
    for text in (repr(settings), str(settings), str(settings.model_dump())):
        assert SECRET not in text
        assert ":pw@" not in text


def test_settings_cannot_be_changed() -> None:
    settings = load_settings(SAFE)
    with pytest.raises(ValidationError):
        settings.port = 1


def test_lists_amounts_and_addresses_are_read_from_text() -> None:
    settings = load_settings(
        SAFE
        | {
            "SEARCH_LADDER": "1, 2,30",
            "RELAY_ORIGINS": "https://a.example,https://b.example",
            "PAYMENT_TOLERANCE": "0.1",
            "DATABASE_URL": "postgres://shop@db/shop",
            "BROKER_URL": "amqp://queue",
        }
    )
    assert settings.search_ladder == (1, 2, 30)
    assert settings.relay_origins == ("https://a.example", "https://b.example")
    assert settings.payment_tolerance == Decimal("0.1")
    assert settings.database_url.get_secret_value() == "postgresql://shop@db/shop"
    assert settings.broker == "amqp://queue"


def test_browsers_find_the_relay_where_the_shop_is() -> None:
    own = {"PUBLIC_URL": "http://127.0.0.1:9000", "RELAY_PORT": "9001"}
    assert (
        load_settings(SAFE).relay_address
        == load_settings(SAFE).public_url.replace("https", "wss") + "/fulfillment"
    )
    assert load_settings(SAFE | own | {"ENVIRONMENT": "development"}).relay_address == (
        "ws://127.0.0.1:9001/fulfillment"
    )
    assert load_settings(SAFE | {"RELAY_URL": "wss://live.example/x"}).relay_address == "wss://live.example/x"


def test_the_processs_own_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SAFE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SHOP_NAME", "The Shop")
    assert load_settings().shop_name == "The Shop"


def test_development_starts_with_its_servers_alone(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "ENVIRONMENT": "development",
            "STATE_DIR": str(tmp_path),
            "DATABASE_URL": "postgresql://db/shop",
            "REDIS_URL": "redis://redis",
            "STANDINS": "true",
        }
    )
    assert settings.development
    assert settings.mailer == settings.store == "directory"


def test_defaults_name_no_secret() -> None:
    for name, field in Settings.model_fields.items():
        if name.endswith(("_secret", "_key", "_keys", "_password", "_url")) and "base" not in name:
            default = (
                field.default.get_secret_value()
                if hasattr(field.default, "get_secret_value")
                else field.default
            )
            assert default in {"", "http://127.0.0.1:8000"}, name
