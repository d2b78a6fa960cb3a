"""Notices: every IPN and webhook as it came, sealed, once per digest."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import BlobField, DoubleField, ForeignKeyField, IntegerField, TextField, UUIDField

from bitloot.errors import Permanent
from bitloot.moments import believable
from bitloot.senders import VERIFIED
from bitloot.states import SupplierStatus
from bitloot.vault import Vault
from db.base import Model, now, rows
from db.fields import TimeField
from db.orders import Order

__all__ = [
    "KEEP",
    "KEEP_ABOUT",
    "KEPT_HEADERS",
    "Expunged",
    "NewNotice",
    "Notice",
    "keep_notice",
    "open_notice",
    "seal_notice",
]

#: What tells a sender's event and how it proved itself; nothing else of the headers is kept.
KEPT_HEADERS = frozenset(
    {
        "content-type",
        "x-nowpayments-sig",
        "x-event-name",
        "x-event-secret",
        "x-kinguin-signature",
        "x-auth-token",
        "svix-id",
        "svix-timestamp",
        "svix-signature",
    }
)

#: The function that keeps a notice (0010_notices.sql), as `FROM` takes it.
KEEP = f"keep_notice({', '.join(['%s'] * 16)})"

#: As KEEP, beside a row `a` of what it is about: its order is that one's, and its outcome, unless it says otherwise.
KEEP_ABOUT = (
    "keep_notice(%s, %s, %s, %s, coalesce(%s, a.order_id), %s, %s,"
    " CASE WHEN a.order_id IS NULL THEN 'unmatched' WHEN a.late THEN 'late' ELSE %s END,"
    f" {', '.join(['%s'] * 8)})"
)


class Expunged(Permanent):
    """There is no body any more: its time was over, or somebody deleted it."""

    default_code = "expunged"


class Notice(Model):
    order_id: uuid.UUID | None
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    source = TextField()
    event = TextField()
    external_id = TextField(null=True)
    order = ForeignKeyField(Order, null=True, backref="notices", index=False)
    digest = TextField()
    proof = TextField()
    outcome = TextField()
    data_key = BlobField(null=True)
    body = BlobField(null=True)
    size = IntegerField()
    address = TextField()
    repeats = IntegerField(default=0)
    replays = IntegerField(default=0)
    received_at = TimeField(default=now)
    seen_at = TimeField(default=now)
    says = TextField(null=True)
    verdict = TextField(default=VERIFIED)
    took_ms = DoubleField(null=True)
    told_at = TimeField(null=True)
    expunged_at = TimeField(null=True)

    class Meta:
        table_name = "notices"
        indexes = ((("source", "digest"), True),)


@dataclass(frozen=True)
class NewNotice:
    """A verified notice, its body sealed already, on its way into the log."""

    id: uuid.UUID
    source: str
    event: str
    external_id: str | None
    digest: str
    proof: str
    data_key: bytes
    body: bytes
    size: int
    address: str
    verdict: str = VERIFIED
    began: float | None = None  # when the request arrived, on the monotonic clock
    told_at: datetime | None = None

    def row(
        self, order_id: uuid.UUID | None, outcome: str, says: SupplierStatus | None = None
    ) -> tuple[Any, ...]:
        """The arguments of KEEP, in its order."""
        return (
            *(self.id, self.source, self.event, self.external_id, order_id, self.digest, self.proof, outcome),
            *(self.data_key, self.body, self.size, self.address, None if says is None else str(says)),
            *(self.verdict, self.took_ms(), self.told_at),
        )

    def took_ms(self) -> float | None:
        """From the request's arrival until now."""
        return None if self.began is None else (time.monotonic() - self.began) * 1000


def seal_notice(
    vault: Vault,
    *,
    source: str,
    event: str,
    external_id: str | None,
    digest: str,
    proof: str,
    headers: Mapping[str, str],
    body: bytes,
    address: str,
    verdict: str = VERIFIED,
    began: float | None = None,
    told_at: datetime | None = None,
) -> NewNotice:
    """Seals what came: a webhook may hold a key, and its headers a secret."""
    notice_id = uuid.uuid4()
    kept = {name: value for name, value in headers.items() if name in KEPT_HEADERS}
    plain = json.dumps(kept).encode() + b"\n" + body
    data_key, sealed = vault.seal_anew(_context(notice_id), source, plain)
    return NewNotice(
        *(notice_id, source, event, external_id, digest, proof, data_key, sealed, len(body), address),
        *(verdict, began, believable(told_at)),
    )


def open_notice(vault: Vault, notice: Notice) -> tuple[dict[str, str], bytes]:
    """(headers, body) as they came. Raises SealBroken, or Expunged where there is no body any more."""
    if notice.body is None or notice.data_key is None:
        raise Expunged("the body of this notice has been deleted")
    sealed = bytes(notice.body)
    plain = vault.open(bytes(notice.data_key), _context(notice.id), notice.source, sealed)
    headers, _, body = plain.partition(b"\n")
    return json.loads(headers), body


def _context(notice_id: uuid.UUID) -> str:
    return f"notice:{notice_id}"


def keep_notice(
    notice: NewNotice, order_id: uuid.UUID | None, outcome: str, says: SupplierStatus | None = None
) -> bool:
    """Keeps a notice that changes no payment; whether it is new. `says`: the status that a supplier names in it."""
    kept = rows(f"SELECT o_fresh FROM {KEEP}", *notice.row(order_id, outcome, says))  # noqa: S608
    return bool(kept[0][0])
