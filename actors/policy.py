"""How each step is tried again: one list, which `bitloot actors` shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bitloot.errors import BitLootError, Retryable
from bitloot.states import OrderState

__all__ = ["KEY_MEMORY", "POLICIES", "Policy"]

#: Resend forgets a letter's idempotency key after 24 hours (PROVIDERS.md §4), and those who remember ours elsewhere do
#: so for about as long (RELIABILITY.md §0 #7): a message that is older than this (seconds) must not run any more.
KEY_MEMORY = 20 * 3600.0

PAID, WAITING, READY, FULFILLED = (
    OrderState.PAID,
    OrderState.WAITING,
    OrderState.READY,
    OrderState.FULFILLED,
)


@dataclass(frozen=True)
class Policy:
    """What becomes of a step that failed. Times are seconds.

    The wait before repeat n (from 0) is `first` × 2ⁿ, stretched by chance to up to twice as long; where that passes
    `largest` it is drawn between half of `largest` and the whole. This is dramatiq's own jitter (2.2,
    `compute_backoff`): waits never fall below `first`, and spread even when all of them are at the largest. A wait
    that the provider names (Retry-After) or our own gate knows is kept to instead; one that is longer than `largest`
    is not waited for by a message but by the order's row (`actors.step`).
    """

    attempts: int = 5  # repeats after the first run
    first: float = 2.0
    largest: float = 32.0
    retried: tuple[type[BitLootError], ...] = (Retryable,)  # and whatever nobody foresaw
    max_age: float | None = None  # of a message; an older one is dropped, since its row brings it back
    states: frozenset[OrderState] = (
        frozenset()
    )  # orders on which the step has work to do; empty: its subject is another
    swept: bool = True  # sweep finds the row again, whatever became of the message

    def retries(self, error: BaseException) -> bool:
        """Whether running the step again may help. What is no error of ours is unforeseen: it may."""
        return isinstance(error, self.retried) or not isinstance(error, BitLootError)

    def options(self) -> dict[str, Any]:
        """As dramatiq's actor options (milliseconds)."""
        aged = {} if self.max_age is None else {"max_age": int(self.max_age * 1000)}
        return {
            "max_retries": self.attempts,
            "min_backoff": int(self.first * 1000),
            "max_backoff": int(self.largest * 1000),
            **aged,
        }


#: Every step by its actor's name; one that is not here cannot be declared.
POLICIES: Mapping[str, Policy] = {
    "reserve": Policy(states=frozenset({PAID}), max_age=KEY_MEMORY),
    "finalize": Policy(states=frozenset({WAITING, READY})),
    "encrypt_store": Policy(states=frozenset({WAITING, READY})),
    "notify": Policy(states=frozenset({FULFILLED}), max_age=KEY_MEMORY),
    "write_letter": Policy(max_age=KEY_MEMORY),
    "mail_sign_in": Policy(attempts=0, max_age=600, swept=False),  # whoever waits in vain asks again
    "clear": Policy(attempts=0, max_age=30),  # what is left comes again by its row
    "alert": Policy(attempts=3),  # its row brings it back
    "check_payment": Policy(),
    "check_purchase": Policy(),
    "replay": Policy(swept=False),  # an operator waits for it: what fails is tried again at once
    # the clock has sent others since; not less, or a host whose clock is a minute fast would drop every one of them
    "sweep": Policy(attempts=0, max_age=600),
}
