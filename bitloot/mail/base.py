"""How letters leave: the protocol that each mailer fulfils."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Letter", "Mailer"]


@dataclass(frozen=True)
class Letter:
    """One rendered mail. Rendered once, kept, and sent as it is, however often sending is tried."""

    to: str
    sender: str  # Name <address>
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class Mailer(Protocol):
    """One way to send mail."""

    name: str
    repeats_safely: bool  # a second send with the same key is known there and goes nowhere

    def send(self, letter: Letter, idempotency_key: str) -> str:
        """Sends once per key where the provider can tell; returns the provider's id.

        Raises Retryable (certainly not sent, or the key makes a repeat safe), Permanent, Blocked, Ambiguous
        (may have left; this mailer cannot tell), Duplicate (something with this key already went).
        """

    def health(self) -> None:
        """Raises unless letters can leave."""
