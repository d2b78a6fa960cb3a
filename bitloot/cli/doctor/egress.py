"""Under which address providers see this host: some only let in those that they were told of (PROVIDERS.md §1.1)."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from bitloot.cli.doctor.finding import PATIENCE, Said, off, warn, well, wrong
from bitloot.errors import BitLootError
from bitloot.fetch import Fetch
from bitloot.senders import parse_networks
from bitloot.settings import Settings

__all__ = ["check_egress"]


def check_egress(settings: Settings) -> Said:
    """As EGRESS_URL tells it; without one only this host's own address is known, which NAT may change."""
    if not settings.egress_url and not settings.nowpayments_api_key.get_secret_value():
        return off("Not to be seen without a provider.")
    try:
        address = _told(settings.egress_url) if settings.egress_url else _own(settings.nowpayments_base_url)
    except (BitLootError, ValueError) as error:
        return warn(
            f"EGRESS_URL told no address ({type(error).__name__}).", "It must answer with our address alone."
        )
    except OSError:
        return off("Not known: no way leads to the providers from here.")
    sure = bool(settings.egress_url) or not address.is_private
    if not settings.egress_addresses:
        return well(f"{address}." if sure else f"{address} here; behind NAT providers see another.")
    if not sure:
        return warn(
            f"{address} here; whether providers see one of EGRESS_ADDRESSES is not known.",
            "Set EGRESS_URL to an address that answers with its caller's.",
        )
    if not any(address in network for network in parse_networks(settings.egress_addresses)):
        return wrong(
            f"{address}, which is none of EGRESS_ADDRESSES: providers with a list will refuse us.",
            "Tell them of it, or go out by the address that they know.",
        )
    return well(f"{address}, as providers were told.")


Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _told(url: str) -> Address:
    """Raises BitLootError, or ValueError for an answer that is no address."""
    place = urlsplit(url)
    fetch = Fetch(f"{place.scheme}://{place.netloc}", name="egress", deadline=PATIENCE, max_bytes=256)
    try:
        return ipaddress.ip_address(fetch.get(place.path or "/").body.decode("ascii", "replace").strip())
    finally:
        fetch.close()


def _own(url: str) -> Address:
    """Of the interface that leads there; nothing is sent. Raises OSError."""
    place = urlsplit(url)
    [family, _, _, _, target], *_ = socket.getaddrinfo(
        place.hostname, place.port or 443, type=socket.SOCK_DGRAM
    )
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(target)
        return ipaddress.ip_address(probe.getsockname()[0])
