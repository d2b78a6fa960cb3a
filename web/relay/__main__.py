"""`python -m web.relay`: the relay process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

import structlog

from bitloot.errors import BitLootError, UnsafeSettings
from bitloot.logs import configure_logs
from bitloot.settings import Settings, load_settings
from db import base, migrate
from web.relay.server import Relay

__all__ = ["main", "settings_of"]

log = structlog.get_logger(__name__)

CANNOT_START = 2


def settings_of(environ: Mapping[str, str]) -> Settings:
    """The settings; a platform that only tells PORT means this process. Raises UnsafeSettings."""
    port = environ.get("RELAY_PORT") or environ.get("PORT")
    return load_settings({**environ, "RELAY_PORT": port} if port else environ)


def main() -> int:
    """Serves until SIGTERM or SIGINT; refuses unsafe settings and an old schema."""
    try:
        settings = settings_of(os.environ)
        configure_logs(settings, "relay")
        migrate.check(settings.database_url.get_secret_value())
    except UnsafeSettings as error:
        return _refuse(str(error))
    except Exception as error:
        return _refuse(f"The database cannot be reached: {type(error).__name__}.")
    base.configure(settings, application="bitloot relay")
    try:
        asyncio.run(_serve(settings))
    except (BitLootError, OSError) as error:
        return _refuse(f"The relay cannot serve: {error}")
    return 0


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Relay(settings).run(stop.wait())
    log.info("relay stopped", action="relay_down")


def _refuse(sentences: str) -> int:
    sys.stderr.write(f"{sentences}\n")
    return CANNOT_START


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a thread that still waits for a stalled PostgreSQL must not hold up the end
