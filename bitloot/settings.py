"""Every environment variable, read once, frozen and checked. `.env.example` lists the same, in the same order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bitloot.development import filled
from bitloot.errors import UnsafeSettings
from bitloot.settings_check import unsafe_reasons

__all__ = ["Settings", "load_settings"]


class Settings(BaseSettings):
    """All configuration. Times are seconds, sizes bytes, amounts whole units of their currency."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_file=None, hide_input_in_errors=True)

    # --- process
    environment: Literal["production", "development"] = "production"
    state_dir: Path = Path(".bitloot")
    public_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    web_threads: int = Field(default=8, ge=1, le=256)
    web_processes: int = Field(default=1, ge=1, le=64)
    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    # --- shop
    shop_name: str = "BitLoot"
    shop_language: Literal["en", "de"] = "en"
    shop_currency: str = "eur"
    orders_per_address: int = Field(default=30, ge=0, le=100_000)
    payment_tolerance: Decimal = Field(default=Decimal(0), ge=0, le=1, allow_inf_nan=False)

    # --- database
    database_url: SecretStr = SecretStr("")
    database_pool: int = Field(default=16, ge=1, le=500)

    # --- queue and bell
    redis_url: SecretStr = SecretStr("")
    broker_url: SecretStr = SecretStr("")
    queue_namespace: str = "bitloot"

    # --- secrets of our own
    master_keys: SecretStr = SecretStr("")
    audit_keys: SecretStr = SecretStr("")
    audit_anchor_seconds: float = Field(default=300, ge=1, allow_inf_nan=False)
    buyer_token_secret: SecretStr = SecretStr("")
    admin_token_secret: SecretStr = SecretStr("")
    link_secret: SecretStr = SecretStr("")
    buyer_token_seconds: int = Field(default=30 * 86400, ge=60)
    download_link_seconds: int = Field(default=900, ge=1, le=900)

    # --- delivery
    reveal_limit: int = Field(default=20, ge=1, le=1000)
    tries_per_order: int = Field(default=20, ge=1, le=10_000)
    tries_per_address: int = Field(default=60, ge=1, le=10_000)
    guest_code_seconds: int = Field(default=900, ge=60, le=3600)
    retention_days: float = Field(default=365, gt=0, le=36_500, allow_inf_nan=False)
    admin_key_view: bool = False

    # --- console
    session_idle_seconds: float = Field(default=1800, ge=60, le=86_400, allow_inf_nan=False)
    session_seconds: float = Field(default=12 * 3600, ge=60, le=30 * 86_400, allow_inf_nan=False)
    sign_in_tries: int = Field(default=10, ge=1, le=1000)
    sign_in_link_seconds: int = Field(default=600, ge=60, le=3600)
    cors_origins: tuple[str, ...] = ()

    # --- gateway: NOWPayments
    nowpayments_base_url: str = "https://api.nowpayments.io/v1"
    nowpayments_api_key: SecretStr = SecretStr("")
    nowpayments_ipn_secret: SecretStr = SecretStr("")
    nowpayments_ipn_secret_previous: SecretStr = SecretStr("")

    # --- supplier: Kinguin eCommerce API (off while its key is empty)
    kinguin_base_url: str = "https://gateway.kinguin.net/esa/api"
    kinguin_api_key: SecretStr = SecretStr("")
    kinguin_webhook_secret: SecretStr = SecretStr("")
    kinguin_webhook_secret_previous: SecretStr = SecretStr("")

    # --- supplier: reservation dialect (off while its base URL is empty)
    reservations_base_url: str = ""
    reservations_token_url: str = ""
    reservations_client_id: str = ""
    reservations_client_secret: SecretStr = SecretStr("")
    reservations_verifier: Literal["hmac-sha512", "hmac-sha256", "static"] = "hmac-sha512"
    reservations_webhook_secret: SecretStr = SecretStr("")
    reservations_webhook_secret_previous: SecretStr = SecretStr("")

    # --- notices
    nowpayments_senders: tuple[str, ...] = ("51.89.194.21", "51.75.77.69", "138.201.172.58", "65.21.158.36")
    kinguin_senders: tuple[str, ...] = ()
    reservations_senders: tuple[str, ...] = ()
    foreign_senders: Literal["note", "refuse"] = "note"
    notice_retention_days: float = Field(default=90, gt=0, le=3650, allow_inf_nan=False)
    replay_rate: float = Field(default=10, gt=0, le=1000, allow_inf_nan=False)

    # --- purchases
    search_ladder: tuple[float, ...] = (5, 20, 60, 300, 900)
    repeat_after_ambiguous: bool = False
    supplier_timeout: float = Field(default=45, gt=0, le=120, allow_inf_nan=False)
    purchase_lease: float = Field(default=60, gt=0, allow_inf_nan=False)

    # --- calls to providers (for the three paces, 0 is no limit)
    breaker_threshold: int = Field(default=5, ge=0)
    breaker_window: float = Field(default=60, gt=0, allow_inf_nan=False)
    breaker_pause: float = Field(default=30, gt=0, le=3600, allow_inf_nan=False)
    blocked_pause: float = Field(default=60, gt=0, le=3600, allow_inf_nan=False)
    kinguin_writes_per_minute: float = Field(default=2000, ge=0, allow_inf_nan=False)
    nowpayments_payments_per_second: float = Field(default=3, ge=0, allow_inf_nan=False)
    resend_calls_per_second: float = Field(default=2, ge=0, allow_inf_nan=False)

    # --- store
    store: Literal["directory", "s3"] = "directory"
    store_directory: Path = Path(".bitloot/objects")
    s3_endpoint_url: str = ""
    s3_bucket: str = ""
    s3_access_key_id: str = ""
    s3_secret_access_key: SecretStr = SecretStr("")
    s3_region: str = "auto"

    # --- mail
    mailer: Literal["directory", "smtp", "resend"] = "directory"  # not MAIL: login shells set that
    mail_from: str = "BitLoot <keys@localhost>"
    letters: tuple[str, ...] = (
        "order_received",
        "payment_confirmed",
        "underpaid",
        "cannot_deliver",
        "refund",
    )
    mail_directory: Path = Path(".bitloot/letters")
    letter_lease: float = Field(default=30, gt=0, le=3600, allow_inf_nan=False)
    resend_base_url: str = "https://api.resend.com"
    resend_api_key: SecretStr = SecretStr("")
    resend_webhook_secret: SecretStr = SecretStr("")
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")

    # --- sweep
    sweep_seconds: float = Field(default=10, gt=0, allow_inf_nan=False)
    sweep_grace: float = Field(default=15, gt=0, allow_inf_nan=False)
    sweep_batch: int = Field(default=200, ge=1, le=5000)
    poll_seconds: float = Field(default=5, gt=0, allow_inf_nan=False)
    payment_poll_seconds: float = Field(default=60, gt=0, allow_inf_nan=False)
    payment_poll_rate: float = Field(default=3, gt=0, le=1000, allow_inf_nan=False)
    payment_watch_days: float = Field(default=7, gt=0, le=30, allow_inf_nan=False)
    purchase_check_seconds: float = Field(default=300, gt=0, allow_inf_nan=False)

    # --- alarms
    deadline_paid: float = Field(default=600, gt=0, allow_inf_nan=False)
    deadline_waiting: float = Field(default=6 * 3600, gt=0, allow_inf_nan=False)
    deadline_ready: float = Field(default=900, gt=0, allow_inf_nan=False)
    deadline_letter: float = Field(default=1800, gt=0, allow_inf_nan=False)
    deadline_person: float = Field(default=86400, gt=0, allow_inf_nan=False)
    deadline_sweep: float = Field(default=60, gt=0, allow_inf_nan=False)

    alerts_url: str = ""
    alerts_secret: SecretStr = SecretStr("")
    alerts_repeat: float = Field(default=4 * 3600, ge=60, allow_inf_nan=False)
    silence_seconds: float = Field(default=3600, gt=0, allow_inf_nan=False)
    refusals_per_hour: int = Field(default=20, ge=1)

    # --- relay
    relay_host: str = "127.0.0.1"
    relay_port: int = Field(default=8001, ge=0, le=65535)
    relay_url: str = ""
    relay_origins: tuple[str, ...] = ()
    relay_connections: int = Field(default=20_000, ge=1, le=1_000_000)
    relay_per_address: int = Field(default=200, ge=1, le=1_000_000)
    relay_look_seconds: float = Field(default=1, gt=0, le=60, allow_inf_nan=False)

    # --- operating
    backup_mark: str = ""
    backup_hours: float = Field(default=26, gt=0, le=8760, allow_inf_nan=False)
    egress_addresses: tuple[str, ...] = ()
    egress_url: str = ""
    worker_metrics_port: int = Field(default=0, ge=0, le=65000)
    clock_metrics_port: int = Field(default=0, ge=0, le=65000)
    otel_exporter_otlp_endpoint: str = ""

    # --- stand-ins (development only)
    standins: bool = False
    standins_port: int = Field(default=8002, ge=0, le=65535)

    @field_validator("database_url", mode="before")
    @classmethod
    def _one_scheme(cls, value: Any) -> Any:
        """PaaS hand out `postgres://`, libpq's other spelling; one spelling here."""
        if isinstance(value, str) and value.startswith("postgres://"):
            return "postgresql://" + value.removeprefix("postgres://")
        return value

    @property
    def broker(self) -> str:
        """Where messages go: BROKER_URL (redis:// or amqp://), else REDIS_URL."""
        return self.broker_url.get_secret_value() or self.redis_url.get_secret_value()

    @property
    def relay_address(self) -> str:
        """Where browsers find the relay (ws:// or wss://): RELAY_URL; else beside PUBLIC_URL, in development on its
        own port."""
        public = urlsplit(self.public_url)
        place = f"{public.hostname}:{self.relay_port}" if self.development else public.netloc
        scheme = "wss" if public.scheme == "https" else "ws"
        return self.relay_url or f"{scheme}://{place}/fulfillment"

    @property
    def store_origin(self) -> str:
        """The origin of signed links that lead away from PUBLIC_URL; empty where the shop itself serves them."""
        store = urlsplit(self.s3_endpoint_url)
        return f"{store.scheme}://{store.netloc}" if self.store == "s3" else ""

    @property
    def development(self) -> bool:
        return self.environment == "development"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments only: `load_settings` reads the environment, `.env` files are the process runner's business."""
        return (init_settings,)


