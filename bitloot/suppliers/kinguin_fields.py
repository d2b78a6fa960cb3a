"""Kinguin's JSON in our words (PROVIDERS.md §1.2, §1.4, §1.5). Each raises Malformed for what makes no sense."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from bitloot.amounts import read_amount
from bitloot.answer import Answer
from bitloot.errors import Ambiguous, Malformed, Permanent
from bitloot.moments import read_moment
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Listed, Placed, Quote, Standing, SupplierKey

__all__ = [
    "CURRENCY",
    "STATUSES",
    "balance_of",
    "keys_on_page",
    "listed",
    "placed",
    "quoted",
    "read_ref",
    "results",
    "standing",
    "understood",
]

Read = TypeVar("Read")

#: The only currency there is at Kinguin (PROVIDERS.md §1.1).
CURRENCY = "eur"

STATUSES: Mapping[str, SupplierStatus] = {
    "processing": SupplierStatus.PENDING,
    "completed": SupplierStatus.DELIVERED,
    "canceled": SupplierStatus.CANCELED,
    "cancelled": SupplierStatus.CANCELED,
    "refunded": SupplierStatus.REFUNDED,
}

_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif"})

_REF = re.compile(r"[A-Za-z0-9_-]{1,128}")


def understood(answer: Answer, read: Callable[[Any], Read]) -> Read:
    """What `read` makes of the answer. One that makes no sense leaves a purchase in doubt, a read to be repeated."""
    try:
        return read(answer.json())
    except Malformed as error:
        code = error.code
    raise answer.unreadable(code)


def quoted(content: Any) -> Quote:
    """A product. Text keys count where their number is told; prices are EUR."""
    fields = _object(content)
    stock = fields.get("textQty")
    return Quote(
        unit_price=read_amount(fields.get("price")),
        currency=CURRENCY,
        available=_count(fields.get("qty") if stock is None else stock),
        preorder=fields.get("isPreorder") is True,
    )


def balance_of(content: Any) -> Decimal:
    """EUR that are left there."""
    return read_amount(_object(content).get("balance"))


def placed(content: Any, purchase_ref: str) -> Placed:
    """An order of ours. A status that nobody knows does not undo that it is placed: it counts as pending here."""
    fields = _object(content)
    if fields.get("orderExternalId") not in (None, purchase_ref):
        raise Malformed("kinguin: the answer is about another order", code="other_order")
    expected = fields.get("totalQty")
    return Placed(
        supplier_ref=_ref(fields, "orderId"),
        status=STATUSES.get(_word(fields.get("status")), SupplierStatus.PENDING),
        keys_expected=None if expected is None else _count(expected),
        created_at=read_moment(fields.get("createdAt")),
    )


def results(content: Any) -> list[Mapping[str, Any]]:
    """The orders on one page of a search."""
    orders = _object(content).get("results")
    if not isinstance(orders, list):
        raise Malformed("kinguin: the search gave no list", code="no_results")
    return [_object(order) for order in orders]


def listed(content: Any) -> Listed:
    """An order as the search lists it. What it cost is what was taken from the balance, where that is told (§1.4)."""
    fields = _object(content)
    created_at = read_moment(fields.get("createdAt"))
    if created_at is None:
        raise Malformed("kinguin: an order does not say when it was made", code="no_time")
    paid = fields.get("paymentPrice") if fields.get("paymentPrice") is not None else fields.get("totalPrice")
    quantity = fields.get("totalQty")
    products = [_object(product).get("productId") for product in fields.get("products") or ()]
    return Listed(
        supplier_ref=_ref(fields, "orderId"),
        purchase_ref=_ours(fields),
        status=STATUSES.get(_word(fields.get("status"))),
        created_at=created_at,
        total=None if paid is None else read_amount(paid),
        currency=CURRENCY,
        quantity=None if quantity is None else _count(quantity),
        product_refs=tuple(ref for ref in products if isinstance(ref, str)),
    )


def standing(content: Any) -> Standing:
    """Where an order stands. Raises Ambiguous for a status that we do not know."""
    fields = _object(content)
    status = STATUSES.get(_word(fields.get("status")))
    if status is None:
        raise Ambiguous("kinguin: the order has a status that we do not know", code="unknown_status")
    expected = None if fields.get("totalQty") is None else _count(fields["totalQty"])
    ready = sum(1 for key in _listed_keys(fields) if _word(key.get("status")) == "delivered")
    if status is SupplierStatus.DELIVERED and not ready:
        ready = expected or 0  # keys are listed since October 2024 only (§1.4)
    if status is SupplierStatus.PENDING and ready:
        status = SupplierStatus.PARTLY_DELIVERED
    return Standing(
        supplier_ref=_ref(fields, "orderId"),
        status=status,
        keys_ready=ready,
        keys_expected=expected,
        updated_at=read_moment(fields.get("updatedAt")),
        purchase_ref=_ours(fields),
    )


def keys_on_page(content: Any) -> Sequence[SupplierKey]:
    """One page of keys: a bare list (§1.5)."""
    if not isinstance(content, list):
        raise Malformed("kinguin: the keys are no list", code="no_keys")
    return [_key(_object(item)) for item in content]


def read_ref(value: Any) -> str | None:
    """A reference that may stand in an address; None for anything else."""
    return value if isinstance(value, str) and _REF.fullmatch(value) else None


def _key(fields: Mapping[str, Any]) -> SupplierKey:
    serial = fields.get("serial")
    if not isinstance(serial, str) or not serial:
        raise Malformed("kinguin: a key is empty", code="empty_key")
    media_type = str(fields.get("type") or "text/plain").partition(";")[0].strip().lower()
    if media_type in _PICTURES:
        return SupplierKey(_ref(fields, "id"), media_type, _picture(serial))
    if media_type == "text/plain":
        return SupplierKey(_ref(fields, "id"), media_type, serial.encode("utf-8"))
    raise Permanent("kinguin: a key has a kind that we do not know", code="unknown_key_type")


def _picture(serial: str) -> bytes:
    """A picture from base64, line breaks allowed."""
    try:
        return base64.b64decode("".join(serial.split()), validate=True)
    except (binascii.Error, ValueError):
        pass  # raised below, so that the key does not ride along as context
    raise Malformed("kinguin: a picture is not base64", code="broken_picture")


def _listed_keys(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for product in fields.get("products") or ():
        for key in _object(product).get("keys") or ():
            yield _object(key)


def _object(content: Any) -> Mapping[str, Any]:
    if isinstance(content, dict):
        return content
    raise Malformed("kinguin: not a JSON object", code="not_an_object")


def _ref(fields: Mapping[str, Any], name: str) -> str:
    ref = read_ref(fields.get(name))
    if ref is None:
        raise Malformed(f"kinguin: there is no usable {name}", code="no_reference")
    return ref


def _ours(fields: Mapping[str, Any]) -> str | None:
    """Our reference as Kinguin has it."""
    ours = fields.get("orderExternalId")
    return ours if isinstance(ours, str) and ours else None


def _count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise Malformed("kinguin: a number of keys cannot be read", code="bad_count")


def _word(value: Any) -> str:
    return value.strip().lower() if isinstance(value, str) else ""
