"""The timer process: sends sweep. `python -m actors.clock`; several may run side by side."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime
from types import FrameType

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler

from actors.sweep import sweep
from bitloot.errors import UnsafeSettings
from bitloot.logs import configure_logs
from bitloot.settings import Settings, load_settings
from db import migrate

__all__ = ["main"]

log = structlog.get_logger(__name__)


def main() -> int:
    """Runs until SIGTERM; 0, or 78 where the settings are unsafe."""
    try:
        settings = load_settings()
        configure_logs(settings, "clock")
        migrate.check(settings.database_url.get_secret_value())
    except UnsafeSettings as refusal:
        for reason in refusal.reasons:
            sys.stderr.write(f"{reason}\n")
        return 78
    scheduler = build_scheduler(settings)

    def stop(signum: int, frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("clock started", action="started", sweep_seconds=settings.sweep_seconds)
    scheduler.start()
    return 0


def build_scheduler(settings: Settings) -> BlockingScheduler:
    """Every job that the clock sends. A beat that comes late is sent once, not several times."""
    scheduler = BlockingScheduler(timezone=UTC)
    first = datetime.now(UTC)
    beat = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None, "next_run_time": first}
    scheduler.add_job(_send_sweep, "interval", seconds=settings.sweep_seconds, id="sweep", **beat)
    return scheduler


def _send_sweep() -> None:
    try:
        sweep.send()
    except Exception as error:  # Redis away: the next beat tries again
        log.warning("sweep not sent", action="sweep_not_sent", error=type(error).__name__)


if __name__ == "__main__":
    sys.exit(main())
