"""Fetches keys, seals them, stores them: plaintext lives here and in one reveal answer, nowhere else."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from actors import bell
from actors.chain import hand_on, handed
from actors.notify import notify
from actors.pauses import pause_for, report_refusal
from actors.step import step
from actors.workshop import shop
from bitloot.errors import Ambiguous, Blocked, Permanent, Retryable
from bitloot.states import OrderState, PurchaseState
from bitloot.suppliers.base import Keys, SupplierKey
from db import Order, Purchase, open_case, purchases_of, store_keys
from db.base import now
from db.fulfilling import Fulfilling, find_fulfilling
from db.keys import Kept, StoredKey, ids_of, key_id, key_label, object_name, order_context
from db.master_keys import fingerprint_key

__all__ = ["encrypt_store"]

log = structlog.get_logger(__name__)

#: How long (seconds) a supplier may say `delivered` without giving all keys.
PATIENCE = 3600.0

#: Purchases that may have keys which are not stored yet.
OPEN = frozenset({PurchaseState.WAITING, PurchaseState.PARTIAL})

#: Orders that this step may complete.
COMPLETE = frozenset({OrderState.WAITING, OrderState.READY})

#: … and those of which it only keeps what is there, since another line is not bought yet, or not to be had.
STORING = COMPLETE | {OrderState.PAID, OrderState.FAILED}


@step(queue="encrypt_store")
def encrypt_store(order_id: str) -> None:
    """Stores what keys there are; the order is fulfilled when every line has all of its own."""
    found = handed(Fulfilling) or find_fulfilling(order_id)
    if found is None or found.order.state not in STORING:
        return
    order, purchases = found.order, found.purchases
    wanting = [purchase for purchase in purchases if purchase.state in OPEN]
    if wanting:
        _need_store()
    later: list[Retryable | Blocked] = []
    fetched = [(purchase, keys) for purchase in wanting if (keys := _fetch(purchase, later)) is not None]
    data_key = _data_key(order, purchases, fetched) if fetched else b""
    if data_key is None:
        return
    fulfilled = False
    for purchase, keys in fetched:
        fulfilled = _store(order, purchase, keys, data_key, later) or fulfilled
    bell.ring()
    if fulfilled:
        hand_on(notify, order_id, found)
    elif order.state in COMPLETE:
        _complete(order)
    if later:
        raise later[0]


def _need_store() -> None:
    """No key is fetched that could not be put away now. Raises Closed or Blocked while the store is left alone."""
    gate = shop().turnstiles.get(shop().store.name)
    refusal = gate.refusal("PUT") if gate is not None else None
    if refusal is not None:
        raise refusal


def _complete(order: Order) -> None:
    if _is_fulfilled(order):
        hand_on(notify, str(order.id))
    else:
        _wait_for_more(order)


def _wait_for_more(order: Order) -> None:
    """Comes back; a supplier that says `delivered` and gives nothing for an hour is a person's business."""
    if order.state is OrderState.READY and (now() - order.moved_at).total_seconds() > PATIENCE:
        for purchase in purchases_of(order):
            if purchase.state in OPEN:
                report_refusal(purchase, Permanent("delivered, they say", code="keys_missing"))
    order.go_on(pause_for(order))


@contextmanager
def _others_go_on(purchase: Purchase, later: list[Retryable | Blocked]) -> Iterator[None]:
    """One line whose keys are not to be had does not hold the others up; a person hears of it, and it is tried on."""
    try:
        yield
    except (Retryable, Blocked) as error:
        later.append(error)
    except (Permanent, Ambiguous) as error:
        report_refusal(purchase, error)


def _fetch(purchase: Purchase, later: list[Retryable | Blocked]) -> Keys | None:
    """What there is by now; None where that is not to be known."""
    with _others_go_on(purchase, later):
        supplier = shop().suppliers.get(purchase.supplier)
        if supplier is None:
            raise Blocked(f"supplier {purchase.supplier} is not set up", code="supplier_off")
        return supplier.fetch_keys(purchase.supplier_ref or "", purchase.keys_expected)
    return None


