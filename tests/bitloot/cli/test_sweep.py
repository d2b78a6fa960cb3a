"""`bitloot sweep`: what stands still is found and sent again, to the queue of the running shop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from bitloot.cli.running import announce
from bitloot.settings import load_settings
from db import base
from tests.bitloot.cli.conftest import Bitloot
from tests.factories import a_paid_order


def test_what_stands_still_is_sent_to_the_shop_that_runs_here(
    in_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, which knows of the shop what `bitloot up` wrote down: the broker is made when the
    steps are imported."""
    base.configure(load_settings(in_environ), application="tests")
    with base.scope():
        a_paid_order().look_again(0)
    base.dispose()
    state = Path(in_environ["STATE_DIR"])
    state.mkdir(exist_ok=True)
    announce(state, in_environ)
    for name in ("DATABASE_URL", "REDIS_URL", "QUEUE_NAMESPACE"):
        monkeypatch.delenv(name)
    done = subprocess.run(
        [sys.executable, "-m", "bitloot", "sweep", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"sent": {"reserve": 1}, "still_due": 0}
    queue = redis.Redis.from_url(in_environ["REDIS_URL"])
    assert [key.decode() for key in queue.scan_iter(f"{in_environ['QUEUE_NAMESPACE']}:*.msgs")]


def test_unsafe_settings_stop_it(
    bitloot: Bitloot, in_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOWPAYMENTS_IPN_SECRET", "short")
    assert bitloot("sweep").code == 2
