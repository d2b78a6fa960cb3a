"""Why something could not be done, in words: one sentence for each code that people meet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

__all__ = ["SOLD_OUT", "is_sold_out", "reason"]

#: Codes by which suppliers say that they have none of a product left, or not so many (PROVIDERS.md §1.8, §7.2).
SOLD_OUT = frozenset({"product_unavailable", "out_of_stock"})

_SENTENCES: Mapping[str, str] = {
    **dict.fromkeys(SOLD_OUT, "Sold out: the supplier has none left, or not so many."),
    "constraint_violation": "The supplier does not take the order as it is.",
    "currency": "The price is in a currency that the supplier does not sell in.",
    "preorder": "The game is not out yet: the supplier takes preorders only.",
    "order_not_supported": "The supplier does not sell this product this way.",
    "reservation_over": "The supplier ended the reservation before it was paid.",
    "insufficient_balance": "Our account at the supplier has not enough money.",
    "unauthorized": "Our key or secret was refused.",
    "forbidden": "Our account may not do this.",
    "token_refused": "The credentials for the supplier were refused.",
    "not_found": "What was asked for is not there.",
    "order_not_found": "The supplier has no such order.",
    "unreadable": "The answer could not be understood.",
    "rate_limited": "We asked too often.",
    "unknown_status": "The answer has a word that we do not know.",
    "unsupported": "The supplier cannot be asked this.",
    "not_bought": "A person found that it was not bought.",
    "payment finished": "The money came whole.",
}

_HTTP = re.compile(r"http_([1-5][0-9]{2})")


def is_sold_out(code: str | None) -> bool:
    return code in SOLD_OUT


def reason(code: str) -> str:
    """A sentence for a code of ours; a code without one, and what is no code, comes back as words."""
    if (known := _SENTENCES.get(code)) is not None:
        return known
    if (status := _HTTP.fullmatch(code)) is not None:
        return f"It was refused with HTTP {status[1]}{_phrase(int(status[1]))}."
    return code.replace("_", " ") if re.fullmatch(r"[a-z0-9_]+", code) else code


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""