def _data_key(order: Order, purchases: list[Purchase], fetched: list[tuple[Purchase, Keys]]) -> bytes | None:
    """The order's wrapped data key, made when first needed; None if the right to its keys was withdrawn meanwhile.

    A waiting order of which every key is there by now gets ready in the same commit.
    """
    whole = {purchase.id for purchase, keys in fetched if keys.complete}
    if order.state is OrderState.WAITING and all(
        purchase.id in whole or purchase.state is PurchaseState.STORED for purchase in purchases
    ):
        return order.get_ready(_new_data_key(order), actor="encrypt_store")
    if order.data_key is not None:
        return bytes(order.data_key)
    return order.use_data_key(_new_data_key(order))


def _new_data_key(order: Order) -> bytes:
    """One that is there is kept to."""
    if order.data_key is not None:
        return bytes(order.data_key)
    return shop().vault.new_data_key(order_context(order.id))


def _store(
    order: Order, purchase: Purchase, keys: Keys, data_key: bytes, later: list[Retryable | Blocked]
) -> bool:
    """Whether the order became fulfilled by what was stored here."""
    with _others_go_on(purchase, later):
        have = ids_of(purchase) if purchase.state is PurchaseState.PARTIAL else set()
        fresh = [key for key in keys.keys if key.key_id not in have]
        taking = fresh[: purchase.keys_expected - len(have)]
        stored = [_seal_and_put(order, purchase, data_key, key) for key in taking]
        kept = store_keys(order, purchase, stored, actor="encrypt_store")
        _report_strays(order, purchase, kept, surplus=len(fresh) - len(stored))
        return kept.fulfilled
    return False


def _seal_and_put(order: Order, purchase: Purchase, data_key: bytes, key: SupplierKey) -> StoredKey:
    """Puts one key under its own name, once, and reads it again as a reveal will.

    What lies there counts, not what was sent: another run of this step may have been here, and its object stays.
    """
    tools = shop()
    identity = key_id(purchase, key.key_id)
    context, label = order_context(order.id), key_label(purchase.line_id, identity)
    name = object_name(order.id, identity)
    sealed = tools.vault.seal(data_key, context, label, key.content)
    found = _put_and_read(name, sealed)
    content = key.content if found == sealed else tools.vault.open(data_key, context, label, found)
    if not hmac.compare_digest(content, key.content):
        raise Permanent("the store holds another key under this name", code="object_differs")
    return StoredKey(
        id=identity,
        supplier_key_id=key.key_id,
        media_type=key.media_type,
        object_name=name,
        object_digest=hashlib.sha256(found).hexdigest(),
        fingerprint=tools.vault.fingerprint(key.content, fingerprint_key(tools.vault)),
    )


def _put_and_read(name: str, sealed: bytes) -> bytes:
    """What lies under the name by now, byte by byte. Raises Retryable while the store does not show what it took.

    A store's word is not enough: one that acknowledged and lost, cut or mixed up an object would leave a fulfilled
    order with nothing to reveal, and what it says of itself (ETag, length) comes from the same mouth. So every object
    is read once before its key counts (RELIABILITY §4 F30); beside buying a key that is a small price. Nothing is
    overwritten or deleted here: the answer may be what is wrong, and another run may have recorded the object.
    """
    store = shop().store
    stored = store.put_once(name, sealed)
    try:
        found = store.get(name)
    except Permanent as error:
        if error.code != "object_missing":
            raise
        raise Retryable("store: it took an object and does not show it", code="object_missing") from None
    if stored and found != sealed:
        raise Retryable("store: an object reads otherwise than it was put", code="object_differs")
    return found


def _report_strays(order: Order, purchase: Purchase, kept: Kept, *, surplus: int) -> None:
    """A code that was given twice, here or to another order, or one too many is the supplier's error, and a case."""
    if kept.twin is not None or kept.taken:
        figures = {
            "other_order": str(kept.twin or ""),
            "taken": str(kept.taken),
            "supplier": purchase.supplier,
        }
        open_case(order.id, purchase.id, "duplicate_key", figures)
    if surplus > 0:
        figures = {"surplus": str(surplus), "supplier": purchase.supplier}
        open_case(order.id, purchase.id, "surplus_keys", figures)


def _is_fulfilled(order: Order) -> bool:
    """A run before or beside this one may have stored the last key, and have died before it moved the order."""
    purchases = purchases_of(order)
    if any(purchase.state is not PurchaseState.STORED for purchase in purchases):
        return False
    if order.state is OrderState.WAITING:
        order.advance(OrderState.READY, actor="encrypt_store")
    store_keys(order, purchases[0], [], actor="encrypt_store")
    return bool(Order.get_by_id(order.id).state is OrderState.FULFILLED)
