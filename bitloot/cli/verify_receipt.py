"""`bitloot verify-receipt`: whether a receipt is ours, and unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bitloot.cli.screen import as_json_option, print_json, say
from bitloot.errors import BadSignature, Malformed
from bitloot.receipts import ReceiptKeys, check_receipt
from bitloot.settings import load_settings

__all__ = ["command"]


@click.command("verify-receipt")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--public-key", help="Of the shop, as /receipts/public-key shows it; of AUDIT_KEYS if left out."
)
@as_json_option
def command(file: Path, public_key: str | None, as_json: bool) -> int:
    """Check that FILE is a receipt of this shop, and unchanged. Needs no database.

    Exit code 0: it is; 1: it is not.
    """
    trusted = {0: public_key} if public_key else ReceiptKeys.from_settings(load_settings(check=False)).public
    try:
        found = check_receipt(file.read_text(encoding="utf-8", errors="replace"), trusted)
    except (Malformed, BadSignature) as error:
        if as_json:
            print_json({"valid": False, "code": error.code, "reason": str(error)})
        else:
            say(f"Not valid: {error}.", mark="✗", style="bold red")
        return 1
    if as_json:
        print_json({"valid": True, "receipt": found})
    else:
        say(_sentence(found))
    return 0


def _sentence(found: dict[str, Any]) -> str:
    order, keys = found["order"], sum(len(line["keys"]) for line in found["lines"])
    many = f"{keys} key{'' if keys == 1 else 's'}"
    first = next((reveal for reveal in found["reveals"] if reveal["outcome"] == "granted"), None)
    seen = f"first revealed {first['at']} from {first['address']}" if first else "not revealed"
    return f"Valid: {found['shop']} sold order {order['id']}, paid {order['paidAt']}; {many}, {seen}."
