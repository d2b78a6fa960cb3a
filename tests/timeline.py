"""Orders whose every stamp is known: time-to-key without waiting for it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from bitloot.mail.base import Letter as RenderedLetter
from bitloot.states import OrderState, SupplierStatus
from bitloot.suppliers.base import Hint
from bitloot.vault import Vault
from db import Order, Product, Purchase, base, keep_hint, keep_letter, record_access, seal_notice, store_keys
from db.keys import StoredKey, key_id, object_name
from tests.factories import a_waiting_order, again

__all__ = ["VAULT", "a_letter", "a_stored_key", "a_webhook", "finished", "stamp", "stamp_purchase"]

#: Records are only added to; whoever owns the database can do otherwise.
FREE = "ALTER TABLE access_records DISABLE TRIGGER USER;"

VAULT = Vault({1: b"m" * 32})


def a_stored_key(order: Order, purchase: Purchase, name: str) -> StoredKey:
    identity = key_id(purchase, name)
    return StoredKey(
        id=identity,
        supplier_key_id=f"{purchase.supplier_ref}:{name}",
        media_type="text/plain",
        object_name=object_name(order.id, identity),
        object_digest=secrets.token_hex(32),
        fingerprint=secrets.token_hex(16),
    )


def a_letter(order: Order, *, sent: bool = True) -> None:
    rendered = RenderedLetter(
        to=order.email, sender="shop@example.test", subject="Keys", text="t", html="<p>h</p>"
    )
    letter = keep_letter(VAULT, order.id, "keys_ready", rendered, sending=sent)
    assert letter is not None
    if sent:
        assert letter.sent("directory", "1")


def a_webhook(purchase: Purchase, status: SupplierStatus, at: datetime | None = None) -> None:
    """The supplier's word about this purchase, arrived at `at`."""
    digest = secrets.token_hex(16)
    notice = seal_notice(
        VAULT,
        source=purchase.supplier,
        event="order.status",
        external_id=purchase.supplier_ref,
        digest=digest,
        proof="secret",
        headers={},
        body=b"{}",
        address="127.0.0.1",
    )
    keep_hint(
        notice, Hint("order.status", purchase.supplier_ref, purchase.purchase_ref, status, None, digest)
    )
    if at is not None:
        base.rows("UPDATE notices SET received_at = %s WHERE digest = %s RETURNING 1", at, digest)


def finished(
    *lines: tuple[Product, int], mailed: bool = True, revealed: bool = True
) -> tuple[Order, list[Purchase]]:
    """Paid, bought, sealed; mailed and looked at unless told otherwise."""
    order, purchases = a_waiting_order(*lines)
    assert order.advance(OrderState.READY, actor="test")
    for purchase in purchases:
        stored = [a_stored_key(order, purchase, str(number)) for number in range(purchase.quantity)]
        store_keys(order, purchase, stored, actor="test")
    order = again(order)
    assert order.state is OrderState.FULFILLED
    if mailed:
        a_letter(order)
    if revealed:
        record_access(
            order.id, "reveal", actor="buyer", outcome="granted", address="127.0.0.1", user_agent="test"
        )
    return order, purchases


def stamp(order: Order, paid: datetime, **seconds: float) -> None:
    """Puts the order's stamps so many seconds after `paid`: moves by their state, `intent`, `mailed`, `revealed`."""
    updates = {
        "intent": "UPDATE purchases SET created_at = %s WHERE order_id = %s RETURNING 1",
        "mailed": "UPDATE letters SET sent_at = %s WHERE order_id = %s RETURNING 1",
        "revealed": f"{FREE} UPDATE access_records SET at = %s WHERE order_id = %s RETURNING 1",
    }
    move = "UPDATE moves SET at = %s WHERE order_id = %s AND dst = %s RETURNING 1"
    for name, after in {"paid": 0.0, **seconds}.items():
        at = paid + timedelta(seconds=after)
        if name in updates:
            base.rows(updates[name], at, order.id)
        else:
            base.rows(move, at, order.id, name)


def stamp_purchase(purchase: Purchase, paid: datetime, *steps: tuple[str, float]) -> None:
    """Replaces a purchase's history: (state, seconds after `paid`), in order."""
    _replace_history(purchase, [(state, paid + timedelta(seconds=after)) for state, after in steps])


def _replace_history(purchase: Purchase, steps: Sequence[tuple[str, datetime]]) -> None:
    base.rows("DELETE FROM purchase_moves WHERE purchase_id = %s RETURNING 1", purchase.id)
    src = None
    for state, at in steps:
        base.rows(
            "INSERT INTO purchase_moves (purchase_id, src, dst, attempt, note, at)"
            " VALUES (%s, %s, %s, 1, '', %s) RETURNING 1",
            *(purchase.id, src, state, at),
        )
        src = state
