"""Tokens that end before their time: an operator's, one by one, or a buyer's whose right was given anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from db.base import rows

__all__ = ["Grant", "ended", "heard_of", "revoke_admin", "revoke_token"]


@dataclass(frozen=True)
class Grant:
    """What a token gave. `order_id` is a buyer's, `admin` an operator's name; `issued` is Unix time. `generation`
    None: that the buyer's right was given anew does not matter here. What was given under a `session` of the console
    ends with it."""

    token_id: str
    issued: int
    order_id: UUID | None = None
    generation: int | None = None
    admin: str | None = None
    session: UUID | None = None


def revoke_admin(name: str, *, who: str, reason: str) -> None:
    """Every token that the operator `name` has by now gives no right any more; one issued later does."""
    _revoke(f"admin:{name.lower()}", who, reason)


def revoke_token(token_id: str, *, who: str, reason: str) -> None:
    """The token with this `jti` gives no right any more."""
    _revoke(f"token:{token_id}", who, reason)


def heard_of(name: str) -> bool:
    """Whether an account has this name, or a record of what one did. A token that was issued and never used to do
    anything leaves none."""
    found = rows(
        "SELECT EXISTS (SELECT 1 FROM admins WHERE email = %s)"
        " OR EXISTS (SELECT 1 FROM access_records WHERE lower(actor) = %s)",
        *(name.strip().lower(), f"admin:{name.strip().lower()}"),
    )
    return bool(found[0][0])


def ended(grants: Iterable[Grant]) -> set[Grant]:
    """Those of `grants` that were revoked. One query."""
    wanted = list(grants)
    subjects = sorted({subject for grant in wanted for subject in _subjects(grant)})
    found = rows(
        "SELECT subject, extract(epoch FROM before)::double precision FROM revocations WHERE subject = ANY(%s)"
        " UNION ALL SELECT order_id::text, generation FROM rights WHERE order_id = ANY(%s::uuid[])"
        " UNION ALL SELECT told.id::text, 1 FROM unnest(%s::uuid[]) AS told (id)"
        "  WHERE NOT EXISTS (SELECT 1 FROM living_sessions WHERE id = told.id)",
        subjects,
        sorted(str(grant.order_id) for grant in wanted if grant.generation is not None),
        sorted({str(grant.session) for grant in wanted if grant.session is not None}),
    )
    known: dict[str, float] = dict(found)
    return {grant for grant in wanted if _ended(grant, known)}


def _ended(grant: Grant, known: Mapping[str, float]) -> bool:
    if grant.generation is not None and known.get(str(grant.order_id), 1) > grant.generation:
        return True
    if grant.session is not None and str(grant.session) in known:
        return True
    return any(known.get(subject, -1) >= grant.issued for subject in _subjects(grant))


def _subjects(grant: Grant) -> Iterator[str]:
    yield f"token:{grant.token_id}"
    if grant.admin is not None:
        yield f"admin:{grant.admin.lower()}"  # names are mail addresses, however a token spells them


def _revoke(subject: str, who: str, reason: str) -> None:
    rows(
        "INSERT INTO revocations AS r (subject, before, by, reason) VALUES (%s, clock_timestamp(), %s, %s)"
        " ON CONFLICT (subject) DO UPDATE SET before = excluded.before, by = excluded.by, reason = excluded.reason"
        " RETURNING 1",
        *(subject, who, reason),
    )
