"""`bitloot migrate`: brings the schema up to date; the release step of every deploy."""

from __future__ import annotations

import click

from bitloot.cli.opening import database_url
from bitloot.cli.screen import as_json_option, print_json, say
from db import migrate

__all__ = ["command"]


@click.command("migrate")
@as_json_option
def command(as_json: bool) -> None:
    """Bring the database schema up to date."""
    url = database_url()
    names = {item.number: f"{item.number:04d}_{item.name}" for item in migrate.migrations()}
    done = migrate.migrate(url)
    migrate.check(url)
    if as_json:
        print_json({"applied": [names[number] for number in done], "schema": max(names)})
        return
    for number in done:
        say(f"applied {names[number]}")
    say(f"The schema is up to date ({names[max(names)]}).")
