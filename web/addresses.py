"""Who is at the other end of a connection, as far as the network tells."""

from __future__ import annotations

import ipaddress

__all__ = ["client_address", "neighbourhood"]

#: A household or a host has so much of IPv6 (bits) to itself, and may change addresses in it as it likes.
HOUSEHOLD = 64


def client_address(peer: str, forwarded: str) -> str:
    """The client's address: what the nearest proxy says (X-Forwarded-For), if the peer is one of our own network."""
    told = forwarded.rpartition(",")[2].strip()
    try:
        if told and ipaddress.ip_address(peer).is_private:
            return str(ipaddress.ip_address(told))
    except ValueError:
        pass
    return peer


def neighbourhood(address: str) -> str:
    """What counts as one client: an IPv4 address, or the network that an IPv6 address belongs to."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, HOUSEHOLD), strict=False))
