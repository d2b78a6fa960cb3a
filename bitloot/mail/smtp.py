"""Letters by SMTP, to any server that takes them in."""

from __future__ import annotations

import re
import smtplib
from typing import TYPE_CHECKING, Self

from bitloot.errors import Ambiguous, BitLootError, Blocked, Permanent, Retryable
from bitloot.fetch import Gate
from bitloot.mail.base import Letter
from bitloot.mail.message import build_message, check_letter, message_id
from bitloot.mail.smtp_session import Access, open_session
from bitloot.passage import passing

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["SmtpMailer"]

#: What a server says that is well, and wants this one letter later (greylisting, a full mailbox).
ANSWERED = frozenset({"sender_refused", "recipient_refused", "letter_refused", "letter_deferred"})


class SmtpMailer:
    """SMTP cannot tell repeats apart: once the letter's bytes went out and no answer came, it is Ambiguous.

    Repeats under one key carry one Message-ID, by which many mailboxes show them once.
    """

    name = "smtp"
    repeats_safely = False

    def __init__(self, access: Access, own_name: str, *, gate: Gate | None = None) -> None:
        self._access = access
        self._own_name = own_name
        self._gate = gate

    @classmethod
    def from_settings(cls, settings: Settings, gate: Gate | None = None) -> Self:
        access = Access(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            user=settings.smtp_user,
            password=settings.smtp_password,
        )
        # Said in EHLO; asking the resolver for our own name, as smtplib would, can take half a minute.
        own_name = settings.mail_from.rpartition("@")[2].strip("<> ") or "localhost"
        return cls(access, own_name, gate=gate)

    def send(self, letter: Letter, idempotency_key: str) -> str:
        fields = check_letter(letter)
        data = build_message(letter, idempotency_key).as_bytes()
        with (
            passing("smtp", self._gate, "POST", ANSWERED),
            open_session(self._access, self._own_name) as server,
        ):
            _say(server, f"MAIL FROM:<{fields.sender.addr_spec}>", 250, Blocked, "sender_refused")
            _say(server, f"RCPT TO:<{fields.to}>", 250, Permanent, "recipient_refused")
            _say(server, "DATA", 354, Permanent, "letter_refused")
            _deliver(server, data)
        return message_id(fields, idempotency_key)

    def health(self) -> None:
        with open_session(self._access, self._own_name) as server:
            _say(server, "NOOP", 250, Blocked, "smtp_refused")


def _say(
    server: smtplib.SMTP, command: str, expected: int, final: type[Permanent] | type[Blocked], code: str
) -> None:
    """One command before the letter itself. Raises `final` for a 5xx, Retryable for anything else unexpected."""
    try:
        status, _ = server.docmd(command)
    except (OSError, smtplib.SMTPException):
        failure: BitLootError = Retryable("smtp: the connection broke before the letter", code="smtp_broken")
    else:
        if status == expected or (expected == 250 and status == 251):
            return
        kind = final if 500 <= status < 600 else Retryable
        failure = kind(f"smtp: {command[:4]} was answered {status}", code=code)
    raise failure


def _deliver(server: smtplib.SMTP, data: bytes) -> None:
    """The letter itself. Raises Ambiguous unless the server says what became of it."""
    # RFC 5321 §4.5.2: a dot at the start of a line is doubled, since a lone one ends the letter.
    stuffed = re.sub(rb"(?m)^\.", b"..", data)
    try:
        server.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        status, _ = server.getreply()
    except (OSError, smtplib.SMTPException):
        status = -1
    if 200 <= status < 300:
        return
    text = f"smtp: the letter was answered {status}"
    if 500 <= status < 600:
        raise Permanent(text, code="letter_refused")
    if 400 <= status < 500:
        raise Retryable(text, code="letter_deferred")
    raise Ambiguous("smtp: no answer to the letter; it may have left", code="smtp_unclear")
