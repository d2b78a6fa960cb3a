"""`python -m web.standins`: runs the stand-ins until SIGTERM or SIGINT."""

from __future__ import annotations

import signal
import sys

import click

from bitloot.errors import UnsafeSettings
from bitloot.settings import load_settings
from web.standins.config import StandinsConfig, refusals
from web.standins.server import start_standins

__all__ = ["main"]


def main() -> int:
    """Exit code 0 after a signal, 2 when the settings forbid the start, 1 when the port is taken."""
    # Blocked before any thread starts, so that all threads leave the signal to sigwait below.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        settings = load_settings(check=False)
        reasons = refusals(settings)
    except UnsafeSettings as error:
        reasons = error.reasons
    if reasons:
        click.echo("\n".join(reasons), err=True)
        return 2
    try:
        running = start_standins(StandinsConfig.from_settings(settings), settings.standins_port)
    except OSError as error:
        click.echo(f"standins: port {settings.standins_port} cannot be used: {error.strerror}", err=True)
        return 1
    with running:
        click.echo(f"stand-ins listen on {running.url}")
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return 0


if __name__ == "__main__":
    sys.exit(main())
