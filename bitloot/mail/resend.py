"""Letters by Resend's HTTP API (PROVIDERS.md §4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self
from uuid import UUID

from pydantic import SecretStr

from bitloot.answer import retry_after
from bitloot.errors import Ambiguous, BitLootError, Blocked, Duplicate, Permanent, Retryable, Unheard
from bitloot.fetch import Answer, Fetch, Gate, Headers
from bitloot.mail.base import Letter
from bitloot.mail.message import check_key, check_letter

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["ResendMailer"]

# Nobody has a letter by this id, so a full-access key gets 404 and a send-only key 401 restricted_api_key.
_NO_LETTER = UUID(int=0)


class ResendMailer:
    """Sends once per key within 24 hours: whoever repeats a letter later must ask first whether it went."""

    name = "resend"
    repeats_safely = True

    def __init__(self, base_url: str, api_key: SecretStr, *, gate: Gate | None = None) -> None:
        bearer = SecretStr(f"Bearer {api_key.get_secret_value()}")
        headers: Headers = {"Authorization": bearer, "User-Agent": "BitLoot"}
        self._fetch = Fetch(
            base_url, name="resend", headers=headers, max_bytes=64 * 1024, classify=_classify, gate=gate
        )

    @classmethod
    def from_settings(cls, settings: Settings, gate: Gate | None = None) -> Self:
        return cls(settings.resend_base_url, settings.resend_api_key, gate=gate)

    def send(self, letter: Letter, idempotency_key: str) -> str:
        fields = check_letter(letter)
        body = {
            "from": str(fields.sender),
            "to": [fields.to],
            "subject": fields.subject,
            "text": letter.text,
            "html": letter.html,
        }
        headers = {"Idempotency-Key": check_key(idempotency_key)}
        try:
            return _id_in(self._fetch.post("/emails", json=body, headers=headers, harmless=True))
        except Duplicate:
            raise
        except Ambiguous as error:
            # The key makes a repeat safe for a day, so doubt is no reason to ask a person before.
            text, code = str(error), error.code
        raise Unheard(text, code=code)

    def health(self) -> None:
        """Raises unless Resend answers and knows our key. Whether the domain is verified shows only in sending."""
        try:
            self._fetch.get(f"/emails/{_NO_LETTER}")
        except (Permanent, Blocked) as error:
            if error.code not in ("not_found", "restricted_api_key"):
                raise


def _id_in(answer: Answer) -> str:
    content = answer.json()
    if isinstance(content, dict) and isinstance(content.get("id"), str) and content["id"]:
        return str(content["id"])
    raise answer.unreadable("no id")


def _classify(answer: Answer) -> BitLootError | None:
    """The table of PROVIDERS.md §4."""
    status, code = answer.status, _name_in(answer) or f"http_{answer.status}"
    text = f"resend: answered {status} {code}"
    if status in (401, 403):
        return Blocked(text, code=code)
    if status == 409:
        if code == "invalid_idempotent_request":
            return Duplicate(text, code=code)
        return Unheard(text, code=code)  # another try under this key is under way there
    if status == 429:
        after = retry_after(answer.headers.get("retry-after"))
        kind = Blocked if code in ("daily_quota_exceeded", "monthly_quota_exceeded") else Retryable
        return kind(text, code=code, after=after)
    if status in (408, 425) or status >= 500:
        return Unheard(text, code=code, after=retry_after(answer.headers.get("retry-after")))
    return Permanent(text, code=code)


def _name_in(answer: Answer) -> str:
    """Resend's name for the error; empty unless it looks like one, since it goes into logs."""
    try:
        content = answer.json()
    except BitLootError:
        return ""
    name = content.get("name") if isinstance(content, dict) else None
    return name if isinstance(name, str) and re.fullmatch(r"[a-z_]{1,60}", name) else ""
