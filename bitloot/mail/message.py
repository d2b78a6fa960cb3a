"""A letter as the bytes that travel: checked header fields, and an Internet message made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from hashlib import sha256

from bitloot.errors import Malformed
from bitloot.mail.address import parse_address, parse_sender
from bitloot.mail.base import Letter

__all__ = ["Fields", "build_message", "check_key", "check_letter", "message_id"]

#: Resend's limit (PROVIDERS.md §4); the other mailers keep it so that a key fits everywhere.
_KEY = re.compile(r"[\x21-\x7e]{1,256}")

#: Characters; RFC 5322 wants lines under 998, and nobody reads further.
MAX_SUBJECT = 400


@dataclass(frozen=True)
class Fields:
    """Header fields that cannot break out of their line."""

    sender: Address
    to: str
    subject: str


def check_letter(letter: Letter) -> Fields:
    """Raises Malformed (bad_address, bad_sender, bad_subject)."""
    if not letter.subject.isprintable() or not 0 < len(letter.subject) <= MAX_SUBJECT:
        raise Malformed("mail: this subject cannot stand in a header", code="bad_subject")
    return Fields(parse_sender(letter.sender), parse_address(letter.to), letter.subject)


def check_key(idempotency_key: str) -> str:
    """The key itself: 1…256 visible ASCII characters. Raises Malformed (bad_idempotency_key)."""
    if not _KEY.fullmatch(idempotency_key):
        raise Malformed("mail: an idempotency key is 1 to 256 visible characters", code="bad_idempotency_key")
    return idempotency_key


def message_id(fields: Fields, idempotency_key: str) -> str:
    """The same for each repeat under one key, so that mail programs and logs recognise it."""
    digest = sha256(check_key(idempotency_key).encode()).hexdigest()[:32]
    return f"<{digest}@{fields.sender.domain}>"


def build_message(letter: Letter, idempotency_key: str) -> EmailMessage:
    """Text and HTML side by side, in ASCII lines ended by CRLF. Raises Malformed."""
    fields = check_letter(letter)
    message = EmailMessage(policy=SMTP)
    message["From"] = fields.sender
    message["To"] = fields.to
    message["Subject"] = fields.subject
    message["Date"] = localtime()
    message["Message-ID"] = message_id(fields, idempotency_key)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
    # Quoted-printable keeps every line short, and ASCII asks nothing special of the servers on the way.
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    return message
