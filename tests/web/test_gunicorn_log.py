"""gunicorn adds no handler of its own."""

from __future__ import annotations

import logging

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]

from web.gunicorn_log import GunicornLog


def test_its_lines_go_where_all_go(caplog: pytest.LogCaptureFixture) -> None:
    log = GunicornLog(Config())
    with caplog.at_level(logging.INFO):
        log.info("a line of %s", "gunicorn")
    assert "a line of gunicorn" in caplog.text
    for name in ("gunicorn.error", "gunicorn.access"):
        assert logging.getLogger(name).propagate
        assert not [h for h in logging.getLogger(name).handlers if getattr(h, "_gunicorn", False)]
