"""`bitloot receipt`: what was sold, sealed, mailed and revealed, signed."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import click

from bitloot.cli.ids import ID, Given, known_id
from bitloot.cli.opening import open_database
from bitloot.cli.screen import say
from bitloot.errors import Permanent
from bitloot.receipts import ReceiptKeys
from db import record_access
from db.receipts import receipt_facts

__all__ = ["command"]


@click.command("receipt")
@click.argument("order", type=ID)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the screen.")
def command(order: Given, out: Path | None) -> None:
    """Print a signed receipt for ORDER: sold, sealed, mailed, revealed. It holds no key; it names the buyer."""
    with open_database() as settings:
        order_id = known_id("orders", order)
        keys = ReceiptKeys.from_settings(settings)
        facts = receipt_facts(order_id, settings.shop_name)
        if facts is None:
            raise Permanent("This order was never paid: there is no receipt for it.", code="never_paid")
        who = f"cli:{getpass.getuser()}"
        record_access(
            order_id, "receipt", actor=who, outcome="granted", address="", user_agent="bitloot receipt"
        )
    text = json.dumps(keys.sign(facts), ensure_ascii=False, indent=2)
    if out is None:
        click.echo(text)
        return
    try:
        out.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise Permanent(f"{out} cannot be written: {error.strerror}.", code="not_written") from None
    say(f"Written to {out}.")
