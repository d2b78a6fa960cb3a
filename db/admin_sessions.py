"""Sessions of the console. Each belongs to the generation of its admin: a change there ends it at once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bitloot.tokens import Role
from db.admins import Admin
from db.base import rows

__all__ = ["AdminSession", "begin_session", "end_session", "forget_sessions", "session_of"]

#: That somebody is there is written down this often (seconds) at most.
SEEN = 30.0

#: What a client says of itself is cut to this (characters).
MAX_AGENT = 300


@dataclass(frozen=True)
class AdminSession:
    id: uuid.UUID
    email: str
    role: Role
    expires_at: datetime  # whatever happens until then


def begin_session(
    admin: Admin, digest: bytes, *, idle: float, seconds: float, address: str, user_agent: str
) -> AdminSession | None:
    """A session for `seconds`, less if it stands `idle` (seconds) before; None if the admin was changed meanwhile."""
    found = rows(
        "INSERT INTO admin_sessions (id, digest, admin_id, generation, lapses_at, expires_at, address, user_agent)"
        " SELECT gen_random_uuid(), %s, id, generation, clock_timestamp() + least(%s, %s) * interval '1 second',"
        " clock_timestamp() + %s * interval '1 second', %s, %s FROM admins"
        " WHERE id = %s AND generation = %s AND disabled_at IS NULL RETURNING id, expires_at",
        *(digest, idle, seconds, seconds, address, user_agent[:MAX_AGENT], admin.id, admin.generation),
    )
    return AdminSession(uuid.UUID(str(found[0][0])), admin.email, admin.role, found[0][1]) if found else None


def session_of(digest: bytes, idle: float) -> AdminSession | None:
    """Whose session it is, if it lives; from now it lives for another `idle` seconds, up to its end."""
    found = rows(
        "SELECT id, email, role, expires_at, seen_at < clock_timestamp() - %s * interval '1 second'"
        " FROM living_sessions WHERE digest = %s",
        *(SEEN, digest),
    )
    if not found:
        return None
    session = _session(found[0])
    if found[0][4]:
        rows(
            "UPDATE admin_sessions SET seen_at = clock_timestamp(),"
            " lapses_at = least(expires_at, clock_timestamp() + %s * interval '1 second')"
            " WHERE id = %s AND ended_at IS NULL RETURNING 1",
            *(idle, session.id),
        )
    return session


def end_session(session_id: uuid.UUID) -> bool:
    """Whether it was still going on."""
    return bool(
        rows(
            "UPDATE admin_sessions SET ended_at = clock_timestamp() WHERE id = %s AND ended_at IS NULL RETURNING 1",
            session_id,
        )
    )


def forget_sessions(limit: int) -> int:
    """Removes up to `limit` sessions that were over a month ago."""
    return len(
        rows(
            "DELETE FROM admin_sessions WHERE id IN (SELECT id FROM admin_sessions"
            " WHERE lapses_at < now() - interval '30 days' LIMIT %s) RETURNING 1",
            limit,
        )
    )


def _session(row: tuple[Any, ...]) -> AdminSession:
    return AdminSession(uuid.UUID(str(row[0])), row[1], row[2], row[3])
