"""What a token lets its bearer see."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from bitloot.tokens import BadToken, Tokens
from web.relay.messages import Close, Cut, Key

__all__ = ["Rights", "rights_of"]


@dataclass(frozen=True, slots=True)
class Rights:
    """A buyer's: one order. An admin's (`order` is None): every order and topic. Both until `expires` (Unix time)."""

    order: UUID | None
    expires: float

    @property
    def admin(self) -> bool:
        return self.order is None

    def may(self, key: Key, now: float) -> bool:
        """Whether `key` may be shown at `now`; closed unless something opens it."""
        return now < self.expires and (self.order is None or self.order == key)


def rights_of(tokens: Tokens, text: str) -> Rights:
    """Reads a buyer's or an admin's token. Raises Cut."""
    try:
        rights = _read(tokens, text)
    except BadToken as error:
        if error.code == "expired_token":
            raise _expired() from None
        raise Cut(Close.BAD_TOKEN, "This token gives no right here.") from None
    if rights.expires <= time.time():  # tokens are read with a leeway, open connections are not
        raise _expired()
    return rights


def _read(tokens: Tokens, text: str) -> Rights:
    try:
        buyer = tokens.read_buyer(text)
        return Rights(UUID(buyer.order_id), buyer.expires)
    except BadToken as error:
        if error.code == "expired_token":
            raise
    return Rights(None, tokens.read_admin(text).expires)


def _expired() -> Cut:
    return Cut(Close.TOKEN_EXPIRED, "This token has expired.")
