"""What the world says happened: the stand-ins' own files, joined by our references (RELIABILITY §1 J)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from web.standins.ledger import charges, read_ledger

__all__ = ["Outside", "Told"]

#: The supplier gave the money back, so that another purchase of the line may follow.
UNDONE = frozenset({"canceled", "refunded", "cancelled", "failed"})


@dataclass(frozen=True)
class Told:
    """A notice that the shop answered with 2xx: its sender will not come again."""

    source: str
    about: str  # payment id, or the supplier's reference
    status: str
    order_id: str | None


@dataclass
class Outside:
    """Everything that providers wrote down. References are ours (purchase_ref) unless said otherwise."""

    charged: Counter[str] = field(default_factory=Counter)
    undone: set[str] = field(default_factory=set)
    sold: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # ref -> fingerprints
    letters: Counter[str] = field(default_factory=Counter)  # "kind/order/generation" -> accepted mails
    recipients: dict[str, str] = field(default_factory=dict)  # the same key -> address
    paid: dict[str, dict[str, Any]] = field(default_factory=dict)  # payment id -> its last move to finished
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)  # payment id -> as it was opened
    told: list[Told] = field(default_factory=list)

    @classmethod
    def read(cls, ledger: Path) -> Outside:
        """From the files alone."""
        found = cls(charged=charges(ledger))
        for line in read_ledger(ledger):
            found._take(line)
        return found

    @property
    def paid_orders(self) -> set[str]:
        """Orders whose money the gateway has."""
        return {move["order_id"] for move in self.paid.values() if move["order_id"]}

    def letters_of(self, order_id: str) -> Counter[str]:
        """kind -> mails about this order, all generations together."""
        kinds = (key.split("/") for key in self.letters.elements())
        return Counter(parts[0] for parts in kinds if len(parts) > 1 and parts[1] == order_id)

    def charged_more_than_once(self, refs_by_line: Mapping[str, Iterable[str]]) -> list[str]:
        """Lines for which more was taken than one purchase, those left out that the supplier undid."""
        return [
            line
            for line, refs in refs_by_line.items()
            if sum(max(0, self.charged[ref] - (ref in self.undone)) for ref in set(refs)) > 1
        ]

    def _take(self, line: dict[str, Any]) -> None:
        ref = line.get("external_id") or line.get("order_id") or ""
        match line["standin"], line["effect"]:
            case _, "keys_ready":
                self.sold[ref] += line["fingerprints"]
            case "kinguin" | "reservations", "order_moved" if line["status"] in UNDONE:
                self.undone.add(ref)
            case "resend", "mail_accepted":
                key = line["idempotency_key"] or line["id"]
                self.letters[key] += 1
                self.recipients[key] = ",".join(line["to"])
            case "nowpayments", "payment_created":
                self.payments[line["payment_id"]] = line
            case "nowpayments", "payment_moved" if line["status"] == "finished":
                self.paid[line["payment_id"]] = line
            case source, "ipn_sent" | "webhook_sent" if 200 <= (line["answer"] or 0) < 300:
                about = line.get("payment_id") or line.get("reservation_id") or line["order_id"]
                order_id = line["order_id"] if source == "nowpayments" else None
                self.told.append(Told(source, about, line["status"], order_id))
