"""What makes settings unsafe, a sentence each."""

from __future__ import annotations

import base64
import secrets

import pytest

from bitloot.errors import UnsafeSettings
from bitloot.settings import load_settings
from bitloot.settings_check import MIN_SECRET, unsafe_reasons
from tests.bitloot.test_settings import RESERVATIONS, S3, SAFE, SECRET

UNSAFE = [
    ({"DATABASE_URL": ""}, "DATABASE_URL is missing"),
    ({"REDIS_URL": ""}, "REDIS_URL is missing"),
    ({"BROKER_URL": "http://queue"}, "BROKER_URL must start with redis://"),
    ({"PUBLIC_URL": "http://shop.example"}, "PUBLIC_URL must start with https://"),
    ({"MASTER_KEYS": ""}, "MASTER_KEYS is missing"),
    ({"MASTER_KEYS": "1:c2hvcnQ="}, "MASTER_KEYS cannot be read"),
    ({"AUDIT_KEYS": ""}, "AUDIT_KEYS is missing"),
    ({"AUDIT_KEYS": "1:c2hvcnQ="}, "AUDIT_KEYS cannot be read"),
    ({"AUDIT_KEYS": SAFE["MASTER_KEYS"]}, "AUDIT_KEYS and MASTER_KEYS share a key"),
    ({"LINK_SECRET": "short"}, "LINK_SECRET must have at least 32 characters."),
    ({"ADMIN_TOKEN_SECRET": SECRET}, "LINK_SECRET equals ADMIN_TOKEN_SECRET"),
    (
        {"KINGUIN_WEBHOOK_SECRET": SAFE["ADMIN_TOKEN_SECRET"]},
        "ADMIN_TOKEN_SECRET equals KINGUIN_WEBHOOK_SECRET; each purpose needs its own secret.",
    ),
    ({"NOWPAYMENTS_API_KEY": "changeme"}, "NOWPAYMENTS_API_KEY is missing or shorter than 12"),
    ({"NOWPAYMENTS_IPN_SECRET": ""}, "NOWPAYMENTS_IPN_SECRET is missing"),
    ({"NOWPAYMENTS_BASE_URL": "http://api"}, "NOWPAYMENTS_BASE_URL must start with https://"),
    ({"KINGUIN_API_KEY": ""}, "No supplier is set"),
    ({"KINGUIN_WEBHOOK_SECRET": ""}, "KINGUIN_WEBHOOK_SECRET is missing"),
    (RESERVATIONS | {"RESERVATIONS_WEBHOOK_SECRET": "x"}, "RESERVATIONS_WEBHOOK_SECRET is missing"),
    ({"NOWPAYMENTS_IPN_SECRET_PREVIOUS": "short"}, "NOWPAYMENTS_IPN_SECRET_PREVIOUS is missing or shorter"),
    (
        {"KINGUIN_WEBHOOK_SECRET_PREVIOUS": SAFE["KINGUIN_WEBHOOK_SECRET"]},
        "KINGUIN_WEBHOOK_SECRET_PREVIOUS equals KINGUIN_WEBHOOK_SECRET",
    ),
    ({"NOWPAYMENTS_IPN_SECRET": "a" * 32}, "NOWPAYMENTS_IPN_SECRET is no secret: it has only 1 different"),
    ({"KINGUIN_API_KEY": "changeme" * 4}, "KINGUIN_API_KEY is no secret: it has only 7 different"),
    ({"EGRESS_ADDRESSES": "shop.example"}, "EGRESS_ADDRESSES must hold addresses"),
    ({"NOWPAYMENTS_SENDERS": "51.89.194.21,nowpayments.io"}, "NOWPAYMENTS_SENDERS must hold addresses"),
    (RESERVATIONS | {"RESERVATIONS_TOKEN_URL": "http://t"}, "RESERVATIONS_TOKEN_URL must start with https"),
    (S3 | {"S3_BUCKET": ""}, "STORE=s3 needs S3_BUCKET."),
    (S3 | {"S3_SECRET_ACCESS_KEY": ""}, "S3_SECRET_ACCESS_KEY is missing"),
    ({"MASTER_KEYS": f"1:{base64.b64encode(bytes(32)).decode()}"}, "Master key 1 is no random key"),
    ({"BUYER_TOKEN_SECRET": "a" * 40}, "BUYER_TOKEN_SECRET is no random secret"),
    ({"ADMIN_TOKEN_SECRET": "changeme" * 5}, "ADMIN_TOKEN_SECRET is no random secret"),
    ({"LINK_SECRET": " " * 40}, "LINK_SECRET must have at least"),
    ({"DATABASE_URL": "http://x"}, "DATABASE_URL must start with"),
    ({"PUBLIC_URL": "https://"}, "PUBLIC_URL must name a host"),
    ({"PUBLIC_URL": "https://a:b@shop.example"}, "PUBLIC_URL must name a host"),
    ({"NOWPAYMENTS_BASE_URL": "https://127.0.0.1@evil.example"}, "NOWPAYMENTS_BASE_URL must not hold"),
    ({"RELAY_ORIGINS": "*"}, "RELAY_ORIGINS must name"),
    ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS must name"),
    ({"CORS_ORIGINS": "https://shop.example/"}, "CORS_ORIGINS must name"),
    ({"CORS_ORIGINS": "http://shop.example"}, "CORS_ORIGINS must name"),
    ({"RELAY_URL": "ws://live.example/fulfillment"}, "RELAY_URL must start with wss://"),
    ({"RELAY_URL": "wss://live.example;/fulfillment"}, "RELAY_URL must not hold more"),
    ({"RELAY_URL": "wss://live.example/fulfillment?token=x"}, "RELAY_URL must not hold more"),
    ({"MAIL_FROM": "nonsense"}, "MAIL_FROM must be one address"),
    ({"MAIL_FROM": "a@b.example\r\nBcc: x@y.example"}, "MAIL_FROM must be one address"),
    ({"PURCHASE_LEASE": "45", "SUPPLIER_TIMEOUT": "45"}, "PURCHASE_LEASE must be longer"),
    ({"SEARCH_LADDER": "5,-1"}, "SEARCH_LADDER must be"),
    ({"SEARCH_LADDER": "20,5"}, "SEARCH_LADDER must be"),
    ({"SEARCH_LADDER": "nan"}, "SEARCH_LADDER must be"),
    ({"SEARCH_LADDER": ","}, "SEARCH_LADDER must be"),
    ({"MAILER": "directory"}, "MAILER=directory keeps letters on disk"),
    ({"MAILER": "resend"}, "RESEND_API_KEY is missing"),
    ({"SMTP_SECURITY": "none"}, "SMTP_SECURITY=none sends letters in clear"),
    ({"STANDINS": "true"}, "STANDINS may only be on in development."),
    ({"ALERTS_URL": "http://pager.example.test"}, "ALERTS_URL must"),
    ({"ALERTS_URL": "https://pager.example.test", "ALERTS_SECRET": "whsec_short"}, "ALERTS_SECRET must"),
]


