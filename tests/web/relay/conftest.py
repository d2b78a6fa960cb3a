"""A relay on the test's own database, and tokens for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bitloot.settings import Settings
from bitloot.tokens import Tokens
from tests.web.relay.ears import RelayProcess, RelayThread


@pytest.fixture
def tokens(settings: Settings) -> Tokens:
    return Tokens.from_settings(settings)


@pytest.fixture
def admin(tokens: Tokens) -> str:
    return tokens.admin("tester", "read-only", 600)


@pytest.fixture
def relay(database: Settings) -> Iterator[RelayThread]:
    """Looks every 0.2 s when no bell rings."""
    with RelayThread(database.model_copy(update={"relay_look_seconds": 0.2})) as started:
        yield started


@pytest.fixture
def relay_process(environ: dict[str, str], database: Settings, tmp_path: Path) -> Iterator[RelayProcess]:
    """The same as a process of its own."""
    started = RelayProcess.start(environ, tmp_path / "relay.log", RELAY_LOOK_SECONDS="0.2")
    yield started
    started.process.stop()
