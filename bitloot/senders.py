"""From which network addresses a provider's notices are expected; it is noted when one comes from elsewhere."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["FOREIGN", "PROOFS", "VERIFIED", "Senders", "parse_networks"]

#: Verdicts on a proved notice. An address proves nothing and lists go out of date (PROVIDERS.md §3.5): it is a note.
VERIFIED, FOREIGN = "verified", "foreign"

#: How a sender may have proved itself: by which form of a signature or by which secret, as a notice keeps it.
PROOFS = frozenset(
    {"signature", "sorted", "raw", "sorted-previous", "raw-previous", "secret", "secret-previous"}
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Senders:
    """The addresses of each source, as the settings list them."""

    def __init__(self, settings: Settings) -> None:
        self.refuses = settings.foreign_senders == "refuse"
        self._neighbours = settings.development  # the stand-ins send from this machine
        self.verdict = lru_cache(maxsize=1024)(self._verdict)  # a provider has few addresses, and sends often
        self._networks = {
            "nowpayments": parse_networks(settings.nowpayments_senders),
            "kinguin": parse_networks(settings.kinguin_senders),
            "reservations": parse_networks(settings.reservations_senders),
        }

    def _verdict(self, source: str, address: str) -> str:
        """VERIFIED where the address is one of the source's, or where none of them is known; else FOREIGN."""
        networks = self._networks.get(source)
        if not networks:
            return VERIFIED
        try:
            sender = _plain(ipaddress.ip_address(address))
        except ValueError:
            return FOREIGN
        if self._neighbours and sender.is_loopback:
            return VERIFIED
        return VERIFIED if any(sender in network for network in networks) else FOREIGN


def _plain(address: Address) -> Address:
    """An IPv4 sender as a dual-stack socket shows it (`::ffff:192.0.2.7`) is that IPv4 sender."""
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks (`192.0.2.7`, `2001:db8::/32`). Raises ValueError."""
    return tuple(ipaddress.ip_network(text) for text in texts)
