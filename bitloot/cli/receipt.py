"""`bitloot receipt`: what was sold, sealed, mailed and revealed, signed."""

from __future__ import annotations

import getpass
import json
import uuid
from pathlib import Path

import click

from bitloot.cli.opening import open_database
from bitloot.cli.screen import say
from bitloot.errors import Permanent
from bitloot.receipts import ReceiptKeys
from db import record_access
from db.receipts import receipt_facts

__all__ = ["command"]


@click.command("receipt")
@click.argument("order_id", type=click.UUID)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the screen.")
def command(order_id: uuid.UUID, out: Path | None) -> None:
    """Print a signed receipt for ORDER_ID: sold, sealed, mailed, revealed. It holds no key; it names the buyer."""
    with open_database() as settings:
        keys = ReceiptKeys.from_settings(settings)
        facts = receipt_facts(order_id, settings.shop_name)
        if facts is None:
            raise Permanent("There is no such order, or it was never paid.", code="not_found")
        who = f"cli:{getpass.getuser()}"
        record_access(
            order_id, "receipt", actor=who, outcome="granted", address="", user_agent="bitloot receipt"
        )
    text = json.dumps(keys.sign(facts), ensure_ascii=False, indent=2)
    if out is None:
        click.echo(text)
        return
    out.write_text(f"{text}\n", encoding="utf-8")
    say(f"Written to {out}.")
