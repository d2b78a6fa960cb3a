"""A key that went every way through the shop lies in no place, in no form; and each place is searched in earnest."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import redis

from bitloot.cli.plaintext import Haystack, control_text
from bitloot.settings import Settings
from tests.faults.canaries import TAIL, mark, new_control, plaintext_violations
from tests.faults.marked import marked_shop
from tests.faults.shop import open_shop
from tests.servers import Servers


def test_a_key_that_went_every_way_lies_nowhere(servers: Servers, tmp_path: Path) -> None:
    with marked_shop(partial(open_shop, servers, tmp_path), tmp_path) as passage:
        passage.sell()
        passage.notices()
        assert passage.violations() == []
        for process in passage.shop.crew.values():
            process.kill()  # nothing is to be drained


def test_a_key_that_lies_somewhere_is_told_by_place_and_form(database: Settings, tmp_path: Path) -> None:
    key, control = mark(), new_control()
    with redis.Redis.from_url(database.redis_url.get_secret_value()) as client:
        client.xadd("a stream", {"field": key})
    more = [
        Haystack("traffic", lambda: [control_text(control), key[-TAIL:][::-1].encode()]),
        Haystack("silence", lambda: [b""]),
    ]
    found = plaintext_violations(
        database, tmp_path / "logs", tmp_path, keys=[key], more=more, control=control
    )
    assert found == [
        "I5 a key lies in Valkey (plain)",
        "I5 a key lies in traffic (reversed)",
        "I5 the search in silence does not find its control",
    ]
