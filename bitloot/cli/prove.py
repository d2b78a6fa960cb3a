"""`bitloot prove`: what happened to an order, and whether a day's books agree with the suppliers'."""

from __future__ import annotations

import click

from bitloot.cli.prove_day import prove_day
from bitloot.cli.prove_order import prove_order

__all__ = ["command"]


@click.group("prove")
def command() -> None:
    """Show what happened to an order; compare a day with the suppliers' books."""


command.add_command(prove_order)
command.add_command(prove_day)
