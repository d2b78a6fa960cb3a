"""A whole shop on this machine: engines, schema, seed, and the crew; for `up` and `demo`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bitloot.cli.catalog import seed_rows
from bitloot.engines.crew import CREW, crew
from bitloot.engines.development import Development
from bitloot.engines.process import Process
from bitloot.errors import UnsafeSettings
from bitloot.settings import Settings, load_settings
from db import base, migrate, put_products

__all__ = ["House"]

Say = Callable[[str], None]


class House:
    """Open it, use `processes` and `settings`, close it. Nothing of it outlives this process."""

    settings: Settings
    environ: dict[str, str]

    def __init__(
        self, state_dir: Path, *, any_ports: bool = False, given: Mapping[str, str] | None = None
    ) -> None:
        self.state_dir = state_dir.absolute()
        self.development = Development(self.state_dir, dict(os.environ if given is None else given))
        self.processes: dict[str, Process] = {}
        self._any_ports = any_ports
        self._configured = False

    @property
    def logs(self) -> Path:
        return self.state_dir / "logs"

    def open(self, say: Say) -> None:
        """Starts everything and returns once it answers. Raises CannotStart or UnsafeSettings."""
        if self.development.given.get("ENVIRONMENT", "development") != "development":
            raise UnsafeSettings(
                ["ENVIRONMENT is not development; this command runs a shop for development only."]
            )
        self.development.start()
        say(f"PostgreSQL and Valkey: {self._engines()}")
        self.environ = self.development.environ(any_ports=self._any_ports)
        self.settings = load_settings(self.environ)
        url = self.settings.database_url.get_secret_value()
        applied = migrate.migrate(url)
        base.configure(self.settings, application="bitloot house")
        self._configured = True
        if self.settings.standins:
            with base.scope():
                put_products(seed_rows(self.settings.shop_currency))
        say(
            f"Schema {migrate.migrations()[-1].number:04d}{', just made' if applied else ''}; the catalog is there"
        )
        names = tuple(name for name in CREW if self.settings.standins or name != "standins")
        self.processes = crew(self.environ, self.logs, names)
        for process in self.processes.values():
            process.start()
        self._await_all()
        say(f"Processes: {', '.join(names)}")

    def close(self) -> None:
        """Drains: all that works for the shop at once, then whom they talk to, the engines last."""
        standins = self.processes.get("standins")
        workers = [process for process in self.processes.values() if process is not standins]
        for process in workers:
            process.ask_to_stop()
        for process in (*workers, *([standins] if standins else [])):
            process.stop()
        if self._configured:
            base.dispose()
            self._configured = False
        self.development.stop()

    def wait_ready(self, name: str) -> None:
        """Returns once the process answers; those without a port are ready when they run."""
        process, settings = self.processes[name], self.settings
        if name == "standins":
            process.wait_for(settings.standins_port)
        elif name == "web":
            process.wait_for(lambda: answers(f"http://127.0.0.1:{settings.port}/healthz"), seconds=30)
        elif name == "relay":
            process.wait_for(settings.relay_port)

    def _await_all(self) -> None:
        for name in self.processes:
            self.wait_ready(name)

    def _engines(self) -> str:
        given = [name for name in ("DATABASE_URL", "REDIS_URL") if self.development.given.get(name)]
        return f"as {' and '.join(given)} say" if given else f"embedded, data in {self.state_dir}"


def answers(url: str) -> bool:
    """Whether an HTTP GET gives 200."""
    try:
        with urlopen(url, timeout=2) as response:  # noqa: S310  # an address of our own
            return bool(response.status == 200)
    except (URLError, OSError):
        return False
