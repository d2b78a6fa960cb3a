"""What the outside ledger adds up to: who paid how often for what, which notices were taken, which faults bit.

All from the files alone, in any process, also after the stand-ins are gone.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from web.standins.ledger import charges, read_ledger

__all__ = [
    "bites",
    "charges",
    "charges_kept",
    "charges_of_lines",
    "charges_of_reservations",
    "mails",
    "notices",
]

#: A purchase's reference is its line's, and from the second generation on `-2`, `-3` …
_GENERATION = re.compile(r"(?<=[0-9a-f]{32})-\d+$")

#: How a supplier says that the money went back.
_MONEY_BACK = frozenset({"canceled", "cancelled", "refunded", "failed"})


def charges_of_lines(directory: Path) -> Counter[str]:
    """How often each line was paid for: all generations of one line's purchases together."""
    return Counter(_GENERATION.sub("", ref) for ref, _ in _charged(directory))


def charges_kept(directory: Path) -> Counter[str]:
    """Per line, without what the supplier ended and paid back itself: more than one is a key bought twice."""
    back = _given_back(directory)
    return Counter(_GENERATION.sub("", ref) for ref, sold in _charged(directory) if sold not in back)


def charges_of_reservations(directory: Path) -> Counter[str]:
    """How often a `give` was charged on each reservation."""
    given = read_ledger(directory, "reservations", "given")
    return Counter(line["reservation_id"] for line in given if line["charged"])


def mails(directory: Path) -> Counter[str]:
    """How many mails were accepted (sent, not repeated) by idempotency key, which names order and kind."""
    accepted = read_ledger(directory, "resend", "mail_accepted")
    return Counter(line["idempotency_key"] or f"resend:{line['id']}" for line in accepted)


def notices(directory: Path, *, accepted: bool | None = None) -> list[dict[str, Any]]:
    """Every try of an IPN or webhook with the shop's answer; `accepted` keeps those with (or without) a 2xx."""
    lines = [line for line in read_ledger(directory) if line["effect"] in {"ipn_sent", "webhook_sent"}]
    return [line for line in lines if accepted is None or accepted == (200 <= (line["answer"] or 0) < 300)]


def bites(directory: Path) -> Counter[str]:
    """How often each fault bit, by its name (or kind, where it was set without one)."""
    return Counter(line["name"] for line in read_ledger(directory, "faults", "bitten"))


def _charged(directory: Path) -> list[tuple[str, str]]:
    """(our reference, the supplier's) of each charge."""
    orders = read_ledger(directory, "kinguin", "order_charged")
    found = [(line["external_id"] or f"kinguin:{line['order_id']}", line["order_id"]) for line in orders]
    given = read_ledger(directory, "reservations", "given")
    return found + [(line["order_id"], line["reservation_id"]) for line in given if line["charged"]]


def _given_back(directory: Path) -> set[str]:
    moved = read_ledger(directory, effect="order_moved")
    return {
        str(line.get("reservation_id") or line["order_id"]) for line in moved if line["status"] in _MONEY_BACK
    }
