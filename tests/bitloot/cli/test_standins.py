"""`bitloot standins`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bitloot.engines.ports import free_port
from bitloot.engines.process import Process

COMMAND = [sys.executable, "-m", "bitloot", "standins"]


def test_they_refuse_to_run_outside_development(nowhere: Path) -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False, cwd=nowhere)
    assert done.returncode == 2
    assert "STANDINS is off" in done.stderr


def test_they_run_until_they_are_told_to_stop(environ: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    wanted = {"STANDINS": "true", "STANDINS_PORT": str(port), "PATH": os.defpath}
    with Process("standins", COMMAND, environ | wanted, tmp_path / "log", cwd=Path.cwd()) as standins:
        standins.wait_for(port)
        assert standins.stop() == 0
    assert f"stand-ins listen on http://127.0.0.1:{port}" in standins.log.read_text()
