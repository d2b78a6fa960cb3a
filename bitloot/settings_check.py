"""What makes settings unsafe outside development: one sentence each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from bitloot.alerts_secret import parse_alerts_secret
from bitloot.errors import Malformed
from bitloot.mail.address import parse_sender
from bitloot.mail.kinds import KINDS
from bitloot.master_keys import parse_master_keys
from bitloot.senders import parse_networks

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["MIN_SECRET", "unsafe_reasons"]

#: A secret shorter than this (characters) can be guessed (RELIABILITY §3, row 1).
MIN_SECRET = 32

#: A host and its port; such an address is said to browsers in a header.
_PLAIN = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")

#: A random secret has more different characters (or bytes) than this; `aaaa…` and `changemechangeme…` have not.
MIN_VARIETY = 10

#: Providers choose the length of what they issue; anything shorter than this is a placeholder.
MIN_PROVIDER_SECRET = 12

#: What they issue has at least so many different characters, or half its length where that is less.
MIN_PROVIDER_VARIETY = 8


#: Others know these, and some are sent in clear with each notice: whoever reads one must not make tokens with it.
SHARED_WITH_OTHERS = (
    *("nowpayments_api_key", "nowpayments_ipn_secret", "nowpayments_ipn_secret_previous"),
    *("kinguin_api_key", "kinguin_webhook_secret", "kinguin_webhook_secret_previous"),
    *("reservations_client_secret", "reservations_webhook_secret", "reservations_webhook_secret_previous"),
    *("s3_secret_access_key", "resend_api_key", "resend_webhook_secret", "smtp_password", "alerts_secret"),
)


def unsafe_reasons(settings: Settings) -> list[str]:
    """Why a process must not start with these settings; empty if it may."""
    return [
        *_servers(settings),
        *_own_secrets(settings),
        *_gateway(settings),
        *_suppliers(settings),
        *_notices(settings),
        *_alerts(settings),
        *_purchases(settings),
        *_store_and_mail(settings),
        *_operating(settings),
        *_standins(settings),
    ]


def _servers(settings: Settings) -> Iterator[str]:
    if not settings.database_url.get_secret_value():
        yield "DATABASE_URL is missing; `bitloot up` starts an embedded PostgreSQL for development."
    elif not settings.database_url.get_secret_value().startswith("postgresql://"):
        yield "DATABASE_URL must start with postgresql:// or postgres://."
    if not settings.broker:
        yield "REDIS_URL is missing; `bitloot up` starts an embedded Valkey for development."
    elif urlsplit(settings.broker).scheme not in {"redis", "rediss", "unix", "amqp", "amqps"}:
        yield "BROKER_URL must start with redis://, rediss://, unix://, amqp:// or amqps://."
    public = urlsplit(settings.public_url)
    if not public.hostname or public.username is not None:
        yield "PUBLIC_URL must name a host, and nobody's user name or password."
    if not settings.development and public.scheme != "https":
        yield "PUBLIC_URL must start with https:// outside development, since links in letters carry rights."
    if settings.relay_url:
        yield from _relay_url(settings)
    if "*" in settings.relay_origins:
        yield "RELAY_ORIGINS must name the sites that may connect; * would let any site use a buyer's browser."
    for origin in settings.cors_origins:
        parts = urlsplit(origin)
        secure = parts.scheme == "https" or (settings.development and parts.scheme == "http")
        if not secure or not _PLAIN.fullmatch(parts.netloc) or origin != f"{parts.scheme}://{parts.netloc}":
            yield "CORS_ORIGINS must name sites as browsers do, as in: https://shop.example,https://www.shop.example."


def _relay_url(settings: Settings) -> Iterator[str]:
    relay = urlsplit(settings.relay_url)
    if relay.scheme not in ({"ws", "wss"} if settings.development else {"wss"}) or not relay.hostname:
        yield "RELAY_URL must start with wss:// (in development also ws://) and name a host."
    elif relay.username is not None or relay.query or relay.fragment or not _PLAIN.fullmatch(relay.netloc):
        yield "RELAY_URL must not hold more than host, port and path."


def _own_secrets(settings: Settings) -> Iterator[str]:
    yield from _keys(settings.master_keys, "MASTER_KEYS", "Master key")
    yield from _keys(settings.audit_keys, "AUDIT_KEYS", "Audit key")
    if set(_readable(settings.master_keys)) & set(_readable(settings.audit_keys)):
        yield "AUDIT_KEYS and MASTER_KEYS share a key; each purpose needs its own."
    shared = {name: getattr(settings, name).get_secret_value().strip() for name in SHARED_WITH_OTHERS}
    seen = {value: name.upper() for name, value in shared.items() if value}
    for name in ("buyer_token_secret", "admin_token_secret", "link_secret"):
        value = getattr(settings, name).get_secret_value().strip()
        if len(value) < MIN_SECRET:
            yield f"{name.upper()} must have at least {MIN_SECRET} characters."
        elif len(set(value)) < MIN_VARIETY:
            yield f"{name.upper()} is no random secret: it has only {len(set(value))} different characters."
        elif value in seen:
            yield f"{name.upper()} equals {seen[value]}; each purpose needs its own secret."
        seen[value] = name.upper()


def _keys(setting: SecretStr, name: str, what: str) -> Iterator[str]:
    try:
        keys = parse_master_keys(setting.get_secret_value(), name)
    except ValueError as error:
        yield f"{name} cannot be read: {error}."
        return
    if not keys:
        yield f"{name} is missing; `bitloot token master-key` prints a fresh one."
    for number, key in keys.items():
        if len(set(key)) < MIN_VARIETY:
            yield f"{what} {number} is no random key; `bitloot token master-key` prints one."


def _readable(setting: SecretStr) -> list[bytes]:
    try:
        return list(parse_master_keys(setting.get_secret_value()).values())
    except ValueError:
        return []


def _gateway(settings: Settings) -> Iterator[str]:
    yield from _weak(settings, "nowpayments_api_key", "nowpayments_ipn_secret")
    yield from _plain_http(settings, "nowpayments_base_url")


def _suppliers(settings: Settings) -> Iterator[str]:
    kinguin, reservations = settings.kinguin_api_key.get_secret_value(), settings.reservations_base_url
    if not kinguin and not reservations:
        yield "No supplier is set: give KINGUIN_API_KEY or RESERVATIONS_BASE_URL."
    if kinguin:
        yield from _weak(settings, "kinguin_api_key", "kinguin_webhook_secret")
        yield from _plain_http(settings, "kinguin_base_url")
    if reservations:
        yield from _weak(settings, "reservations_client_secret", "reservations_webhook_secret")
        yield from _plain_http(settings, "reservations_base_url", "reservations_token_url")


def _notices(settings: Settings) -> Iterator[str]:
    for name in ("nowpayments_ipn_secret", "kinguin_webhook_secret", "reservations_webhook_secret"):
        previous = getattr(settings, f"{name}_previous").get_secret_value().strip()
        if not previous:
            continue
        yield from _weak(settings, f"{name}_previous")
        if previous == getattr(settings, name).get_secret_value().strip():
            yield f"{name.upper()}_PREVIOUS equals {name.upper()}; empty it once the change is over."
    for name in ("nowpayments_senders", "kinguin_senders", "reservations_senders"):
        try:
            parse_networks(getattr(settings, name))
        except ValueError:
            yield f"{name.upper()} must hold addresses or networks, as in: 192.0.2.7,198.51.100.0/24."


def _alerts(settings: Settings) -> Iterator[str]:
    if not settings.alerts_url:
        return
    sink = urlsplit(settings.alerts_url)
    if not sink.hostname or sink.scheme not in ({"http", "https"} if settings.development else {"https"}):
        yield "ALERTS_URL must start with https:// (in development also http://) and name a host."
    try:
        parse_alerts_secret(settings.alerts_secret.get_secret_value())
    except Malformed:
        yield "ALERTS_SECRET must be whsec_ and the base64 of 24 to 64 random bytes."


def _purchases(settings: Settings) -> Iterator[str]:
    if settings.purchase_lease <= settings.supplier_timeout:
        yield "PURCHASE_LEASE must be longer than SUPPLIER_TIMEOUT, or a call that still runs counts as dead."
    ladder = settings.search_ladder
    if not ladder or not all(0 < rung <= 86_400 for rung in ladder) or list(ladder) != sorted(ladder):
        yield "SEARCH_LADDER must be one or more waits in seconds, each over 0 and none shorter than the one before."


def _store_and_mail(settings: Settings) -> Iterator[str]:
    if unknown := set(settings.letters) - (set(KINDS) - {"keys_ready", "guest_code"}) - {"none"}:
        yield f"LETTERS knows no {', '.join(sorted(unknown))}; `none` sends no letters but the one with the keys."
    if settings.store == "s3":
        for name in ("s3_endpoint_url", "s3_bucket", "s3_access_key_id"):
            if not getattr(settings, name):
                yield f"STORE=s3 needs {name.upper()}."
        yield from _weak(settings, "s3_secret_access_key")
        yield from _plain_http(settings, "s3_endpoint_url")
    if settings.mailer == "resend":
        yield from _weak(settings, "resend_api_key")
        yield from _plain_http(settings, "resend_base_url")
    try:
        parse_sender(settings.mail_from)
    except Malformed:
        yield "MAIL_FROM must be one address, as in: Shop <keys@shop.example>."
    if settings.mailer == "directory" and not settings.development:
        yield "MAILER=directory keeps letters on disk and sends none; outside development use resend or smtp."
    if settings.mailer == "smtp" and settings.smtp_security == "none" and not settings.development:
        yield "SMTP_SECURITY=none sends letters in clear; outside development use starttls or tls."


def _operating(settings: Settings) -> Iterator[str]:
    try:
        parse_networks(settings.egress_addresses)
    except ValueError:
        yield "EGRESS_ADDRESSES must hold addresses or networks, as in: 192.0.2.7,198.51.100.0/24."
    yield from _plain_http(settings, "egress_url")
    collector = urlsplit(settings.otel_exporter_otlp_endpoint)
    if settings.otel_exporter_otlp_endpoint and (
        collector.scheme not in {"http", "https"} or not collector.hostname or collector.username is not None
    ):
        yield "OTEL_EXPORTER_OTLP_ENDPOINT must be http(s)://host:port, without a user name or password."


def _standins(settings: Settings) -> Iterator[str]:
    if not settings.standins:
        return
    if not settings.development:
        yield "STANDINS may only be on in development."
    providers = (
        (settings.nowpayments_base_url, settings.nowpayments_api_key),
        (settings.kinguin_base_url, settings.kinguin_api_key),
        (settings.reservations_base_url, settings.reservations_client_secret),
        (settings.reservations_token_url, settings.reservations_client_secret),
        (settings.resend_base_url, settings.resend_api_key),
    )
    for url, secret in providers:
        host = urlsplit(url).hostname or "127.0.0.1"
        if secret.get_secret_value() and host not in {"127.0.0.1", "localhost", "::1"}:
            yield f"STANDINS is on beside credentials for {host}; stand-ins never run beside live providers."


def _weak(settings: Settings, *names: str) -> Iterator[str]:
    for name in names:
        value = getattr(settings, name).get_secret_value().strip()
        if len(value) < MIN_PROVIDER_SECRET:
            yield f"{name.upper()} is missing or shorter than {MIN_PROVIDER_SECRET} characters."
        elif len(set(value)) < min(MIN_PROVIDER_VARIETY, len(value) // 2):
            yield f"{name.upper()} is no secret: it has only {len(set(value))} different characters."


def _plain_http(settings: Settings, *names: str) -> Iterator[str]:
    for name in names:
        url = getattr(settings, name)
        if url and not settings.development and not url.startswith("https://"):
            yield f"{name.upper()} must start with https:// outside development."
        if url and "@" in urlsplit(url).netloc:
            yield f"{name.upper()} must not hold a user name or password."
