"""Other commands find the shop that `bitloot up` runs, and no other."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bitloot.cli.running import adopt, announce, withdraw

TOLD = {
    "ENVIRONMENT": "development",
    "DATABASE_URL": "postgresql://here",
    "REDIS_URL": "redis://here",
    "HOME": "/",
}


@pytest.fixture
def asked(tmp_path: Path) -> dict[str, str]:
    announce(tmp_path, TOLD)
    return {"STATE_DIR": str(tmp_path)}


def test_a_running_shop_is_found(asked: dict[str, str]) -> None:
    assert adopt(asked)
    assert asked["DATABASE_URL"] == "postgresql://here"
    assert "HOME" not in asked


def test_what_is_written_down_is_private(asked: dict[str, str], tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "up.json").stat().st_mode) == 0o600


def test_a_named_database_wins(asked: dict[str, str]) -> None:
    asked["DATABASE_URL"] = "postgresql://there"
    assert not adopt(asked)
    assert "REDIS_URL" not in asked


def test_production_adopts_nothing(asked: dict[str, str]) -> None:
    asked["ENVIRONMENT"] = "production"
    assert not adopt(asked)


def test_a_shop_that_is_gone_is_not_found(asked: dict[str, str], tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    (tmp_path / "up.json").write_text(json.dumps({"pid": gone.pid, "environ": TOLD}))
    assert not adopt(asked)
    withdraw(tmp_path)
    withdraw(tmp_path)
    assert not adopt(asked)
