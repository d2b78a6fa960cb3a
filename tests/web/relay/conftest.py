"""A relay process on the test's own database, and tokens for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bitloot.settings import Settings
from bitloot.tokens import Tokens
from tests.web.relay.ears import RelayProcess


@pytest.fixture
def tokens(settings: Settings) -> Tokens:
    return Tokens.from_settings(settings)


@pytest.fixture
def admin(tokens: Tokens) -> str:
    return tokens.admin("tester", "read-only", 600)


@pytest.fixture
def relay(environ: dict[str, str], database: Settings, tmp_path: Path) -> Iterator[RelayProcess]:
    """Looks every 0.2 s when no bell rings."""
    started = RelayProcess.start(environ, tmp_path / "relay.log", RELAY_LOOK_SECONDS="0.2")
    yield started
    started.process.stop()
