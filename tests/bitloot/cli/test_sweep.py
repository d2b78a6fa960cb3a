"""`bitloot sweep`: what stands still is found and sent again."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.bitloot.cli.conftest import Bitloot


def test_nothing_stands_still_in_an_empty_shop(in_environ: dict[str, str]) -> None:
    """In a process of its own: the broker is made when the steps are imported."""
    done = subprocess.run(
        [sys.executable, "-m", "bitloot", "sweep", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **in_environ},
    )
    assert json.loads(done.stdout) == {"sent": {}, "still_due": 0}


def test_unsafe_settings_stop_it(
    bitloot: Bitloot, in_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOWPAYMENTS_IPN_SECRET", "short")
    assert bitloot("sweep").code == 2
