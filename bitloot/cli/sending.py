"""How a command that sends messages opens the shop: the queue is the one of its settings, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from actors.broker import connect
from actors.workshop import open_from_environment
from bitloot.cli.opening import configure_command_logs
from bitloot.errors import UnsafeSettings
from bitloot.settings import Settings
from db import base

__all__ = ["connect_queue", "open_workshop"]


def connect_queue(settings: Settings) -> None:
    """Points the broker at the settings' queue, whatever they were when the steps were imported.

    Raises UnsafeSettings where they name none: the Redis that runs here may be somebody else's.
    """
    if not settings.broker:
        raise UnsafeSettings(
            ["REDIS_URL is missing; `bitloot up` starts an embedded Valkey for development."]
        )
    connect(settings)


@contextmanager
def open_workshop(name: str) -> Iterator[Settings]:
    """The whole shop by checked settings, its queue, one connection; the database knows the process by `name`.

    Raises UnsafeSettings.
    """
    settings = open_from_environment(name)
    configure_command_logs(settings)
    try:
        connect_queue(settings)
        with base.scope():
            yield settings
    finally:
        base.dispose()
