"""`bitloot sweep`: one sweep by hand."""

from __future__ import annotations

import click

from actors.sweep import sweep_once
from bitloot.cli.screen import as_json_option, print_json, say, show_rows
from bitloot.cli.sending import open_workshop
from db.orders import still_due

__all__ = ["command"]


@click.command("sweep")
@as_json_option
def command(as_json: bool) -> None:
    """Look once for whatever stands still, and send its step again."""
    with open_workshop("sweep"):
        sent = sweep_once()
        locked = still_due()
    if as_json:
        print_json({"sent": sent, "still_due": locked})
        return
    show_rows(
        [{"step": name, "messages": count} for name, count in sent.items()],
        numbers=("messages",),
        empty="Nothing was to be done.",
    )
    if locked:
        say(f"{locked} more are due: in somebody's hands, or beyond this batch.", mark="·", style="dim")
    if sent:
        say("The workers go on from here.")
