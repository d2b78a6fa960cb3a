"""Opens a world: patches what leads out of this process, and nothing of what is decided in it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from dramatiq import Message

import actors
from actors import bell, chain, courier, workshop
from actors.broker import broker
from bitloot.engines.development import development_environ
from bitloot.settings import load_settings
from db import base
from tests.faults.model.world import World
from tests.servers import Servers, drop_database, fresh_database, with_database

__all__ = ["open_world", "own_world"]

#: Buyers of these stories look as often as they like, in no time: what that comes to is shown elsewhere.
NO_LIMITS = {"REVEAL_LIMIT": "1000", "TRIES_PER_ORDER": "10000", "TRIES_PER_ADDRESS": "10000"}


class _Courier:
    """Takes what a handler posts."""

    def __init__(self, world: World) -> None:
        self._world = world

    def send(self, message: Message[Any]) -> None:
        self._world.enqueue(message.actor_name, message.args)

    def stop(self) -> None:
        return


@contextmanager
def open_world(environ: Mapping[str, str]) -> Iterator[World]:
    """A world on the database of `environ`; what is sent lands in `world.queue`. This thread holds a scope."""
    assert actors.__all__
    settings = load_settings({**environ, **NO_LIMITS, "LOG_LEVEL": "error"})
    base.configure(settings, application="model")
    with base.scope(), pytest.MonkeyPatch.context() as patch:
        # the database's owner may begin a new story with an empty chain; a row of it is changed by nobody
        base.rows("ALTER TABLE access_records DISABLE TRIGGER access_records_stay_all; SELECT 1")
        world = World(settings)
        workshop.use(world.shop)

        def enqueue(message: Message[Any], *, delay: int | None = None) -> Message[Any]:
            broker.emit_before("enqueue", message, delay)  # CommitFirst looks here
            world.enqueue(message.actor_name, tuple(str(arg) for arg in message.args))
            return message

        patch.setattr(broker, "enqueue", enqueue)
        patch.setattr(broker, "next_of", lambda queue_name: None)  # the world's queue, and no Valkey
        patch.setattr(courier, "_courier", _Courier(world))
        patch.setattr(bell, "_start", lambda: None)
        patch.setattr(bell, "_bell", None)
        patch.setattr(chain, "_chaining", False)
        logs = structlog.get_config()
        structlog.configure(processors=[world.witness.overhear], cache_logger_on_first_use=False)
        try:
            yield world
        finally:
            structlog.configure(**logs)
    base.dispose()


@contextmanager
def own_world(servers: Servers, directory: Path, **environ: str) -> Iterator[World]:
    """A world on a database of its own, for a row of `make faults`."""
    name = fresh_database(servers.database_url, template=servers.template)
    url = with_database(servers.database_url, name)
    given = {"QUEUE_NAMESPACE": f"model-{secrets.token_hex(4)}", **environ}
    try:
        with open_world(
            development_environ(given, directory, url, servers.redis_url, any_ports=True)
        ) as world:
            yield world
    finally:
        drop_database(servers.database_url, name)
