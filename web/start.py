"""How a web process starts: logs, settings, schema, pool, application; or one sentence on why not."""

from __future__ import annotations

import gc
import sys
from typing import Any

import falcon
import psycopg2
import structlog
from peewee import InterfaceError, OperationalError

from actors.workshop import shared_shop
from bitloot.errors import UnsafeSettings
from bitloot.logs import configure_logs
from bitloot.settings import Settings, load_settings
from bitloot.tracing import configure_traces
from bitloot.vault import Vault
from db import base, migrate
from db.master_keys import need_master_keys
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
        configure_traces(settings, "web")
        _check_schema(settings)
        base.configure(settings, application="bitloot web")
        shop = shared_shop(settings)
        _check_master_keys(shop.vault)
    except UnsafeSettings as refusal:
        for reason in refusal.reasons:
            log.critical(reason, action="refused")
        sys.exit(APP_LOAD_ERROR)
    install()
    application = create_app(settings, shop)
    gc.collect()
    gc.freeze()  # what is here now stays: to walk through it takes a tenth of a second, in which nobody is answered
    return application


def _check_schema(settings: Settings) -> None:
    """A database that is away now may come back; until then requests get 503, and /readyz says why."""
    try:
        migrate.check(settings.database_url.get_secret_value())
    except psycopg2.OperationalError:
        log.error("the database is away; starting without it", action="database_away")


def _check_master_keys(vault: Vault) -> None:
    """A key that is missing here would fail one buyer after another. A database that is away cannot tell."""
    try:
        with base.scope():
            need_master_keys(vault)
    except (OperationalError, InterfaceError):
        log.error("whether all master keys are here is not known", action="master_keys_unknown")
