"""Only answers that say "committed" are worth losing: whatever else is cut proves nothing."""

from __future__ import annotations

import socket

import pytest

from tests.faults.proxy import Link
from tests.faults.wire import IDLE, INSIDE, commits, committed, port_of, through


def _asked(sql: str, answered: bytes = IDLE) -> Link:
    text = sql.encode() + b"\0"
    pair = socket.socketpair()
    link = Link(*pair, asked=b"Q" + (len(text) + 4).to_bytes(4, "big") + text, answered=answered)
    link.close()
    return link


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT",
        "UPDATE orders SET due_at = now() RETURNING id",
        "WITH won AS (UPDATE letters SET state = 'sent' RETURNING id) SELECT id FROM won",
        "SELECT advance_order('…', 'paid', 'waiting', 'reserve', NULL, NULL, NULL)",
    ],
)
def test_what_writes_by_itself_commits(sql: str) -> None:
    assert commits(_asked(sql))


@pytest.mark.parametrize(
    "sql", ["SELECT 1", "BEGIN", "ROLLBACK", "WITH x AS (SELECT state FROM orders) SELECT * FROM x"]
)
def test_what_reads_does_not(sql: str) -> None:
    assert not commits(_asked(sql))


def test_inside_a_transaction_only_its_commit_counts() -> None:
    assert not commits(_asked("UPDATE orders SET due_at = now()", INSIDE))
    assert commits(_asked("COMMIT", INSIDE))


def test_an_error_is_no_commit() -> None:
    assert committed(b"C\x00\x00\x00\x0bCOMMIT\x00" + IDLE)
    assert not committed(b"E\x00\x00\x00\x08oops" + IDLE)
    assert not committed(b"")


def test_a_servers_url_leads_through_the_proxy() -> None:
    environ = {"DATABASE_URL": "postgresql://bitloot:secret@127.0.0.1:5432/shop"}
    told = through("DATABASE_URL", 6000)(environ)
    assert told == {"DATABASE_URL": "postgresql://bitloot:secret@127.0.0.1:6000/shop"}
    assert port_of(told["DATABASE_URL"]) == 6000
