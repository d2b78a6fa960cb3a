"""gunicorn's own lines, in the format of all others."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

__all__ = ["GunicornLog"]


class GunicornLog(Logger):  # type: ignore[misc]
    """Adds no handler: what gunicorn says goes where bitloot.logs sends everything. The access lines are ours."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.loglevel = self.LOG_LEVELS[cfg.loglevel.lower()]
        self.error_log.setLevel(self.loglevel)
        self.error_log.propagate = True
        self.access_log.propagate = True
