"""Bearer tokens by client credentials: fetched once, renewed before they run out (PROVIDERS.md §2)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from pydantic import SecretStr

from bitloot.amounts import read_amount
from bitloot.answer import Answer
from bitloot.errors import Ambiguous, BitLootError, Blocked, Malformed, Retryable
from bitloot.fetch import Fetch, Gate

__all__ = ["Bearer", "ClientCredentials"]

#: Renewed this long (seconds) before its end, or a fifth of its life if that is less.
MARGIN = 60.0

#: Life (seconds) of a token whose answer names none.
DEFAULT_LIFE = 300.0


@dataclass(frozen=True)
class Bearer:
    """One token; `until` is on the monotonic clock."""

    token: SecretStr
    until: float = field(repr=False)

    @property
    def header(self) -> dict[str, SecretStr]:
        return {"Authorization": SecretStr(f"Bearer {self.token.get_secret_value()}")}


class ClientCredentials:
    """Threads may share it: one of them fetches, the others wait for the same token."""

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: SecretStr,
        *,
        name: str,
        gate: Gate | None = None,
    ) -> None:
        self._fetch = Fetch(
            token_url, name=f"{name} token", max_bytes=64 * 1024, classify=_classify, gate=gate
        )
        self._client_id = client_id
        self._client_secret = client_secret
        self._lock = threading.Lock()
        self._bearer: Bearer | None = None

    def bearer(self, *, instead_of: Bearer | None = None) -> Bearer:
        """A token that is still good, and not `instead_of`, which was just refused.

        Raises Retryable or Blocked only: without a token nothing was asked for, so nothing is in doubt.
        """
        with self._lock:
            known = self._bearer
            if known is None or known is instead_of or time.monotonic() >= known.until:
                self._bearer = None
                self._bearer = known = self._fetched()
            return known

    def _fetched(self) -> Bearer:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret.get_secret_value(),
        }
        asked = time.monotonic()
        try:
            return _read(self._fetch.post("", form=form), asked)
        except Ambiguous as error:
            text, code = str(error), error.code
        raise Retryable(text, code=code)


def _read(answer: Answer, asked: float) -> Bearer:
    content = answer.json()
    token = content.get("access_token") if isinstance(content, dict) else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise answer.unreadable("no access_token")
    try:
        life = float(read_amount(content["expires_in"])) if content.get("expires_in") else DEFAULT_LIFE
    except Malformed:
        life = DEFAULT_LIFE
    return Bearer(SecretStr(token), asked + life - min(MARGIN, life / 5))


def _classify(answer: Answer) -> BitLootError | None:
    """Whatever the token endpoint refuses is about our account, never about an order."""
    if answer.status == 429 or answer.status >= 500:
        return None
    return Blocked(f"{answer.name}: refused with {answer.status}", code="token_refused")