def load_settings(environ: Mapping[str, str] | None = None, *, check: bool = True) -> Settings:
    """Reads all settings from `environ` (default: the process's), `NAME_FILE` included.

    In development missing secrets are made once and kept in STATE_DIR (see `bitloot.development`).
    Raises UnsafeSettings with one sentence per reason: unreadable, missing, or unsafe outside development.
    """
    values = filled(_with_secret_files(dict(os.environ if environ is None else environ)))
    known = {
        name: values[name.upper()] for name in Settings.model_fields if values.get(name.upper(), "") != ""
    }
    try:
        settings = Settings.model_validate(_decoded(known))
    except ValidationError as error:
        raise UnsafeSettings([_sentence(item) for item in error.errors()]) from None
    if check and (reasons := unsafe_reasons(settings)):
        raise UnsafeSettings(reasons)
    return settings


def _with_secret_files(values: dict[str, str]) -> dict[str, str]:
    """Follows `NAME_FILE` for every setting, as mounted secrets do."""
    for name in (field.upper() for field in Settings.model_fields):
        path = values.get(f"{name}_FILE")
        if not path:
            continue
        if values.get(name):
            raise UnsafeSettings([f"{name} and {name}_FILE are both set; keep one."])
        try:
            values[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UnsafeSettings([f"{name}_FILE cannot be read: {type(error).__name__}."]) from None
    return values


def _decoded(known: dict[str, str]) -> dict[str, Any]:
    """Comma lists become tuples; everything else pydantic reads from text."""
    listed = {
        "search_ladder",
        "letters",
        "relay_origins",
        "cors_origins",
        "nowpayments_senders",
        "kinguin_senders",
        "reservations_senders",
        "egress_addresses",
    }
    return {
        name: tuple(part.strip() for part in value.split(",") if part.strip()) if name in listed else value
        for name, value in known.items()
    }


def _sentence(item: Any) -> str:
    """One validation error as a sentence that names the variable and never its value."""
    return f"{str(item['loc'][0]).upper()} cannot be read: {item['msg']}."
