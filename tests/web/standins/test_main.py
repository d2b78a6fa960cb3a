"""`python -m web.standins` as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr

from tests.web.standins.test_config import KINGUIN_KEY, safe_settings

COMMAND = [sys.executable, "-m", "web.standins"]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    settings = safe_settings(standins_port=0, state_dir=tmp_path)
    values = {name.upper(): getattr(settings, name) for name in settings.model_fields_set}
    plain = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
    }
    return {"PATH": os.environ["PATH"]} | plain | more


@contextmanager
def running(env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(COMMAND, env=env, text=True, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_until_it_is_told_to_stop(tmp_path: Path, number: int) -> None:
    with running(environment(tmp_path)) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert requests.get(f"{url}/nowpayments/v1/status", timeout=10).json() == {"message": "OK"}
        answer = requests.get(f"{url}/kinguin/v1/balance", headers={"X-Api-Key": KINGUIN_KEY}, timeout=10)
        assert answer.status_code == 200
        process.send_signal(number)
        assert process.wait(60) == 0
    assert (tmp_path / "standins" / "kinguin.jsonl").exists()


def test_it_refuses_to_start_beside_anything_live(tmp_path: Path) -> None:
    """What else it refuses is in test_config.py and, as people start it, in test_standins.py of the command."""
    live = environment(tmp_path, ENVIRONMENT="production")
    ended = subprocess.run(COMMAND, env=live, text=True, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "STANDINS may only be on in development" in ended.stderr
    assert KINGUIN_KEY not in ended.stderr
    assert not (tmp_path / "standins").exists()