@pytest.mark.parametrize(("change", "sentence"), UNSAFE, ids=[text for _, text in UNSAFE])
def test_unsafe_settings_stop_the_start_with_a_sentence(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(UnsafeSettings) as refused:
        load_settings(SAFE | change)
    assert [reason for reason in refused.value.reasons if sentence in reason]
    assert all(reason.endswith(".") for reason in refused.value.reasons)


def test_standins_never_run_beside_live_credentials() -> None:
    environment = SAFE | {
        "ENVIRONMENT": "development",
        "STANDINS": "true",
        "KINGUIN_BASE_URL": "http://127.0.0.1",
    }
    with pytest.raises(UnsafeSettings, match=r"STANDINS is on beside credentials for api\.live\.example"):
        load_settings(environment | {"NOWPAYMENTS_BASE_URL": "https://api.live.example/v1"})


def test_development_may_do_what_production_may_not() -> None:
    allowed = {
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "NOWPAYMENTS_BASE_URL": "http://127.0.0.1:8002/v1",
        "MAILER": "directory",
    }
    assert unsafe_reasons(load_settings(SAFE | {"ENVIRONMENT": "development"} | allowed)) == []
    assert len(unsafe_reasons(load_settings(SAFE | allowed, check=False))) == 3


def test_a_secret_of_the_least_length_is_enough() -> None:
    assert unsafe_reasons(load_settings(SAFE | {"LINK_SECRET": secrets.token_hex(MIN_SECRET // 2)})) == []
