"""Keeps where the audit chain stands outside the database: an object in the store, and a line in the log."""

from __future__ import annotations

import structlog

from bitloot.anchors import Anchor, last_anchor, read_anchor, write_anchor
from bitloot.audit import AuditKeys
from bitloot.stores.base import Store
from db.access import make_durable
from db.audit import chain_head, link_of
from db.base import now

__all__ = ["anchor_once"]

log = structlog.get_logger(__name__)


def anchor_once(store: Store, keys: AuditKeys) -> Anchor | None:
    """Writes the next anchor, unless nothing was added since the last. Several clocks may do so at once.

    Where the chain no longer passes through the last anchor it says so, each time, and goes on anchoring: what is
    written from now on must not be lost too.
    """
    head = chain_head()
    if head is None:
        return None
    number = last_anchor(store)
    if number:
        last = read_anchor(store, keys, number)
        if last.mac == head.mac:
            return None
        if link_of(last.seq) != last.mac:
            log.error(
                "the audit chain was cut: see `bitloot verify-audit`",
                action="audit_cut",
                seq=last.seq,
                head=head.seq,
            )
    make_durable()  # or the database might forget in a crash what the anchor outside goes on knowing
    anchor = Anchor(number + 1, head.seq, head.mac, now())
    if not write_anchor(store, keys, anchor):
        return None
    log.info(
        "the audit chain stands here", action="anchored", number=anchor.number, seq=head.seq, mac=head.mac
    )
    return anchor
