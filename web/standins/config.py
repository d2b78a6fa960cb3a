"""What the stand-ins are told at the start, and why they may refuse to start."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from bitloot.settings import Settings
from bitloot.settings_check import unsafe_reasons

__all__ = ["KNOBS", "StandinsConfig", "refusals"]

#: Fields that may change while the stand-ins run.
KNOBS = frozenset(
    {
        "canaries",
        "delivery_seconds",
        "duplicate_guard",
        "give_idempotent",
        "inline_key",
        "not_ready",
        "notice_timeout",
        "resend_rate",
        "retries",
        "retry_seconds",
        "shop_url",
        "step_seconds",
        "token_seconds",
        "webhooks",
    }
)


@dataclass(frozen=True)
class StandinsConfig:
    """Times are seconds. The secrets given here as defaults are made up and worth nothing."""

    ledger_dir: Path
    shop_url: str = ""  # base of BitLoot's web; empty: there is no default address for notices

    nowpayments_api_key: str = field(default="standin-nowpayments-api-key", repr=False)
    ipn_secret: str = field(default="standin-nowpayments-ipn-secret", repr=False)
    kinguin_api_key: str = field(default="standin-kinguin-api-key", repr=False)
    kinguin_secret: str = field(default="standin-kinguin-webhook-secret", repr=False)
    reservations_client_id: str = "standin-client"
    reservations_client_secret: str = field(default="standin-reservations-client-secret", repr=False)
    reservations_verifier: Literal["hmac-sha512", "hmac-sha256", "static"] = "hmac-sha512"
    reservations_webhook_secret: str = field(default="standin-reservations-webhook-secret", repr=False)
    resend_api_key: str = field(default="re_standin_resend_api_key", repr=False)

    delivery_seconds: float = 0.2  # from a paid purchase to its keys
    step_seconds: float = 0.0  # between two statuses of one payment
    webhooks: bool = True
    retries: int = 3  # of one notice, after its first try
    retry_seconds: float = 0.5
    notice_timeout: float = 3.0  # NOWPayments gives an endpoint 3 s (PROVIDERS.md §3.5)

    canaries: bool = True  # keys are BLKEY-<32 hex>, so that a search for plaintext can find them
    duplicate_guard: bool = (
        True  # whether a second orderExternalId is refused (PROVIDERS.md §1.9: unconfirmed)
    )
    kinguin_balance: Decimal = Decimal(1_000_000)  # EUR
    token_seconds: int = 3600
    give_idempotent: bool = (
        True  # whether a second give on one reservation is free (PROVIDERS.md §7.4: unspecified)
    )
    inline_key: bool = False  # whether a reservation webhook carries the key
    not_ready: Literal["empty", "missing"] = "empty"  # what `delivered` says before delivery: 200 [] or 404
    resend_rate: int = 0  # calls per second; 0 = no limit

    @classmethod
    def from_settings(cls, settings: Settings) -> StandinsConfig:
        """The same secrets as BitLoot has, so that signatures fit."""
        return cls(
            ledger_dir=settings.state_dir / "standins",
            shop_url=settings.public_url,  # as the real ones: where notices go is not where web listens
            nowpayments_api_key=settings.nowpayments_api_key.get_secret_value(),
            ipn_secret=settings.nowpayments_ipn_secret.get_secret_value(),
            kinguin_api_key=settings.kinguin_api_key.get_secret_value(),
            kinguin_secret=settings.kinguin_webhook_secret.get_secret_value(),
            reservations_client_id=settings.reservations_client_id,
            reservations_client_secret=settings.reservations_client_secret.get_secret_value(),
            reservations_verifier=settings.reservations_verifier,
            reservations_webhook_secret=settings.reservations_webhook_secret.get_secret_value(),
            resend_api_key=settings.resend_api_key.get_secret_value(),
        )


def _unused(settings: Settings) -> dict[str, SecretStr]:
    """Servers that the stand-ins never speak to: only their lack is no reason against a start."""
    given = {"database_url": settings.database_url, "redis_url": settings.redis_url}
    schemes = {"database_url": "postgresql://none", "redis_url": "redis://none"}
    return {name: SecretStr(schemes[name]) for name, value in given.items() if not value.get_secret_value()}


def refusals(settings: Settings) -> list[str]:
    """Why the stand-ins must not start with these settings; empty if they may."""
    reasons = [] if settings.standins else ["STANDINS is off; the stand-ins only start when it is on."]
    reasons += unsafe_reasons(settings.model_copy(update=_unused(settings)))
    secret = settings.reservations_client_secret.get_secret_value()
    for url in (settings.reservations_base_url, settings.reservations_token_url):
        host = urlsplit(url).hostname or ""
        if url and secret and host not in {"127.0.0.1", "localhost", "::1"}:
            reasons.append(
                f"STANDINS is on beside credentials for {host}; stand-ins never run beside live providers."
            )
    return list(dict.fromkeys(reasons))
