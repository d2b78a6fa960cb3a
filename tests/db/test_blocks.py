"""A provider that refuses us is written down once."""

from __future__ import annotations

from bitloot.settings import Settings
from db.blocks import Block, close_block, open_block, open_blocks


def test_one_open_block_per_provider(database: Settings) -> None:
    assert open_block("kinguin", "unauthorized")
    assert not open_block("kinguin", "insufficient_balance")
    assert open_block("resend", "daily_quota_exceeded")
    assert open_blocks() == {"kinguin": "unauthorized", "resend": "daily_quota_exceeded"}


def test_what_was_closed_stays_written_and_may_open_again(database: Settings) -> None:
    open_block("kinguin", "unauthorized")
    assert close_block("kinguin")
    assert not close_block("kinguin")
    assert open_blocks() == {}
    assert open_block("kinguin", "forbidden")
    assert Block.select().count() == 2
