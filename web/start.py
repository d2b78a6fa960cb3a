"""How a web process starts: logs, settings, schema, pool, application; or one sentence on why not."""

from __future__ import annotations

import sys
from typing import Any

import falcon
import psycopg2
import structlog

from actors.workshop import shared_shop
from bitloot.errors import UnsafeSettings
from bitloot.logs import configure_logs
from bitloot.settings import Settings, load_settings
from db import base, migrate
from web.app import create_app
from web.deadline import install

__all__ = ["start"]

log = structlog.get_logger(__name__)

#: gunicorn's word for "starting another worker will not help".
APP_LOAD_ERROR = 4


def start() -> falcon.App[Any, Any]:
    """Called once in each worker, after the fork. Ends the process where it must not serve."""
    try:
        settings = load_settings()
        configure_logs(settings, "web")
        _check_schema(settings)
    except UnsafeSettings as refusal:
        for reason in refusal.reasons:
            log.critical(reason, action="refused")
        sys.exit(APP_LOAD_ERROR)
    base.configure(settings, application="bitloot web")
    install()
    return create_app(settings, shared_shop(settings))


def _check_schema(settings: Settings) -> None:
    """A database that is away now may come back; until then requests get 503, and /readyz says why."""
    try:
        migrate.check(settings.database_url.get_secret_value())
    except psycopg2.OperationalError:
        log.error("the database is away; starting without it", action="database_away")
