"""Links by which an admin signs in: asked for by anybody, mailed to a known address, good once and for a short time."""

from __future__ import annotations

import uuid

from db.admins import Admin, get_admin
from db.base import rows

__all__ = ["ask_link", "forget_links", "keep_link", "link_admin", "take_link", "whose_link"]


def ask_link(email: str) -> uuid.UUID:
    """One statement and one row, whether there is such an admin or not; whoever asks learns nothing by time."""
    asked = rows(
        "INSERT INTO admin_links (id, admin_id, generation) SELECT gen_random_uuid(), a.id, a.generation"
        " FROM (SELECT 1) one LEFT JOIN admins a ON a.email = %s AND a.disabled_at IS NULL RETURNING id",
        email.strip().lower(),
    )
    return uuid.UUID(str(asked[0][0]))


def link_admin(link_id: uuid.UUID | str) -> Admin | None:
    """Who is to get a letter for it, if nobody wrote one yet."""
    found = rows(
        "SELECT l.admin_id FROM admin_links l JOIN admins a ON a.id = l.admin_id AND a.generation = l.generation"
        " WHERE l.id = %s AND l.digest IS NULL AND a.disabled_at IS NULL",
        link_id,
    )
    return get_admin(found[0][0]) if found else None


def keep_link(link_id: uuid.UUID | str, digest: bytes, seconds: float) -> bool:
    """Before its letter is sent. False if another run did."""
    return bool(
        rows(
            "UPDATE admin_links SET digest = %s, expires_at = clock_timestamp() + %s * interval '1 second'"
            " WHERE id = %s AND digest IS NULL RETURNING 1",
            *(digest, seconds, link_id),
        )
    )


def whose_link(digest: bytes) -> Admin | None:
    """Whom it lets in now; nothing is used up by looking."""
    found = rows(
        "SELECT l.admin_id FROM admin_links l JOIN admins a ON a.id = l.admin_id AND a.generation = l.generation"
        " WHERE l.digest = %s AND l.used_at IS NULL AND l.expires_at > clock_timestamp() AND a.disabled_at IS NULL",
        digest,
    )
    return get_admin(found[0][0]) if found else None


def take_link(digest: bytes) -> bool:
    """Uses it up; False if somebody else did."""
    return bool(
        rows(
            "UPDATE admin_links SET used_at = clock_timestamp() WHERE digest = %s AND used_at IS NULL"
            " AND expires_at > clock_timestamp() RETURNING 1",
            digest,
        )
    )


def forget_links(limit: int) -> int:
    """Removes up to `limit` that were asked for a day ago."""
    return len(
        rows(
            "DELETE FROM admin_links WHERE id IN (SELECT id FROM admin_links"
            " WHERE asked_at < now() - interval '1 day' LIMIT %s) RETURNING 1",
            limit,
        )
    )
