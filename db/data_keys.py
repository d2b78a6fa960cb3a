"""Every wrapped data key there is: by which master key, and wrapping them anew while the shop runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bitloot.errors import SealBroken
from bitloot.vault import Vault
from db.base import rows, transaction

__all__ = ["WRAPPED", "Batch", "Holder", "rewrap", "sample_under", "under_master_keys"]

#: Rows that one batch reads at most: some ten milliseconds of work, and a hundred kilobytes.
BATCH = 500

#: Counting reads whole tables, which the pool's own limit is too short for.
COUNT_TIMEOUT = "10min"

NUMBER = "('x' || encode(substring(data_key from 5 for 4), 'hex'))::bit(32)::bigint"


@dataclass(frozen=True)
class Holder:
    """A table with a column `data_key`, bound to `<kind>:<id>`."""

    table: str
    kind: str
    id: str = "id"
    id_type: str = "uuid"

    def context(self, row_id: object) -> str:
        return f"{self.kind}:{row_id}"


#: Whoever adds a table that holds a wrapped data key adds it here, or a rotation leaves it behind.
WRAPPED = (
    Holder("orders", "order"),
    Holder("letters", "letter"),
    Holder("notices", "notice"),
    Holder("refused_deliveries", "refused"),
    Holder("admins", "admin"),
    Holder("shop_keys", "shop", id="name", id_type="text"),
)


@dataclass
class Batch:
    """What one batch did. `broken` are rows that do not open; `busy` those that somebody else was writing."""

    table: str
    moved: int = 0
    busy: int = 0
    broken: list[str] = field(default_factory=list)


def under_master_keys() -> Counter[int]:
    """{number of the master key: how many data keys it wraps}. Reads all of these tables: for people, not for steps."""
    found: Counter[int] = Counter()
    with transaction():
        rows("SELECT set_config('statement_timeout', %s, true)", COUNT_TIMEOUT)
        for holder in WRAPPED:
            counted = rows(
                f"SELECT {NUMBER}, count(*) FROM {holder.table}"  # noqa: S608
                " WHERE data_key IS NOT NULL GROUP BY 1"
            )
            found.update(dict(counted))
    return found


def sample_under(number: int) -> tuple[bytes, str] | None:
    """(a data key that this master key wraps, its context)."""
    for holder in WRAPPED:
        found = rows(
            f"SELECT data_key, {holder.id}::text FROM {holder.table}"  # noqa: S608
            " WHERE substring(data_key from 5 for 4) = %s LIMIT 1",
            number.to_bytes(4, "big"),
        )
        if found:
            return bytes(found[0][0]), holder.context(found[0][1])
    return None


def rewrap(vault: Vault, *, batch: int = BATCH) -> Iterator[Batch]:
    """Wraps each data key that is not under the vault's first master key anew, once through all tables.

    What is done lies in the rows: whoever is stopped begins again and finds only what is left. Waits for nobody: a
    row that somebody writes at the moment counts as busy and stays for the next round.
    """
    for holder in WRAPPED:
        after = ""
        while found := _next(holder, vault.newest, after, batch):
            after = found[-1][0]
            yield _rewrap_batch(vault, holder, found)


def _next(holder: Holder, newest: int, after: str, limit: int) -> list[tuple[str, bytes]]:
    """The next rows under another master key, by id."""
    beyond = f"AND {holder.id} > %s::{holder.id_type}" if after else ""
    found = rows(
        f"SELECT {holder.id}::text, data_key FROM {holder.table}"  # noqa: S608
        f" WHERE data_key IS NOT NULL AND substring(data_key from 5 for 4) <> %s {beyond}"
        f" ORDER BY {holder.id} LIMIT %s",
        *(newest.to_bytes(4, "big"), *([after] if after else []), limit),
    )
    return [(row_id, bytes(wrapped)) for row_id, wrapped in found]


def _rewrap_batch(vault: Vault, holder: Holder, found: list[tuple[str, bytes]]) -> Batch:
    """No transaction is open while keys are wrapped: that may be a call to a key service."""
    batch = Batch(holder.table)
    changes: list[tuple[str, bytes, bytes]] = []
    for row_id, wrapped in found:
        try:
            changes.append((row_id, wrapped, vault.rewrap(wrapped, holder.context(row_id))))
        except SealBroken:
            batch.broken.append(row_id)
    batch.moved = _exchange(holder, changes) if changes else 0
    batch.busy = len(changes) - batch.moved
    return batch


def _exchange(holder: Holder, changes: list[tuple[str, bytes, bytes]]) -> int:
    """Compare and set: a data key that was destroyed or changed meanwhile is not brought back."""
    ids, old, new = (list(column) for column in zip(*changes, strict=True))
    won = rows(
        f"WITH told AS (SELECT * FROM unnest(%s::{holder.id_type}[], %s::bytea[], %s::bytea[]) AS t (id, old, new)),"  # noqa: S608
        f" free AS (SELECT {holder.id} AS id FROM {holder.table} WHERE {holder.id} = ANY(%s::{holder.id_type}[])"
        f" ORDER BY {holder.id} FOR UPDATE SKIP LOCKED)"
        f" UPDATE {holder.table} h SET data_key = told.new FROM told JOIN free USING (id)"
        f" WHERE h.{holder.id} = told.id AND h.data_key = told.old RETURNING 1",
        *(ids, old, new, ids),
    )
    return len(won)
