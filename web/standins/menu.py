"""The faults by name, for people and storms: each a rule with everything filled in but what they change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from web.standins.dishes import Dish
from web.standins.menu_calls import CALLS
from web.standins.menu_goods import KEYS, PURCHASES
from web.standins.menu_notices import IPNS, MAILS, NOTICES

__all__ = ["MENU", "Dish", "read_order", "spelled_out"]

#: All, by name.
MENU: Mapping[str, Dish] = {made.name: made for made in (*CALLS, *PURCHASES, *KEYS, *NOTICES, *IPNS, *MAILS)}


def spelled_out(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A rule by its name, with what `asked` changes; other rules as they are.

    What bites by chance or for a while bites without a count, unless it is given one. Raises ValueError.
    """
    if not isinstance(asked, Mapping):
        raise ValueError("a fault is an object")
    rule = dict(asked)
    if name := rule.get("name"):
        if name not in MENU:
            raise ValueError(f"there is no fault named {name}; `bitloot standins --faults` lists them")
        rule = {**MENU[name].rule, **rule}
    if rule.get("share") is not None or rule.get("lasts"):
        rule.setdefault("count", None)
    return rule


def read_order(text: str) -> dict[str, Any]:
    """`NAME[:key=value,…]` as a rule; numbers, true, false and null as in JSON. Raises ValueError."""
    name, _, rest = text.partition(":")
    rule: dict[str, Any] = {"name": name}
    for part in filter(None, rest.split(",")):
        key, given, value = part.partition("=")
        if not given:
            raise ValueError(f"{part!r} is not key=value")
        rule[key] = value if key in {"match", "point", "to", "variant"} else _value(value)
    return rule


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
