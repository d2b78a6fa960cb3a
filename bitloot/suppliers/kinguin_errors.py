"""What each refusal of Kinguin means for a purchase (PROVIDERS.md §1.8, §7.4)."""

from __future__ import annotations

import re

from bitloot import strict_json
from bitloot.answer import Answer
from bitloot.errors import Ambiguous, BitLootError, Blocked, Duplicate, Malformed, Permanent, Retryable

__all__ = ["classify"]

_OUR_REFERENCE = re.compile(r"order[ _]?external[ _]?id", re.IGNORECASE)

#: Nothing was ordered, and nothing will be like this.
_RULED_OUT = frozenset({"ConstraintViolation", "Preorder", "OrderNotSupported", "NoKeysToReturn", "Http"})

#: The same, for this price or offer.
_OUT_OF_STOCK = frozenset({"ProductUnavailable"})

#: Says something about the moment; after a read, which changes nothing, just ask again.
_PASSING = frozenset({"OrderFailed", "ResourceLock", "Error", "HttpClient"})

#: Our account there: the order is not at fault.
_ACCOUNT = frozenset({"Authorization", "InsufficientBalance"})


def classify(answer: Answer) -> BitLootError | None:
    """The error that an answer of 400 or more stands for; None leaves it to its status.

    After a POST, whatever is not on a list here may have bought: only a clear refusal says that it did not.
    """
    if answer.status in (401, 403, 429) or answer.status >= 500:
        return None  # often HTML from the edge; by status: Blocked, Retryable, and doubt
    kind = answer.word("kind") or ""
    code = _snake(kind) or f"http_{answer.status}"
    text = f"kinguin: {answer.method} was refused ({code})"
    if kind in _ACCOUNT:
        return Blocked(text, code=code)
    if answer.method == "POST" and kind not in _OUT_OF_STOCK and _is_about_our_reference(answer):
        return Duplicate("kinguin: the order's reference is known there", code="duplicate")
    if kind in _RULED_OUT or kind in _OUT_OF_STOCK:
        return Permanent(text, code=code)
    if kind == "OrderNotFound":
        return Permanent(text, code="order_not_found")
    if answer.method == "POST":
        return Ambiguous(text, code=code)
    return None if answer.status == 404 or kind not in _PASSING else Retryable(text, code=code)


def _is_about_our_reference(answer: Answer) -> bool:
    """By the field or the wording, since neither status nor kind is promised (PROVIDERS.md §1.9)."""
    try:
        fields = strict_json.loads(answer.body)
    except Malformed:
        return False
    told = (
        [fields.get(name) for name in ("propertyPath", "detail", "title")] if isinstance(fields, dict) else []
    )
    return any(isinstance(text, str) and _OUR_REFERENCE.search(text) for text in told)


def _snake(kind: str) -> str:
    """`ProductUnavailable` as `product_unavailable`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()
