"""How every process logs: one line an event, JSON in production, scrubbed, the standard library's loggers included."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from bitloot.errors import BitLootError, frames_of
from bitloot.scrub import hide_settings, scrubbed
from bitloot.settings import Settings

__all__ = ["configure_logs", "keep_loggers"]

Event = MutableMapping[str, Any]

#: Pinned whatever LOG_LEVEL says: below these they write SQL parameters, headers and bodies (RELIABILITY §2.2).
PINNED = {
    "peewee": logging.INFO,
    "urllib3": logging.WARNING,
    "botocore": logging.WARNING,
    "boto3": logging.WARNING,
    "s3transfer": logging.WARNING,
    "pika": logging.WARNING,
    "apscheduler": logging.WARNING,
    "websockets": logging.INFO,
}

#: They bring handlers of their own, past which nothing would be scrubbed.
ADOPTED = ("gunicorn.error", "gunicorn.access", "dramatiq", "py.warnings")


def configure_logs(settings: Settings, process: str, stream: TextIO | None = None) -> None:
    """Sends all that this process logs to `stream` (standard error), scrubbed. Call again after a fork if need be."""
    stream = stream or sys.stderr
    hide_settings(settings)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _Name(process),
        _without_texts,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _scrub,
                *_renderers(settings, stream),
            ],
        )
    )
    _route(handler, level)


def keep_loggers() -> None:
    """From here on each logger is made once, and not anew for each line, written or not: for a process that configures
    its logs no more. Loggers in use before are not concerned."""
    structlog.configure(cache_logger_on_first_use=True)


def _route(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ADOPTED:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name, least in PINNED.items():
        logging.getLogger(name).setLevel(max(least, level))
    logging.captureWarnings(True)


def _renderers(settings: Settings, stream: TextIO) -> list[Processor]:
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not settings.development)
    if as_json:
        return [
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), timestamp_key="at", pad_event_to=0)]


class _Name:
    """Says which process speaks."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, _: Any, __: str, event: Event) -> Event:
        event.setdefault("process", self._process)
        return event


def _without_texts(_: Any, __: str, event: Event) -> Event:
    """An exception becomes its class and where it came from. Only our own errors promise a text without secrets."""
    error = _exception(event.pop("exc_info", None))
    if error is not None:
        event["error"] = (
            f"{type(error).__name__}: {error}" if isinstance(error, BitLootError) else type(error).__name__
        )
        event["frames"] = frames_of(error).splitlines()[:-1][-12:]
    return event


def _exception(found: Any) -> BaseException | None:
    if found is True:
        return sys.exc_info()[1]
    if isinstance(found, tuple):
        found = found[1]
    return found if isinstance(found, BaseException) else None


def _scrub(_: Any, __: str, event: Event) -> Event:
    return {name: scrubbed(value, name) for name, value in event.items()}
