"""`bitloot export-audit`: access records for other programs."""

from __future__ import annotations

import getpass

import click

from bitloot.cli.ids import ID, Given, known_id
from bitloot.cli.opening import open_database
from bitloot.exports import csv_lines, json_lines
from db import record_access
from db.audit import EXPORTED, exported

__all__ = ["command"]


@click.command("export-audit")
@click.option("--order", type=ID, metavar="ID", help="Only this order's.")
@click.option("--format", "kind", type=click.Choice(["csv", "jsonl"]), default="jsonl", show_default=True)
def command(order: Given | None, kind: str) -> None:
    """Print all access records, oldest first. That they were exported is a record too."""
    with open_database():
        order_id = None if order is None else known_id("orders", order)
        record_access(
            order_id,
            "export",
            actor=f"cli:{getpass.getuser()}",
            outcome="granted",
            address="",
            user_agent="bitloot export-audit",
            details={"format": kind},
        )
        found = exported(order_id)
        for line in csv_lines(EXPORTED, found) if kind == "csv" else json_lines(found):
            click.echo(line, nl=False)
