"""How other commands find the shop that `bitloot up` runs: a file beside its data, good while that process lives."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

__all__ = ["adopt", "announce", "withdraw"]

FILE = "up.json"

#: What another command needs to work on the same shop.
NAMES = (
    "ENVIRONMENT",
    "STATE_DIR",
    "DATABASE_URL",
    "REDIS_URL",
    "BROKER_URL",
    "QUEUE_NAMESPACE",
    "SHOP_CURRENCY",
    "STANDINS",
    "PUBLIC_URL",
    "PORT",
    "RELAY_PORT",
    "STANDINS_PORT",
    "STORE_DIRECTORY",
    "MAIL_DIRECTORY",
)


def announce(state_dir: Path, environ: Mapping[str, str]) -> None:
    """Writes down where the shop runs (0600: its URLs carry passwords)."""
    told = {"pid": os.getpid(), "environ": {name: environ[name] for name in NAMES if name in environ}}
    (state_dir / FILE).unlink(missing_ok=True)
    with open(os.open(state_dir / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(told, file)


def withdraw(state_dir: Path) -> None:
    (state_dir / FILE).unlink(missing_ok=True)


def adopt(environ: MutableMapping[str, str]) -> bool:
    """Fills `environ` with the running shop's addresses, unless it names a database; whether it did."""
    file = Path(environ.get("STATE_DIR") or ".bitloot") / FILE
    if environ.get("DATABASE_URL") or environ.get("ENVIRONMENT", "development") != "development":
        return False
    try:
        told = json.loads(file.read_text())
        os.kill(told["pid"], 0)
    except (OSError, ValueError, KeyError):
        return False
    for name, value in told["environ"].items():
        environ.setdefault(name, value)
    return True
