"""The load promise in short: `python -m bench --only storm` keeps it with 50,000."""

from __future__ import annotations

from pathlib import Path

from bench.lab import Lab
from bench.ours import our_environ, start_web
from bench.seed import seed_ours
from bench.storm import ride_out
from bitloot.engines.valkey import ValkeyEngine


def test_no_notice_that_was_acknowledged_is_lost_while_redis_is_away(
    database_url: str, tmp_path: Path
) -> None:
    valkey = ValkeyEngine(tmp_path / "valkey", durable=False)
    port, stubs, gateway = Lab.ports(3)
    try:
        environ = our_environ(
            database_url, valkey.start(), port=port, stubs=stubs, gateway=gateway, state=tmp_path / "state"
        )
        with start_web(environ, tmp_path):
            storm = ride_out(
                database_url, port, valkey, seed_ours(database_url, 300, 7_000_000_000), connections=16
            )
    finally:
        valkey.stop()
    assert [run.statuses for run in storm.runs] == [{200: 100}] * 3
    assert (storm.acknowledged, storm.lost) == (300, 0)
