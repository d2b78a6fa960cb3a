"""What a token lets its bearer see."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from bitloot.tokens import BadToken, BuyerClaims, Tokens
from db.revocations import Grant
from web.relay.messages import Close, Cut, Key

__all__ = ["REVOKED", "Rights", "rights_of"]

REVOKED = "This right was withdrawn."


@dataclass(frozen=True, slots=True)
class Rights:
    """A buyer's: one order. An admin's: every order and topic. Both until `expires` (Unix time), unless the `grant`
    is withdrawn."""

    grant: Grant
    expires: float

    @property
    def order(self) -> UUID | None:
        return self.grant.order_id

    @property
    def admin(self) -> bool:
        return self.grant.admin is not None

    def may(self, key: Key, now: float) -> bool:
        """Whether `key` may be shown at `now`; closed unless something opens it."""
        return now < self.expires and (self.admin or (self.order is not None and self.order == key))

    def same_as(self, other: Rights) -> bool:
        """Whether both are one bearer's."""
        return (self.order, self.grant.admin) == (other.order, other.grant.admin)


def rights_of(tokens: Tokens, text: str) -> Rights:
    """Reads a buyer's token, an admin's, or one that a session of the console was given. Raises Cut."""
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
        return Rights(_grant(buyer), buyer.expires)
    except BadToken as error:
        if error.code == "expired_token":
            raise
    try:
        admin = tokens.read_admin(text)
        return Rights(Grant(admin.token_id, admin.issued, admin=admin.name), admin.expires)
    except BadToken as error:
        if error.code == "expired_token":
            raise
    passed = tokens.read_relay(text)
    grant = Grant(passed.token_id, passed.issued, admin=passed.name, session=passed.session)
    return Rights(grant, passed.expires)


def _grant(buyer: BuyerClaims) -> Grant:
    return Grant(buyer.token_id, 0, order_id=UUID(buyer.order_id), generation=buyer.generation)


def _expired() -> Cut:
    return Cut(Close.TOKEN_EXPIRED, "This token has expired.")
