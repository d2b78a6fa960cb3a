"""Those who may act on the shop. Whatever changes about one of them ends all that he is signed in with."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bitloot.tokens import Role
from db.base import rows
from db.revocations import revoke_admin

__all__ = [
    "Admin",
    "add_admin",
    "admin_context",
    "all_admins",
    "find_admin",
    "get_admin",
    "renew_hash",
    "set_disabled",
    "set_password",
    "set_role",
    "set_totp",
    "take_step",
]

COLUMNS = (
    "id, email, role, generation, created_at, disabled_at, password_hash, data_key, totp_sealed, totp_step"
)


@dataclass(frozen=True)
class Admin:
    id: uuid.UUID
    email: str  # in lower case
    role: Role
    generation: int
    created_at: datetime
    disabled_at: datetime | None
    password_hash: str | None = field(repr=False)
    data_key: bytes | None = field(repr=False)  # wrapped, of what is sealed
    totp_sealed: bytes | None = field(repr=False)
    totp_step: int

    @property
    def label(self) -> str:
        """For records, as for bearers of a token with this name."""
        return f"admin:{self.email}"


def admin_context(admin_id: uuid.UUID) -> str:
    """What the vault binds an admin's data key to."""
    return f"admin:{admin_id}"


def add_admin(email: str, role: Role, password_hash: str | None) -> Admin | None:
    """None if there is one with this address."""
    found = rows(
        "INSERT INTO admins (id, email, role, password_hash) VALUES (gen_random_uuid(), %s, %s, %s)"  # noqa: S608
        f" ON CONFLICT DO NOTHING RETURNING {COLUMNS}",
        *(email.lower(), role, password_hash),
    )
    return _admin(found[0]) if found else None


def find_admin(email: str) -> Admin | None:
    found = rows(f"SELECT {COLUMNS} FROM admins WHERE email = %s", email.strip().lower())  # noqa: S608
    return _admin(found[0]) if found else None


def get_admin(admin_id: uuid.UUID) -> Admin | None:
    found = rows(f"SELECT {COLUMNS} FROM admins WHERE id = %s", admin_id)  # noqa: S608
    return _admin(found[0]) if found else None


def all_admins() -> list[Admin]:
    return [_admin(row) for row in rows(f"SELECT {COLUMNS} FROM admins ORDER BY email")]  # noqa: S608


def set_password(admin: Admin, password_hash: str | None, *, who: str) -> None:
    """These four end the sessions, links and tokens that there are; call them in a transaction."""
    _change(admin, "password_hash = %s", password_hash, who=who, reason="password")


def set_role(admin: Admin, role: Role, *, who: str) -> None:
    _change(admin, "role = %s", role, who=who, reason="role")


def set_disabled(admin: Admin, disabled: bool, *, who: str) -> None:
    _change(
        admin, "disabled_at = CASE WHEN %s THEN clock_timestamp() END", disabled, who=who, reason="disabled"
    )


def set_totp(admin: Admin, sealed: tuple[bytes, bytes] | None, *, who: str) -> None:
    """(the wrapped data key, what is sealed under it); None asks for no codes any more."""
    data_key, secret = sealed or (None, None)
    _change(admin, "data_key = %s, totp_sealed = %s, totp_step = 0", data_key, secret, who=who, reason="totp")


def renew_hash(admin: Admin, password_hash: str) -> None:
    """The same password by newer parameters; nothing ends."""
    rows(
        "UPDATE admins SET password_hash = %s WHERE id = %s AND password_hash = %s RETURNING 1",
        *(password_hash, admin.id, admin.password_hash),
    )


def take_step(admin: Admin, step: int) -> bool:
    """Uses up the one-time code of this step; False if it, or a later one, was used before."""
    return bool(
        rows(
            "UPDATE admins SET totp_step = %s WHERE id = %s AND totp_step < %s AND generation = %s RETURNING 1",
            *(step, admin.id, step, admin.generation),
        )
    )


def _change(admin: Admin, assignment: str, *values: Any, who: str, reason: str) -> None:
    rows(
        f"UPDATE admins SET {assignment}, generation = generation + 1 WHERE id = %s RETURNING 1",  # noqa: S608
        *(*values, admin.id),
    )
    revoke_admin(admin.email, who=who, reason=reason)


def _admin(row: tuple[Any, ...]) -> Admin:
    data_key, sealed = (None if value is None else bytes(value) for value in row[7:9])
    values: tuple[Any, ...] = (uuid.UUID(str(row[0])), *row[1:7], data_key, sealed, row[9])
    return Admin(*values)
