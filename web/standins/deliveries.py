"""How the keys of one order come: all at once, unless the plan has it otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from web.standins.faults import Fault, Faults
from web.standins.keys import SoldKey, as_picture, made_equal

__all__ = ["Delivery", "Lender"]

_HOW = frozenset(
    {"order_ends", "keys_one_by_one", "last_key_late", "last_key_never", "same_key", "image_key"}
)


@dataclass
class Delivery:
    """Batches of keys with the seconds to wait before each; `ends` is a status that comes instead, or after them."""

    batches: list[tuple[float, list[SoldKey]]]
    ends: str = ""
    instead: bool = False


@dataclass
class Lender:
    """Plans deliveries of one supplier; remembers the newest key, which the plan may have handed out twice."""

    faults: Faults
    point: str
    _newest: tuple[str, SoldKey] | None = field(default=None, repr=False)

    def plan(self, order: str, text: str, keys: Sequence[SoldKey]) -> Delivery:
        """For the order of that id. Changes the keys that are to be pictures or another order's."""
        rules = {
            rule.kind: rule
            for rule in self.faults.take(self.point, _HOW, text, when=self._would(order, keys))
        }
        if "same_key" in rules and self._newest is not None:
            made_equal(keys[0], self._newest[1])
        elif keys:
            self._newest = (order, keys[0])
        if "image_key" in rules:
            for key in keys:
                as_picture(key)
        ending = rules.get("order_ends")
        return Delivery(
            _batches(rules, list(keys)), ending.to if ending else "", bool(ending and not ending.after)
        )

    def _would(self, order: str, keys: Sequence[SoldKey]) -> Callable[[Fault], bool]:
        def would(rule: Fault) -> bool:
            match rule.kind:
                case "same_key":
                    return self._newest is not None and self._newest[0] != order
                case "keys_one_by_one":
                    return len(keys) > 1
            return True

        return would


def _batches(rules: dict[str, Fault], keys: list[SoldKey]) -> list[tuple[float, list[SoldKey]]]:
    if rule := rules.get("keys_one_by_one"):
        return [(0 if place == 0 else rule.seconds, [key]) for place, key in enumerate(keys)]
    if rule := rules.get("last_key_late"):
        return [(0, keys[:-1]), (rule.seconds, keys[-1:])] if keys[:-1] else [(rule.seconds, keys)]
    if "last_key_never" in rules:
        return [(0, keys[:-1])]
    return [(0, keys)]
