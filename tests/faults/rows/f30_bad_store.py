"""F30: the object store loses, delays, refuses, hides, cuts and mixes up what it took, and says that all is well."""

from __future__ import annotations

import hashlib

import requests
from botocore.exceptions import ClientError

from tests.faults.bad_store import KINDS, BadStore
from tests.faults.patience import until, while_it_grows
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import BRISK, buy, case_kinds
from tests.faults.trial import Trial
from tests.flows.house import Sale

__all__ = ["bad_store"]

KINGUIN, RESERVATIONS = "orbit-drifters", "tin-parade"

FULFILLED = (
    "SELECT k.order_id::text, k.object_name, k.object_digest FROM keys k JOIN orders o ON o.id = k.order_id"
    " WHERE o.state = 'fulfilled'"
)


@row("F30", "store: lost, slow, refused, hidden, cut, mixed up", short=12, full=300)
def bad_store(trial: Trial) -> None:
    """No order is fulfilled without objects that can be read and are its own; what stays broken a person removes."""
    store = BadStore(trial.chance, share=0.5 if trial.full else 1.0)
    baskets = [[(RESERVATIONS, 2)] if number % 2 else [(KINGUIN, 1)] for number in range(trial.orders)]
    with trial.shop(s3=True, around_s3=store.around, **BRISK) as shop:
        sales = buy(shop, baskets)
        seen: set[str] = set()

        def settled() -> int:
            _read_each(trial, shop, seen)
            held = {name.split("/")[1] for name in store.broken | store.hidden}
            return len(_fulfilled(shop) | held & {sale.order_id for sale in sales})

        def settle(what: str) -> None:
            while_it_grows(settled, len(sales), seconds=30)
            if (found := settled()) < len(sales):
                trial.violation(
                    f"I10 {len(sales) - found} of {what} are not fulfilled, and 30 s brought no more"
                )

        settle("the orders whose objects are all right")
        _count(trial, store)
        until(lambda: not _unasked(shop, store), seconds=60, what="a case about each broken object")
        _remove(shop, store)
        settle("the others, of which a person removed what was broken,")
        for sale in sales:
            shop.revealed[sale.order_id] = shop.reveal(sale)
        _lost_after_all(trial, shop, sales[0], b"")
        _lost_after_all(trial, shop, sales[1], b"other bytes")
        until(lambda: _letters(shop) == len(sales), seconds=60, what="the letters")
        for kind, number in case_kinds(shop).items():
            trial.note(f"cases {kind}", number)


def _fulfilled(shop: FaultShop) -> set[str]:
    return {order for (order,) in shop.rows("SELECT id::text FROM orders WHERE state = 'fulfilled'")}


def _read_each(trial: Trial, shop: FaultShop, seen: set[str]) -> None:
    """Each object of a fulfilled order, read from outside as soon as its order is fulfilled."""
    for order, name, digest in shop.rows(FULFILLED):
        if name in seen:
            continue
        seen.add(name)
        if hashlib.sha256(_object(shop, name) or b"").hexdigest() != digest:
            trial.violation(f"I4 order {order} is fulfilled, and {name} cannot be read")


def _object(shop: FaultShop, name: str) -> bytes | None:
    try:
        return bytes(shop.bucket.Object(name).get()["Body"].read())
    except ClientError:
        return None


def _count(trial: Trial, store: BadStore) -> None:
    trial.bit(store.bites.total())
    for kind in KINDS:
        trial.note(f"bites of {kind}", store.bites[kind])
        if not store.bites[kind]:
            trial.violation(f"{kind} never bit")


def _unasked(shop: FaultShop, store: BadStore) -> list[str]:
    """Broken objects about which no person was asked yet."""
    found = shop.rows("SELECT order_id::text FROM cases WHERE kind = 'keys_not_to_be_had'")
    asked = {order for (order,) in found}
    return [name for name in store.broken if name.split("/")[1] not in asked]


def _remove(shop: FaultShop, store: BadStore) -> None:
    """What an operator does about broken objects; their orders go on by themselves."""
    for name in store.broken:
        shop.bucket.Object(name).delete()
    store.broken.clear()
    store.calm()


def _lost_after_all(trial: Trial, shop: FaultShop, sale: Sale, instead: bytes) -> None:
    """Long after it was stored an object is gone, or another: its buyer hears a clear word, a person has a case."""
    name = shop.rows("SELECT min(object_name) FROM keys WHERE order_id = %s", sale.order_id)[0][0]
    kept = _object(shop, name)
    item = shop.bucket.Object(name)
    item.delete()
    if instead:
        item.put(Body=instead)
    url, bearer = f"{shop.web}/fulfillment/{sale.order_id}/reveal", f"Bearer {sale.token}"
    answer = requests.post(url, headers={"Authorization": bearer}, timeout=10)
    trial.bit()
    if (answer.status_code, answer.json().get("code")) != (503, "key_unreadable"):
        trial.violation(f"of a lost key its buyer hears {answer.status_code} {answer.text[:200]}")
    sql = "SELECT count(*) FROM cases WHERE order_id = %s AND kind = 'key_unreadable' AND state = 'open'"
    if shop.rows(sql, sale.order_id) != [(1,)]:
        trial.violation(f"order {sale.order_id} lost a key, and no person is asked")
    item.put(Body=kept)
    if shop.reveal(sale) != shop.revealed[sale.order_id]:
        trial.violation(f"order {sale.order_id}: with its object back, other keys are shown")


def _letters(shop: FaultShop) -> int:
    return int(shop.rows("SELECT count(*) FROM letters WHERE kind = 'keys_ready' AND state = 'sent'")[0][0])
