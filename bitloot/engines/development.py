"""What a shop for development stands on: engines unless servers are named, and the environment of its processes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bitloot.engines.engine import Engine
from bitloot.engines.ports import free_port
from bitloot.engines.postgres import PostgresEngine
from bitloot.engines.process import accepts
from bitloot.engines.valkey import ValkeyEngine

__all__ = ["Development", "development_environ"]

#: The settings' own ports, used while they are free.
PORTS = {"PORT": 8000, "RELAY_PORT": 8001, "STANDINS_PORT": 8002}


@dataclass
class Development:
    """Starts PostgreSQL and Valkey below `state_dir` for whichever of DATABASE_URL and REDIS_URL is not given."""

    state_dir: Path
    given: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    durable: bool = True
    postgres: PostgresEngine | None = field(default=None, init=False)
    valkey: ValkeyEngine | None = field(default=None, init=False)
    database_url: str = field(default="", init=False)
    redis_url: str = field(default="", init=False)

    def start(self) -> None:
        """Raises CannotStart."""
        self.state_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.database_url = self.given.get("DATABASE_URL", "")
        self.redis_url = self.given.get("REDIS_URL", "")
        if not self.database_url:
            self.postgres = PostgresEngine(self.state_dir / "postgres", durable=self.durable)
            self.database_url = self.postgres.start()
        if not self.redis_url:
            self.valkey = ValkeyEngine(self.state_dir / "valkey", durable=self.durable)
            self.redis_url = self.valkey.start()

    def stop(self) -> None:
        """What was given by URL goes on."""
        for engine in reversed(self.engines.values()):
            engine.stop()

    @property
    def engines(self) -> dict[str, Engine]:
        """Those that were started here, by name, the one that all stand on first."""
        started = {"PostgreSQL": self.postgres, "Valkey": self.valkey}
        return {name: engine for name, engine in started.items() if engine is not None}

    def __enter__(self) -> Development:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def environ(self, *, any_ports: bool = False) -> dict[str, str]:
        """What every process of the shop is started with. `any_ports`: free ones, whatever the settings say."""
        return development_environ(
            self.given, self.state_dir, self.database_url, self.redis_url, any_ports=any_ports
        )


def development_environ(
    given: Mapping[str, str], state_dir: Path, database_url: str, redis_url: str, *, any_ports: bool = False
) -> dict[str, str]:
    """`given` and on top of it a whole development shop against the stand-ins. No secret is in it but the URLs.

    The others are made on first use and kept in `state_dir` (see `bitloot.development`).
    """
    state = state_dir.absolute()
    ports = {name: _port(name, given, any_ports=any_ports) for name in PORTS}
    defaults = {
        "STANDINS": "true",
        "STORE_DIRECTORY": str(state / "objects"),
        "MAIL_DIRECTORY": str(state / "letters"),
        "PUBLIC_URL": f"http://127.0.0.1:{ports['PORT']}",
        "SWEEP_SECONDS": "2",
    }
    fixed = {
        "ENVIRONMENT": "development",
        "STATE_DIR": str(state),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        **ports,
    }
    kept = {
        name: value for name, value in given.items() if value and not (any_ports and name == "PUBLIC_URL")
    }
    return {**defaults, **kept, **fixed}


def _port(name: str, given: Mapping[str, str], *, any_ports: bool) -> str:
    """The one that was asked for; else the usual one, unless somebody else sits there."""
    if any_ports:
        return str(free_port())
    if given.get(name):
        return given[name]
    return str(free_port() if accepts(PORTS[name]) else PORTS[name])
