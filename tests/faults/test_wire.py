"""Only answers that say "committed" are worth losing: whatever else is cut proves nothing."""

from __future__ import annotations

import socket

import pytest

from bitloot.settings import Settings
from db import base
from tests.faults.proxy import Link, Proxy, Verb
from tests.faults.wire import HEAD, IDLE, INSIDE, Commits, committed, port_of, through


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
    assert Commits()(_asked(sql))


def test_what_writes_commits_when_it_was_prepared_as_well() -> None:
    commits = Commits()
    for name, sql in ((b"bl_1", "UPDATE orders SET due_at = $1"), (b"bl_2", "SELECT state FROM orders")):
        assert not commits(_asked(f"PREPARE {name.decode()} AS {sql}"))
    assert commits(_asked("EXECUTE bl_1 ('2026-11-21')"))
    assert not commits(_asked("EXECUTE bl_1 ('2026-11-21')", INSIDE))
    assert not commits(_asked("EXECUTE bl_2"))


def test_the_houses_own_statements_are_prepared_so(database: Settings) -> None:
    """What this module looks for is what a connection says: db/prepared.py and the wire agree."""
    with Proxy(port_of(database.database_url.get_secret_value())) as proxy:
        seen, commits = list[bool](), Commits()

        def judge(link: Link) -> Verb:
            if b"orders" in link.asked or link.asked[HEAD:].startswith(b"EXECUTE"):
                seen.append(commits(link))
            return Verb.PASS

        proxy.judge = judge
        url = through("DATABASE_URL", proxy.port)({"DATABASE_URL": database.database_url.get_secret_value()})
        base.connect_url(url["DATABASE_URL"], max_connections=2, application="tests")
        with base.scope():
            for _ in range(4):
                base.rows("UPDATE orders SET email = email WHERE false RETURNING 1")
        base.dispose()
    assert seen == [True, True, False, True, True]  # the third time is preceded by its PREPARE


@pytest.mark.parametrize(
    "sql", ["SELECT 1", "BEGIN", "ROLLBACK", "WITH x AS (SELECT state FROM orders) SELECT * FROM x"]
)
def test_what_reads_does_not(sql: str) -> None:
    assert not Commits()(_asked(sql))


def test_inside_a_transaction_only_its_commit_counts() -> None:
    assert not Commits()(_asked("UPDATE orders SET due_at = now()", INSIDE))
    assert Commits()(_asked("COMMIT", INSIDE))


def test_an_error_is_no_commit() -> None:
    assert committed(b"C\x00\x00\x00\x0bCOMMIT\x00" + IDLE)
    assert not committed(b"E\x00\x00\x00\x08oops" + IDLE)
    assert not committed(b"")


def test_a_servers_url_leads_through_the_proxy() -> None:
    environ = {"DATABASE_URL": "postgresql://bitloot:secret@127.0.0.1:5432/shop"}
    told = through("DATABASE_URL", 6000)(environ)
    assert told == {"DATABASE_URL": "postgresql://bitloot:secret@127.0.0.1:6000/shop"}
    assert port_of(told["DATABASE_URL"]) == 6000
