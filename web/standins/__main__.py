"""`python -m web.standins`: runs the stand-ins until SIGTERM or SIGINT."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from bitloot.errors import UnsafeSettings
from bitloot.settings import Settings, load_settings
from web.standins.config import StandinsConfig, refusals
from web.standins.hotline import add_faults
from web.standins.server import start_standins

__all__ = ["main"]


def main(faults: Sequence[Mapping[str, Any]] = ()) -> int:
    """With `faults` in their plan from the start; where stand-ins run already, these get them instead.

    Exit code 0 after a signal or once told, 2 when the settings forbid the start, 1 when the port is taken.
    Raises ValueError for a fault that is not understood.
    """
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
    return _run(settings, faults)


def _run(settings: Settings, faults: Sequence[Mapping[str, Any]]) -> int:
    port = settings.standins_port
    try:
        running = start_standins(StandinsConfig.from_settings(settings), port)
    except OSError as error:
        if faults and add_faults(port, faults):
            click.echo(f"the stand-ins on http://127.0.0.1:{port} have them now")
            return 0
        click.echo(f"standins: port {port} cannot be used: {error.strerror}", err=True)
        return 1
    with running:
        for fault in faults:
            running.shop.faults.add(fault)
        click.echo(f"stand-ins listen on {running.url}")
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return 0


if __name__ == "__main__":
    sys.exit(main())
