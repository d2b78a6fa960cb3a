"""How figures are told to people: which is called what, in which order, amounts with their coin, codes as words.

Cases, the journal and the records of looks keep figures by short names; the console, `bitloot case show` and
`bitloot prove order` all show them by these.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from bitloot.amounts import plain
from bitloot.reasons import reason

__all__ = ["Told", "sentence", "tell"]

#: Decimals that a price is told with at least; coins are told digit for digit.
CENTS = Decimal("0.01")


@dataclass(frozen=True)
class Told:
    """`text` is for reading; a time in it is ISO 8601 with its zone."""

    label: str
    text: str


def tell(figures: Mapping[str, Any]) -> list[Told]:
    """Figures as people read them, the money first; nested ones as if they stood beside. What says nothing, or says
    again what stands beside it, is left out."""
    flat = {name: value for name, value in _flat(figures) if name not in _IDS}
    if flat.get("note") == f"attempt {flat.get('attempt')}":
        del flat["attempt"]
    money = list(_money(flat))
    rest = {name: value for name, value in flat.items() if name not in _OF_MONEY}
    ranks = {name: rank for rank, name in enumerate(_LABELS)}
    for name in sorted(rest, key=lambda one: ranks.get(one, len(ranks))):
        label, words = _LABELS.get(name, (_words(name).capitalize(), str))
        if name != "reason" or rest[name] != rest.get("error"):
            money.append(Told(label, words(rest[name])))
    return money


def sentence(figures: Mapping[str, Any]) -> str:
    """The same on one line: `price 9.90 EUR, expected 0.0002 BTC, …`."""
    return ", ".join(
        f"{_small(one.label)} {_small(one.text[:-1]) if one.text.endswith('.') else one.text}"
        for one in tell(figures)
    )


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _sum(amount: str, currency: str | None) -> str:
    """`9.9`, `eur` as 9.90 EUR; `0.00020`, `btc` as 0.00020 BTC. A text that is no amount stays as it is."""
    code = (currency or "").upper()
    try:
        number = Decimal(amount)
    except InvalidOperation:
        return f"{amount} {code}".strip()
    return f"{plain(number)} {code}".strip() if number.is_finite() else amount


def _price(amount: str, currency: str | None) -> str:
    try:
        number = Decimal(amount)
        whole = number.quantize(CENTS)
    except InvalidOperation:
        return _sum(amount, currency)
    return _sum(str(whole if whole == number else number), currency)


def _money(flat: Mapping[str, str]) -> Iterator[Told]:
    """What was to come and what came (bitloot.money); the gateway's price only where it is another."""
    get = flat.get
    if asked := get("expected_price") or get("price"):
        ours = _price(asked, get("expected_currency") or get("currency"))
        yield Told("Price", ours)
        theirs = _price(get("price", asked), get("currency") or get("expected_currency"))
        if theirs != ours:
            yield Told("Price at the gateway", theirs)
    for label, amount, coin in _SUMS:
        if told := get(amount):
            yield Told(label, _sum(told, get(coin)))
    difference = get("difference", "0")
    if difference.strip("-0."):
        label = "Missing" if difference.startswith("-") else "Too much"
        yield Told(label, _sum(difference.lstrip("-"), get("expected_coin") or get("received_coin")))


_SUMS = (
    ("Expected", "expected_amount", "expected_coin"),
    ("Expected", "pay_amount", "pay_currency"),
    ("Accepted", "accepted_amount", "accepted_coin"),
    ("Received", "received_amount", "received_coin"),
    ("Amount", "amount", "coin"),
)

_OF_MONEY = frozenset(
    {"price", "currency", "expected_price", "expected_currency", "difference"}
    | {name for _, amount, coin in _SUMS for name in (amount, coin)}
)


def _flat(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        elif value not in (None, "", 0, False, []) and (name, value) != ("taken", "0"):
            yield name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _words(code: str) -> str:
    return code.replace("_", " ")


def _seconds(text: str) -> str:
    try:
        seconds = float(text)
    except ValueError:
        return text
    return f"{seconds / 60:g} min" if seconds >= 120 else f"{seconds:g} s"


_NAMES = {
    "pay_amount": "amount to pay",
    "actually_paid": "amount paid",
    "order_id": "order",
    "pay_currency": "coin",
}


def _missing(text: str) -> str:
    return ", ".join(_NAMES.get(name, _words(name)) for name in text.split(","))


#: Ids of ours that only machines need: what they name stands beside.
_IDS = frozenset({"subject"})

#: In the order in which they are told.
_LABELS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "error": ("Why", reason),
    "refused": ("Refused", reason),
    "doubt": ("Why", reason),
    "of": ("Because", _words),
    "outcome": ("Outcome", _words),
    "verdict": ("Proof", _words),
    "gateway_state": ("Gateway says", _words),
    "missing": ("Not told", _missing),
    "payment_id": ("Payment", str),
    "parent_payment_id": ("Follows payment", str),
    "expected_order": ("Our order", str),
    "order": ("Names order", str),
    "received_at": ("Paid to", str),
    "transaction": ("Transaction", str),
    "product": ("Product there", str),
    "supplier": ("Supplier", str),
    "status": ("Supplier says", _words),
    "supplier_status": ("Supplier says", _words),
    "purchase_state": ("Purchase is", _words),
    "order_state": ("Order is", _words),
    "keys_stored": ("Keys stored", str),
    "surplus": ("Keys too many", str),
    "taken": ("Codes that another order has", str),
    "other_order": ("Other order", str),
    "found": ("Found there", str),
    "looks": ("Looks", str),
    "repeats": ("Repeats", str),
    "replays": ("Replays", str),
    "note": ("Note", reason),
    "kind": ("Letter", _words),
    "mailer": ("Mailed by", str),
    "recipient": ("To", str),
    "state": ("State", _words),
    "since": ("Since", str),
    "hold": ("On hold", str),
    "deadline_seconds": ("Should take", _seconds),
    "reason": ("Reason", reason),
    "actor": ("By", str),
    "by": ("By", str),
    "confirmed_at": ("Confirmed", str),
    "supplier_ref": ("Supplier’s reference", str),
    "purchase_ref": ("Our reference", str),
    "refs": ("References", str),
}
