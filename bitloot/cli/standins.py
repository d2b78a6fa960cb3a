"""`bitloot standins`: the providers' stand-ins alone."""

from __future__ import annotations

import click

from web.standins.__main__ import main

__all__ = ["command"]


@click.command("standins")
def command() -> int:
    """Run the stand-ins until Ctrl-C: NOWPayments, Kinguin in both dialects, Resend. Development only."""
    return main()
