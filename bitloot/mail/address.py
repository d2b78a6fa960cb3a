"""Mail addresses, read strictly: what passes here cannot smuggle a header or a second recipient."""

from __future__ import annotations

import re
from email.headerregistry import Address
from functools import lru_cache

import idna

from bitloot.errors import Malformed

__all__ = ["parse_address", "parse_sender"]

#: RFC 5321 §4.5.3.1, in octets: local part, and what fits into `<…>` of a 256-octet path.
MAX_LOCAL, MAX_ADDRESS = 64, 254

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
# No @ in a name: some mail programs would show it as the sender's address.
_SENDER = re.compile(r'(?:"(?P<quoted>[^"<>@]*)"|(?P<name>[^"<>@]*?))\s*<(?P<address>[^<>\s]+)>')


def parse_address(text: str) -> str:
    """One bare address, `local@domain`, with the domain in lower-case ASCII (IDN as `xn--…`).

    Blanks around it are forgiven. No display name, quoted local part, address literal or domain without a dot.
    Raises Malformed (bad_address); the text of the error does not hold the address.
    """
    return _address(text.strip(" "), dotless=False)


@lru_cache(maxsize=8)  # a shop has one
def parse_sender(text: str) -> Address:
    """MAIL_FROM: `Name <address>` or a bare address; `localhost` will do as its domain. Raises Malformed."""
    if not text.isprintable():
        raise Malformed("mail: this sender cannot stand in a header", code="bad_sender")
    found = _SENDER.fullmatch(text)
    name = (found["quoted"] or found["name"] or "").strip() if found else ""
    local, _, domain = _address(found["address"] if found else text, dotless=True).rpartition("@")
    return Address(name, local, domain)


def _address(text: str, *, dotless: bool) -> str:
    if "@" not in text:
        raise _bad("has no @")
    local, _, domain = text.rpartition("@")
    ascii_domain = _ascii(domain)
    if not _LOCAL.fullmatch(local) or len(local) > MAX_LOCAL:
        raise _bad("has no valid part before the @")
    top = ascii_domain.rpartition(".")[2]
    if not (dotless or "." in ascii_domain) or ascii_domain.endswith(".") or top.isdigit():
        raise _bad("has no valid domain")
    if len(local) + 1 + len(ascii_domain) > MAX_ADDRESS:
        raise _bad("is too long")
    return f"{local}@{ascii_domain}"


@lru_cache(maxsize=256)  # most buyers share a few
def _ascii(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode()
    except UnicodeError:
        raise _bad("has no valid domain") from None


def _bad(why: str) -> Malformed:
    return Malformed(f"mail: this address {why}", code="bad_address")
