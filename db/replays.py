"""Replays: which notices are to run again, who asked for it and why, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from peewee import ForeignKeyField, IntegerField, TextField, UUIDField

from db import base
from db.base import Model, rows
from db.fields import TimeField
from db.notices import Notice

__all__ = [
    "Due",
    "Replay",
    "ask_replays",
    "claim_replays",
    "finish_replay",
    "give_another_chance",
    "replays_of",
]

#: A replay that fails this often is left for a person: its dead job says why.
MOST_ATTEMPTS = 5

#: Outcomes that tell more of a notice than its first one did.
EFFECTIVE = ("moved", "case", "matched")


class Replay(Model):
    notice_id: uuid.UUID
    id = UUIDField(primary_key=True)
    notice = ForeignKeyField(Notice, backref="runs", index=False)
    actor = TextField()
    reason = TextField()
    asked_at = TimeField()
    due_at = TimeField()
    attempts = IntegerField()
    done_at = TimeField(null=True)
    outcome = TextField(null=True)
    note = TextField(null=True)

    class Meta:
        table_name = "replays"


@dataclass(frozen=True)
class Due:
    """A replay that is to be sent, after `wait` seconds."""

    replay_id: uuid.UUID
    wait: float


def ask_replays(notice_ids: Sequence[uuid.UUID], *, actor: str, reason: str, rate: float) -> list[Due]:
    """Writes down that these notices are to run again, one after another, `rate` a second and behind those that wait
    already. A single one the caller sends at once; it is due only should that message be lost."""
    ids = [uuid.uuid4() for _ in notice_ids]
    alone = len(ids) == 1
    done = rows(
        "WITH queue AS (SELECT greatest(clock_timestamp(), max(due_at)) AS till FROM replays WHERE done_at IS NULL)"
        " INSERT INTO replays (id, notice_id, actor, reason, asked_at, due_at, attempts)"
        " SELECT asked.id, asked.notice, %s, %s, clock_timestamp(),"
        "        CASE WHEN %s THEN clock_timestamp() + %s * interval '1 second'"
        "        ELSE queue.till + asked.number * %s * interval '1 second' END, 0"
        "   FROM queue, unnest(%s::uuid[], %s::uuid[]) WITH ORDINALITY AS asked (id, notice, number)"
        " RETURNING id, greatest(extract(epoch FROM due_at - clock_timestamp()), 0)",
        *(actor, reason, alone, base.grace, 1 / rate),
        *([str(one) for one in ids], [str(one) for one in notice_ids]),
    )
    return [Due(_uuid(replay_id), float(wait)) for replay_id, wait in done]


def claim_replays(limit: int, grace: float, window: float) -> list[Due]:
    """Takes up to `limit` replays that are due within `window` seconds; each is due again after `grace` more."""
    found = rows(
        "WITH due AS (SELECT id, greatest(due_at, clock_timestamp()) AS at FROM replays"
        " WHERE done_at IS NULL AND attempts < %s AND due_at <= clock_timestamp() + %s * interval '1 second'"
        " ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)"
        " UPDATE replays r SET attempts = attempts + 1, due_at = due.at + %s * interval '1 second' FROM due"
        " WHERE r.id = due.id RETURNING r.id, greatest(extract(epoch FROM due.at - clock_timestamp()), 0)",
        *(MOST_ATTEMPTS, window, limit, grace),
    )
    return [Due(_uuid(replay_id), float(wait)) for replay_id, wait in found]


def give_another_chance(replay_id: str) -> None:
    """A person wants it to run after all: sweep finds it again, should the message that says so be lost."""
    rows(
        "UPDATE replays SET attempts = 0, due_at = clock_timestamp() + %s * interval '1 second'"
        " WHERE id::text = %s AND done_at IS NULL RETURNING id",
        *(base.grace, replay_id),
    )


def finish_replay(replay: Replay, outcome: str, note: str) -> bool:
    """Remembers what the replay did; whether this run was the first to say so."""
    return bool(
        rows(
            "WITH done AS (UPDATE replays SET done_at = clock_timestamp(), outcome = %s, note = %s"
            " WHERE id = %s AND done_at IS NULL RETURNING notice_id)"
            " UPDATE notices n SET replays = n.replays + 1, outcome = CASE WHEN %s THEN %s ELSE n.outcome END"
            " FROM done WHERE n.id = done.notice_id RETURNING n.id",
            *(outcome, note, replay.id, outcome in EFFECTIVE, outcome),
        )
    )


def replays_of(notice_id: uuid.UUID) -> list[Replay]:
    """Those of one notice, newest first; not all of very many."""
    return Replay.load("WHERE t.notice_id = %s ORDER BY t.asked_at DESC LIMIT 50", notice_id)


def _uuid(value: object) -> uuid.UUID:
    return uuid.UUID(str(value))
