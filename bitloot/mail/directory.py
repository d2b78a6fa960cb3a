"""Letters as files: the embedded default. Nothing leaves this machine."""

from __future__ import annotations

import secrets
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from bitloot.files import file_errors, put_once, remove
from bitloot.mail.base import Letter
from bitloot.mail.message import build_message, check_letter, message_id

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["MailDirectory"]


class MailDirectory:
    """One `.eml` file per idempotency key; a repeat finds it there and writes nothing."""

    name = "directory"
    repeats_safely = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(settings.mail_directory)

    def send(self, letter: Letter, idempotency_key: str) -> str:
        message = build_message(letter, idempotency_key)
        with file_errors("mail"):
            put_once(self._folder / _file_name(idempotency_key), message.as_bytes())
        return message_id(check_letter(letter), idempotency_key)

    def health(self) -> None:
        probe = self._folder / f".probe-{secrets.token_hex(8)}"
        with file_errors("mail"):
            put_once(probe, b"")
            remove(probe)


def _file_name(key: str) -> str:
    """Readable where it can be; never the same for two keys, since `=` is quoted in readable ones."""
    readable = quote(key, safe="").replace(".", "%2E")
    return f"{readable if len(readable) <= 200 else 'sha256=' + sha256(key.encode()).hexdigest()}.eml"
