"""Blocks: a provider refuses our account, which is no order's fault and which an operator must hear of, once."""

from __future__ import annotations

import uuid

from peewee import TextField, UUIDField

from db.base import Model, now, rows
from db.fields import TimeField

__all__ = ["Block", "close_block", "open_block", "open_blocks"]


class Block(Model):
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    provider = TextField()
    code = TextField()
    opened_at = TimeField(default=now)
    closed_at = TimeField(null=True)

    class Meta:
        table_name = "blocks"


def open_block(provider: str, code: str) -> bool:
    """One open block per provider. Whether this one is new, so that it rings."""
    return bool(
        rows(
            "INSERT INTO blocks (id, provider, code, opened_at)"
            " VALUES (gen_random_uuid(), %s, %s, clock_timestamp())"
            " ON CONFLICT (provider) WHERE closed_at IS NULL DO NOTHING RETURNING id",
            *(provider, code),
        )
    )


def close_block(provider: str) -> bool:
    """Whether it was open."""
    return bool(
        rows(
            "UPDATE blocks SET closed_at = clock_timestamp() WHERE provider = %s AND closed_at IS NULL RETURNING id",
            provider,
        )
    )


def open_blocks() -> dict[str, str]:
    """Who refuses us now, and why: {provider: code}, oldest first."""
    found = rows("SELECT provider, code FROM blocks WHERE closed_at IS NULL ORDER BY opened_at, id")
    return {str(provider): str(code) for provider, code in found}
