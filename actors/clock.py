"""The timer process: sends sweep, anchors the audit chain. `python -m actors.clock`; several may run side by side."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime, timedelta
from types import FrameType

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler

from actors.anchor import anchor_once
from actors.backlog import backlog
from actors.figures import show_figures
from actors.sweep import sweep
from bitloot.errors import UnsafeSettings
from bitloot.figures import BEATS
from bitloot.logs import configure_logs
from bitloot.settings import Settings, load_settings
from bitloot.stores import open_store
from bitloot.stores.base import Store
from db import base, migrate
from db.stuck import sweep_age

__all__ = ["main"]

log = structlog.get_logger(__name__)

#: A clock that never runs for long must anchor too (seconds).
FIRST_ANCHOR = 30.0


def main() -> int:
    """Runs until SIGTERM; 0, or 78 where the settings are unsafe."""
    try:
        settings = load_settings()
        configure_logs(settings, "clock")
        migrate.check(settings.database_url.get_secret_value())
        base.configure(settings, application="bitloot clock")
    except UnsafeSettings as refusal:
        for reason in refusal.reasons:
            sys.stderr.write(f"{reason}\n")
        return 78
    scheduler = build_scheduler(settings)
    show_figures(settings.host, settings.clock_metrics_port)

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
    watch = beat | {"next_run_time": first + timedelta(seconds=settings.deadline_sweep)}
    late = settings.deadline_sweep
    scheduler.add_job(_watch_sweep, "interval", [late], seconds=late, id="watch", **watch)
    pause = settings.audit_anchor_seconds
    soon = beat | {"next_run_time": first + timedelta(seconds=min(pause, FIRST_ANCHOR))}
    scheduler.add_job(_anchor, "interval", [open_store(settings)], seconds=pause, id="anchor", **soon)
    return scheduler


def _send_sweep() -> None:
    """One that waits already does what this one would: after an hour without workers there is no hour of sweeps."""
    try:
        if backlog(sweep):
            BEATS.labels("sweep", "waits").inc()
            return
        sweep.send()
        BEATS.labels("sweep", "sent").inc()
    except Exception as error:  # Redis away: the next beat tries again
        BEATS.labels("sweep", "failed").inc()
        log.warning("sweep not sent", action="sweep_not_sent", error=type(error).__name__)


def _anchor(store: Store) -> None:
    try:
        with base.scope():
            anchor_once(store, base.audit_keys())
        BEATS.labels("anchor", "done").inc()
    except Exception as error:  # store or database away: the next beat tries again
        BEATS.labels("anchor", "failed").inc()
        log.warning("the audit chain was not anchored", action="not_anchored", error=type(error).__name__)


def _watch_sweep(deadline: float) -> None:
    """Sends are not sweeps: where no worker takes them, nobody is there to say so but the clock."""
    try:
        with base.scope():
            age = sweep_age()
    except Exception as error:  # the database away: others say so
        log.warning("the last sweep is not known", action="sweep_unknown", error=type(error).__name__)
        return
    if age > deadline:
        log.error("no sweep goes through: do the workers run?", action="sweep_late", seconds=round(age))


if __name__ == "__main__":
    sys.exit(main())
