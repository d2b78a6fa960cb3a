"""What clients may say, and the close codes for those who say anything else (docs/relay.md)."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError, model_validator

__all__ = [
    "Close",
    "Cut",
    "Hello",
    "Key",
    "Message",
    "Ping",
    "Refresh",
    "Subscribe",
    "Topic",
    "Unsubscribe",
    "understand",
]

#: What admins follow besides single orders: every order's moves, jobs of the workers, webhooks as they come in.
Topic: TypeAlias = Literal["orders", "jobs", "webhooks"]

#: What one subscription is about.
Key: TypeAlias = UUID | Topic


class Close(IntEnum):
    """Why the relay ended a connection. 1009 (too large) and 1007 (not UTF-8) come from the library itself."""

    RESTART = 1012
    TRY_LATER = 1013
    BAD_MESSAGE = 4400
    BAD_TOKEN = 4401
    REVOKED = 4403
    HELLO_TIMEOUT = 4408
    RELOAD = 4410
    SLOW = 4411
    BINARY = 4415
    TOKEN_EXPIRED = 4419
    TOO_MANY = 4429


class Cut(Exception):
    """The connection ends with this code; the reason is read by people."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Hello(_Said):
    """The first message. A cursor resumes the buyer's own order, or an admin's first subscriptions."""

    type: Literal["hello"]
    token: SecretStr
    cursor: str | None = None


class _Keyed(_Said):
    order: UUID | None = None
    topic: Topic | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.order is None) == (self.topic is None):
            raise ValueError("name an order or a topic")
        return self

    @property
    def key(self) -> Key:
        return self.order or self.topic or "orders"


class Subscribe(_Keyed):
    type: Literal["subscribe"]
    cursor: str | None = None


class Unsubscribe(_Keyed):
    type: Literal["unsubscribe"]


class Refresh(_Said):
    """Another token for the same right, before the old one ends."""

    type: Literal["refresh"]
    token: SecretStr


class Ping(_Said):
    """For browsers, which cannot send a protocol ping and do not notice a dead connection."""

    type: Literal["ping"]


Message: TypeAlias = Hello | Subscribe | Unsubscribe | Refresh | Ping

_MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


def understand(frame: str | bytes) -> Message:
    """Raises Cut for anything that is not one of the messages above."""
    if isinstance(frame, bytes):
        raise Cut(Close.BINARY, "Messages are text.")
    try:
        return _MESSAGE.validate_json(frame)
    except ValidationError:
        # from None: the error holds the message, and the message may hold a token.
        raise Cut(Close.BAD_MESSAGE, "This is none of the messages that the relay knows.") from None
