"""What all stand-ins of one process share: configuration, ledger, faults, timer, courier."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Any

from web.standins.config import KNOBS, StandinsConfig
from web.standins.faults import Faults
from web.standins.later import Later
from web.standins.ledger import Ledger
from web.standins.webhooks import Courier

__all__ = ["Floor"]


class Floor:
    """The common ground on which the stand-ins stand."""

    def __init__(self, config: StandinsConfig) -> None:
        self.config = config
        self.ledger = Ledger(config.ledger_dir)
        self.faults = Faults(partial(self.ledger.write, "faults"))
        self.later = Later()
        self.courier = Courier(lambda: self.config, self.ledger, self.faults, self.later)
        self._lock = threading.Lock()

    def address(self, path: str) -> str:
        """Where the shop takes notices; empty if nobody said where the shop is."""
        return self.config.shop_url.rstrip("/") + path if self.config.shop_url else ""

    def configure(self, **knobs: Any) -> None:
        """Changes knobs while running; raises ValueError for what is not one, or not of its kind."""
        for name, value in knobs.items():
            present = getattr(self.config, name, None)
            number = isinstance(present, float) and type(value) in (int, float)
            if name not in KNOBS or not (number or type(value) is type(present)):
                raise ValueError(f"{name} is no knob, or does not take this")
            # Whole seconds, once turned to, must not end those with a fraction.
            knobs[name] = float(value) if number else value
        with self._lock:
            self.config = replace(self.config, **knobs)

    def close(self) -> None:
        self.later.close()
        self.courier.close()
        self.ledger.close()
