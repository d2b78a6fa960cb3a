"""What a check says, and how it is asked: within a time, and without a word of what a driver says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bitloot.errors import BitLootError, UnsafeSettings
from bitloot.settings import Settings
from db.server import OLD_SCHEMA
from web.patience import Patience, TooSlow

__all__ = [
    "LIMIT",
    "PATIENCE",
    "Check",
    "Finding",
    "Said",
    "State",
    "examined",
    "off",
    "warn",
    "well",
    "wrong",
]

#: Seconds that one server may take to answer, and that one check may take as a whole.
PATIENCE = 5
LIMIT = 10.0


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # works, and will not always
    PROBLEM = "problem"  # does not work
    OFF = "off"  # nobody was asked, which is well


@dataclass(frozen=True)
class Said:
    """`answer` is a sentence, or a line each; `todo` what an operator does about it."""

    state: State
    answer: str
    todo: str = ""


@dataclass(frozen=True)
class Finding(Said):
    part: str = ""
    ms: float = 0.0

    @property
    def ok(self) -> bool:
        return self.state is not State.PROBLEM


Check = Callable[[Settings], Said]


def well(answer: str) -> Said:
    return Said(State.OK, answer)


def warn(answer: str, todo: str = "") -> Said:
    return Said(State.WARNING, answer, todo)


def wrong(answer: str, todo: str = "") -> Said:
    return Said(State.PROBLEM, answer, todo)


def off(answer: str) -> Said:
    return Said(State.OFF, answer)


def examined(part: str, check: Check, settings: Settings, *, seconds: float | None = None) -> Finding:
    """Asks one part for `seconds` (LIMIT) at most; whatever goes wrong is a finding too."""
    began = time.perf_counter()
    patience = LIMIT if seconds is None else seconds
    try:
        said = Patience(at_once=1, seconds=patience).ask(lambda: check(settings))
    except TooSlow:
        said = wrong(
            f"No answer within {patience:g} s.", "See whether it is overloaded, or a firewall swallows."
        )
    except UnsafeSettings as refusal:
        said = wrong("\n".join(refusal.reasons))
    except BitLootError as error:
        said = wrong(f"{str(error).rstrip('.')}.")
    except OLD_SCHEMA:
        said = off("Not to be seen before `bitloot migrate`.")
    except Exception as error:  # drivers' texts may hold an address or a password
        said = wrong(f"Does not answer: {type(error).__name__}.")
    ms = round((time.perf_counter() - began) * 1000, 1)
    return Finding(said.state, said.answer, said.todo, part, ms)
