"""Houses: one for all stories of a worker; a story that breaks things gets its own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bitloot.engines.development import development_environ
from bitloot.engines.valkey import ValkeyEngine
from db import base
from tests.flows.house import QUICK, House
from tests.otlp import Collector, collector
from tests.servers import Servers, drop_database, fresh_database, with_database


@contextmanager
def open_house(servers: Servers, directory: Path, **environ: str) -> Iterator[House]:
    """A shop on a database of its own and a Valkey of its own: FLUSHALL harms nobody else."""
    name = fresh_database(servers.database_url, template=servers.template)
    with ValkeyEngine(directory / "valkey", durable=False, debug=True) as valkey:
        given = {
            "PATH": os.environ["PATH"],
            "QUEUE_NAMESPACE": f"flow-{secrets.token_hex(4)}",
            **QUICK,
            **environ,
        }
        url = with_database(servers.database_url, name)
        house = House(
            development_environ(given, directory / "state", url, valkey.url, any_ports=True), directory
        )
        try:
            house.open()
            yield house
        finally:
            house.close()
            drop_database(servers.database_url, name)


@pytest.fixture(scope="package")
def collected() -> Iterator[Collector]:
    """The traces of the shared house."""
    with collector() as took:
        yield took


@pytest.fixture(scope="package")
def shared_house(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, collected: Collector
) -> Iterator[House]:
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collected.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with open_house(servers, tmp_path_factory.mktemp("house"), **traced) as house:
        yield house


@pytest.fixture
def house(shared_house: House) -> Iterator[House]:
    """The shared house, without faults left by the story before; this process's pool looks at its database."""
    shared_house.calm()
    base.configure(shared_house.settings, application="flows")
    yield shared_house
    base.dispose()
