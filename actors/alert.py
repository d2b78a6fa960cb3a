"""Tells a person what is wrong: to the log and, where one is set, to a signed HTTP sink."""

from __future__ import annotations

import structlog

from actors.step import step
from actors.workshop import shop
from bitloot.alerting import AlertSink, advice
from db.alerts import Alert, Matter, told
from db.silence import quiet_sources, refused_sources

__all__ = ["alert", "silence"]

log = structlog.get_logger(__name__)


@step(queue="alert")
def alert(alert_id: str) -> None:
    """Tells one alert, unless its matter ended meanwhile. A sink that is away gets it again, under the same id."""
    found = Alert.get_or_none(Alert.id == alert_id)
    if found is None or found.ended_at is not None:
        return
    settings, order = shop().settings, str(found.order_id) if found.order_id else None
    what, todo = advice(found.kind, found.about, order)
    log.error(what, action="alert", kind=found.kind, order=order, todo=todo, times=found.times + 1)
    if settings.alerts_url:
        document = {
            "type": f"alert.{found.kind}",
            "timestamp": found.raised_at.isoformat(),
            "data": {"what": what, "order": order, "todo": todo, "times": found.times + 1},
        }
        AlertSink(settings.alerts_url, settings.alerts_secret).send(f"{found.id}-{found.times}", document)
    told(found, settings.alerts_repeat)


def silence() -> list[Matter]:
    """Sources that have something to tell, and say nothing; and those that are refused so often that they may stop."""
    settings = shop().settings
    quiet, refused = quiet_sources(settings.silence_seconds), refused_sources(settings.refusals_per_hour)
    return [
        *(Matter(f"silence:{item.source}", "quiet", item.source) for item in quiet),
        *(Matter(f"refusals:{item.source}", "refusals", item.source) for item in refused),
    ]
