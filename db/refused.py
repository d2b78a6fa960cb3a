"""Deliveries that were refused: kept for diagnosis in a ring, sealed and cut; nothing that they say is believed."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence

from peewee import BlobField, IntegerField, TextField, UUIDField

from bitloot.vault import Vault
from db.base import Model, rows
from db.fields import TimeField
from db.notices import KEPT_HEADERS

__all__ = ["MOST_BYTES", "SLOTS", "Refused", "keep_refused", "list_refused", "open_refused"]

#: The ring holds this many deliveries, and of each this much of its body (bytes) and of each header (characters):
#: under 5 MB in all, whatever strangers send.
SLOTS, MOST_BYTES, MOST_HEADER = 500, 8192, 256


class Refused(Model):
    slot = IntegerField(primary_key=True)
    id = UUIDField(unique=True)
    source = TextField()
    verdict = TextField()
    digest = TextField()
    data_key = BlobField()
    body = BlobField()
    size = IntegerField()
    address = TextField()
    repeats = IntegerField()
    received_at = TimeField()
    seen_at = TimeField()

    class Meta:
        table_name = "refused_deliveries"


def keep_refused(
    vault: Vault,
    *,
    source: str,
    verdict: str,
    headers: Mapping[str, str],
    body: bytes,
    size: int,
    address: str,
    slots: int = SLOTS,
) -> None:
    """Keeps one, in the place of the oldest if the ring is full. It may be a true one that our secret did not fit, and
    so hold a key: it is sealed as notices are."""
    refused_id = uuid.uuid4()
    kept = {name: value[:MOST_HEADER] for name, value in headers.items() if name in KEPT_HEADERS}
    plain = json.dumps(kept).encode() + b"\n" + body[:MOST_BYTES]
    data_key, sealed = vault.seal_anew(_context(refused_id), source, plain)
    rows(
        "SELECT keep_refused(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        *(
            slots,
            refused_id,
            source,
            verdict,
            hashlib.sha256(body).hexdigest(),
            data_key,
            sealed,
            size,
            address,
        ),
    )


def open_refused(vault: Vault, refused: Refused) -> tuple[dict[str, str], bytes]:
    """(headers, body) as they came, both cut. Raises SealBroken."""
    plain = vault.open(bytes(refused.data_key), _context(refused.id), refused.source, bytes(refused.body))
    headers, _, body = plain.partition(b"\n")
    return json.loads(headers), body


def list_refused(*, page: int, limit: int) -> tuple[Sequence[Refused], int]:
    """Newest first, and how many there are."""
    total = int(rows("SELECT count(*) FROM refused_deliveries")[0][0])
    tail = "ORDER BY t.seen_at DESC, t.slot LIMIT %s OFFSET %s"
    return Refused.load(tail, limit, (page - 1) * limit), total


def _context(refused_id: uuid.UUID) -> str:
    return f"refused:{refused_id}"
