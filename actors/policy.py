"""How often a step is tried again, and how long it waits between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["POLICIES", "Policy"]


@dataclass(frozen=True)
class Policy:
    """Five repeats after 2, 4, 8, 16, 32 s, each stretched by chance up to twice, unless a step says otherwise."""

    attempts: int = 5  # repeats after the first run
    first: float = 2.0  # seconds
    largest: float = 32.0  # seconds

    def options(self) -> dict[str, Any]:
        """As dramatiq's actor options (milliseconds)."""
        return {
            "max_retries": self.attempts,
            "min_backoff": int(self.first * 1000),
            "max_backoff": int(self.largest * 1000),
        }


#: actor name -> (queue, policy), filled by `actors.step`; `bitloot actors` shows it.
POLICIES: dict[str, tuple[str, Policy]] = {}
