"""What the stories of the model came to: a model that never gets anywhere holds every invariant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from hypothesis.stateful import rule

from bitloot.states import OrderState, PurchaseState

__all__ = ["DEEDS", "Seen", "deed"]

#: The names of all rules.
DEEDS: set[str] = set()

#: Where some order and some purchase must have stood between two deeds: everywhere, in enough stories.
ORDERS = frozenset(OrderState)
PURCHASES = frozenset(PurchaseState) - {PurchaseState.PLACED}  # which nobody stays in of his own accord

#: … and in the few of `make test`.
FEW_ORDERS = frozenset({OrderState.PAID, OrderState.WAITING, OrderState.FULFILLED, OrderState.REVIEW})
FEW_PURCHASES = frozenset({PurchaseState.AMBIGUOUS, PurchaseState.WAITING, PurchaseState.STORED})


@dataclass
class Seen:
    """Counts over all stories of one world."""

    deeds: Counter[str] = field(default_factory=Counter)  # rule -> how often
    orders: Counter[str] = field(
        default_factory=Counter
    )  # state -> how often an order stood there after a deed
    purchases: Counter[str] = field(default_factory=Counter)
    cases: Counter[str] = field(default_factory=Counter)  # kind -> how often a person answered one
    answers: Counter[str] = field(default_factory=Counter)  # what operators said
    reveals: int = 0  # keys that buyers read

    def add(self, other: Seen) -> None:
        """What another world came to."""
        for name in ("deeds", "orders", "purchases", "cases", "answers"):
            getattr(self, name).update(getattr(other, name))
        self.reveals += other.reveals

    def missing(self, *, few: bool = False) -> list[str]:
        """What should have happened and did not."""
        orders, purchases = (FEW_ORDERS, FEW_PURCHASES) if few else (ORDERS, PURCHASES)
        return [
            *(f"no {name} was ever done" for name in sorted(DEEDS - set(self.deeds))),
            *(f"no order was ever {state}" for state in sorted(orders - set(self.orders))),
            *(f"no purchase was ever {state}" for state in sorted(purchases - set(self.purchases))),
            *(["no operator ever answered"] if not self.answers else []),
            *(["no buyer ever read a key"] if not self.reveals else []),
        ]

    def figures(self) -> Mapping[str, str]:
        """For the table below the rows."""
        counted = {
            "deeds": self.deeds,
            "orders": self.orders,
            "purchases": self.purchases,
            "cases": self.cases,
            "answers": self.answers,
        }
        return {
            name: ", ".join(f"{count} {what}" for what, count in counter.most_common())
            for name, counter in counted.items()
        } | {"keys read": str(self.reveals)}


def deed(
    when: Callable[[Any], bool] | None = None, *, quiet: bool = False, **drawn: Any
) -> Callable[[Callable[..., None]], Any]:
    """A rule of the model that is counted. `when`: what must be there, else nothing is done. `quiet`: no row changes.

    No precondition of Hypothesis: what lies in the queue hangs a little on the real clock, and then a story could not
    be told again from its seed.
    """

    def declare(function: Callable[..., None]) -> Any:
        DEEDS.add(function.__name__)

        @wraps(function)
        def counted(machine: Any, **arguments: Any) -> None:
            done = when is None or when(machine)
            machine.unchanged = quiet or not done
            if done:
                machine.world.seen.deeds[function.__name__] += 1
                function(machine, **arguments)

        declared: Callable[..., Any] = rule(**drawn)
        return declared(counted)

    return declare
