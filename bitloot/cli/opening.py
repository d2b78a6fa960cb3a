"""How a command opens the shop: settings, a database of the right age, one connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bitloot.errors import UnsafeSettings
from bitloot.logs import configure_logs
from bitloot.settings import Settings, load_settings
from db import base, migrate

__all__ = ["configure_command_logs", "database_url", "open_database"]


def database_url() -> str:
    """DATABASE_URL, whatever else is missing. Raises UnsafeSettings."""
    url = load_settings(check=False).database_url.get_secret_value()
    if not url:
        raise UnsafeSettings(
            ["DATABASE_URL is missing; `bitloot up` starts an embedded PostgreSQL for development."]
        )
    return url


def configure_command_logs(settings: Settings) -> None:
    """A command prints what it finds: beside that only warnings are told, unless LOG_LEVEL says otherwise."""
    level = settings.log_level if "log_level" in settings.model_fields_set else "warning"
    configure_logs(settings.model_copy(update={"log_level": level}), "bitloot")


@contextmanager
def open_database() -> Iterator[Settings]:
    """A connection to a database with this code's schema; needs no other setting. Raises UnsafeSettings."""
    url = database_url()
    settings = load_settings(check=False)
    configure_command_logs(settings)
    migrate.check(url)
    base.configure(settings, application="bitloot command")
    try:
        with base.scope():
            yield settings
    finally:
        base.dispose()
