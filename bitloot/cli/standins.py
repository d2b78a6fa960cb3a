"""`bitloot standins`: the providers' stand-ins alone, and their faults."""

from __future__ import annotations

import json
from typing import Any

import click

from web.standins.__main__ import main
from web.standins.faults import Faults
from web.standins.menu import MENU, read_order

__all__ = ["command"]


def _understood(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rules that `--fault` asks for; a usage error for one that no plan would take."""
    try:
        rules = [read_order(text) for text in texts]
        for rule in rules:
            Faults().add(rule)
    except (TypeError, ValueError) as no:
        raise click.BadParameter(str(no), ctx, param) from None
    return rules


@click.command("standins")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    callback=_understood,
    metavar="NAME[:KEY=VALUE,…]",
    help="A fault, e.g. accepted_reset:share=0.2,seed=7; repeatable. Stand-ins that run already get it at once.",
)
@click.option("--faults", "listing", is_flag=True, help="List all faults, one a line.")
@click.option("--json", "as_json", is_flag=True, help="With --faults: each with the rule that it stands for.")
def command(faults: list[dict[str, Any]], listing: bool, as_json: bool) -> int:
    """Run the stand-ins until Ctrl-C: NOWPayments, Kinguin in both dialects, Resend. Development only.

    A fault bites once, or count=N times. With share (0 to 1, by chance) or lasts (seconds from its first bite) and no
    count it goes on: to the end of lasts, until DELETE /control/faults takes all faults back, or until the stand-ins
    end.
    """
    if not listing:
        return main(faults)
    if as_json:
        menu = [{"name": dish.name, "line": dish.line, "rule": dict(dish.rule)} for dish in MENU.values()]
        click.echo(json.dumps(menu, ensure_ascii=False, indent=1))
        return 0
    width = max(map(len, MENU))
    for dish in MENU.values():
        click.echo(f"{dish.name:<{width}}  {dish.line}")
    return 0
