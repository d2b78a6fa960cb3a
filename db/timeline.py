"""Everything that happened around one order, on one line of time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.base import rows

__all__ = ["MOST", "Happening", "timeline"]

#: Events that are told; of an order with more, the newest.
MOST = 1_000

#: One SELECT for each kind, with %s for the order: (at, kind, title, details, ref). Nothing sealed is read.
KINDS: Mapping[str, str] = {
    "move": "SELECT at, 'move', coalesce(src || ' → ', '') || dst, jsonb_build_object('actor', actor, 'reason', reason,"
    " 'data', data), seq::text FROM moves WHERE order_id = %s",
    "notice": "SELECT received_at, 'notice', source || ': ' || event, jsonb_build_object('outcome', outcome, 'verdict',"
    " verdict, 'repeats', repeats, 'replays', replays), id::text FROM notices WHERE order_id = %s",
    "replay": "SELECT coalesce(r.done_at, r.asked_at), 'replay', n.source || ': ' || n.event || ' again',"
    " jsonb_build_object('actor', r.actor, 'reason', r.reason, 'outcome', r.outcome, 'note', r.note), n.id::text"
    " FROM replays r JOIN notices n ON n.id = r.notice_id WHERE n.order_id = %s",
    "payment": "SELECT created_at, 'payment', gateway || ': opened', jsonb_build_object('state', state, 'pay_amount',"
    " trim_scale(pay_amount)::text, 'pay_currency', pay_currency, 'confirmed_at', confirmed_at), id::text"
    " FROM payments WHERE order_id = %s",
    "purchase": "SELECT m.at, 'purchase', p.supplier || ': ' || coalesce(m.src || ' → ', '') || m.dst,"
    " jsonb_build_object('attempt', m.attempt, 'note', m.note, 'purchase_ref', p.purchase_ref, 'supplier_ref',"
    " p.supplier_ref), p.id::text FROM purchases p JOIN purchase_moves m ON m.purchase_id = p.id WHERE p.order_id = %s",
    "key": "SELECT stored_at, 'key', supplier || ': a key was sealed and stored', jsonb_build_object('media_type',"
    " media_type), id::text FROM keys WHERE order_id = %s",
    "letter": "SELECT coalesce(sent_at, sending_at, created_at), 'letter', kind || ': ' || state, jsonb_build_object("
    "'generation', generation, 'attempts', attempts, 'error', error, 'recipient', recipient), id::text"
    " FROM letters WHERE order_id = %s",
    "fate": "SELECT fate_at, 'letter', kind || ': ' || fate, jsonb_build_object('generation', generation), id::text"
    " FROM letters WHERE order_id = %s AND fate_at IS NOT NULL",
    "case": "SELECT opened_at, 'case', kind || ': opened', jsonb_build_object('subject', subject, 'figures', figures),"
    " id::text FROM cases WHERE order_id = %s",
    "answer": "SELECT resolved_at, 'case', kind || ': ' || resolution, jsonb_build_object('by', resolved_by, 'reason',"
    " reason, 'basis', basis), id::text FROM cases WHERE order_id = %s AND resolved_at IS NOT NULL",
    "access": "SELECT at, 'access', action || ': ' || outcome, jsonb_build_object('actor', actor, 'address', address,"
    " 'details', details), id::text FROM access_records WHERE order_id = %s",
    "job": "SELECT failed_at, 'job', actor || ': died', jsonb_build_object('attempts', attempts, 'deaths', deaths,"
    " 'error_class', error_class, 'error', error, 'state', state), id::text FROM jobs WHERE order_id = %s",
}


@dataclass(frozen=True)
class Happening:
    """`ref` is the id of what it is about: of the notice, purchase, letter, …; of a move its number."""

    at: datetime
    kind: str
    title: str
    details: dict[str, Any]
    ref: str


def timeline(order_id: uuid.UUID) -> tuple[list[Happening], bool]:
    """Oldest first, and whether older ones were left out. One query."""
    sql = " UNION ALL ".join(f"({one})" for one in KINDS.values())
    found = rows(
        f"SELECT * FROM ({sql}) told (at, kind, title, details, ref) ORDER BY at DESC, kind DESC, ref DESC LIMIT %s",  # noqa: S608
        *([order_id] * len(KINDS)),
        MOST + 1,
    )
    return [Happening(*row) for row in reversed(found[:MOST])], len(found) > MOST
