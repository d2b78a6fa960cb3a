"""One way of logging for every process: JSON in production, scrubbed, and never a parameter of SQL."""

from __future__ import annotations

import io
import json
import logging
import secrets
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from bitloot.errors import Blocked
from bitloot.logs import configure_logs, keep_loggers
from bitloot.scrub import forget_secrets
from bitloot.settings import Settings, load_settings

SECRET = secrets.token_urlsafe(24)

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """pytest has handlers of its own on the root logger."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structlog.contextvars.clear_contextvars()  # a request of another test may have left its id
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    forget_secrets()


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    return load_settings(environ | {"LINK_SECRET": SECRET, "LOG_FORMAT": "json", "LOG_LEVEL": "debug"})


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def lines(settings: Settings, written: io.StringIO) -> Lines:
    """Configures the logs of a process called `worker`; gives back what it has written since."""
    configure_logs(settings, "worker", written)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_says_what_when_where_and_for_which_order(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(order="0f0e"):
        structlog.get_logger("actors.reserve").info("order moved", action="moved", src="paid")
    (line,) = lines()
    assert line.pop("at").endswith("Z")
    assert line == {
        "message": "order moved",
        "action": "moved",
        "src": "paid",
        "order": "0f0e",
        "level": "info",
        "logger": "actors.reserve",
        "process": "worker",
    }


def test_the_standard_librarys_loggers_come_out_the_same_way(lines: Lines) -> None:
    for name in ("gunicorn.error", "dramatiq.worker", "somebody.else"):
        logging.getLogger(name).warning("slow: %s", SECRET)
    found = lines()
    assert [line["logger"] for line in found] == ["gunicorn.error", "dramatiq.worker", "somebody.else"]
    assert {line["message"] for line in found} == {"slow: [hidden]"}


def test_secrets_are_scrubbed_from_every_field(lines: Lines) -> None:
    structlog.get_logger().warning(f"got {SECRET}", url=f"https://x/?token={SECRET}", authorization=SECRET)
    (line,) = lines()
    assert SECRET not in json.dumps(line)


def test_an_error_that_is_not_ours_is_named_without_its_text(lines: Lines) -> None:
    try:
        raise ValueError("BLKEY-CANARY")
    except ValueError:
        logging.getLogger("dramatiq").exception("failed")
        structlog.get_logger().exception("failed")
    found = lines()
    assert [line["error"] for line in found] == ["ValueError", "ValueError"]
    assert all("test_logs.py" in line["frames"][0] for line in found)
    assert "CANARY" not in json.dumps(found)


def test_an_error_of_ours_keeps_its_text(lines: Lines) -> None:
    structlog.get_logger().error("parked", exc_info=Blocked("kinguin: no balance"))
    assert lines()[0]["error"] == "Blocked: kinguin: no balance"


@pytest.mark.parametrize(
    "name", ["peewee", "urllib3.connectionpool", "botocore.endpoint", "websockets.client"]
)
def test_loggers_that_show_parameters_are_pinned(lines: Lines, name: str) -> None:
    logging.getLogger(name).debug("INSERT ... BLKEY-CANARY")
    assert lines() == []


def test_the_level_is_kept(environ: dict[str, str], written: io.StringIO) -> None:
    configure_logs(load_settings(environ | {"LOG_LEVEL": "warning", "LOG_FORMAT": "json"}), "web", written)
    structlog.get_logger().info("quiet")
    logging.getLogger("dramatiq").info("quiet")
    logging.getLogger("peewee").info("quiet")
    structlog.get_logger().warning("loud")
    assert [json.loads(line)["message"] for line in written.getvalue().splitlines()] == ["loud"]


def test_development_reads_like_prose(environ: dict[str, str], written: io.StringIO) -> None:
    configure_logs(load_settings(environ), "web", written)
    structlog.get_logger("web").info("order placed", order="0f0e")
    line = written.getvalue()
    assert "order placed" in line
    assert "order=0f0e" in line
    assert not line.startswith("{")


def test_production_writes_json_by_itself(settings: Settings, written: io.StringIO) -> None:
    configure_logs(
        settings.model_copy(update={"environment": "production", "log_format": "auto"}), "web", written
    )
    structlog.get_logger().info("ready")
    assert json.loads(written.getvalue())["message"] == "ready"


def test_configuring_twice_does_not_write_twice(
    lines: Lines, settings: Settings, written: io.StringIO
) -> None:
    configure_logs(settings, "worker", written)
    structlog.get_logger().info("once")
    assert len(lines()) == 1


def test_warnings_are_logged(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        (line,) = lines()
        logging.captureWarnings(False)
    assert line["logger"] == "py.warnings"


def test_loggers_that_are_kept_are_made_once(lines: Lines) -> None:
    made: list[str] = []
    before = structlog.get_config()

    class Counted(structlog.stdlib.LoggerFactory):
        def __call__(self, *args: object) -> logging.Logger:
            made.append("logger")
            return super().__call__(*args)

    try:
        keep_loggers()
        structlog.configure(logger_factory=Counted())
        log = structlog.get_logger("kept")
        for number in range(3):
            log.info("one of three", number=number)
    finally:
        structlog.configure(**before)
    assert [line["number"] for line in lines()] == [0, 1, 2]
    assert made == ["logger"]
