"""The chain against somebody with all rights in the database and no key: every attack is named by its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.anchor import anchor_once
from bitloot.audit import AuditKeys
from bitloot.settings import Settings
from bitloot.stores.directory import DirectoryStore
from db import base, record_access
from db.audit import Flaw, chain_head, link_of, records, verify_anchors, verify_chain
from tests.factories import an_order

Attack = Callable[[], None]

FREE = "ALTER TABLE access_records DISABLE TRIGGER USER;"


@pytest.fixture
def store(database: Settings, tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "anchors", "http://127.0.0.1", lambda path, expires: "")


def look(outcome: str = "granted") -> None:
    record_access(
        None, "reveal", actor="buyer", outcome=outcome, address="127.0.0.1", user_agent="x", details={"n": 1}
    )


def attack(sql: str) -> None:
    base.rows(f"{FREE} {sql}; SELECT 1")


def found() -> Flaw:
    flaw = verify_chain(base.audit_keys()).flaw
    assert flaw is not None
    return flaw


COPY = (
    "INSERT INTO access_records (action, actor, outcome, address, user_agent, details, at, seq, key_number, mac)"
    " SELECT action, actor, outcome, address, user_agent, details, at, {seq}, key_number, mac"
    " FROM access_records WHERE seq = {of}"
)

ATTACKS = [
    ("UPDATE access_records SET outcome = 'refused' WHERE seq = 4", "broken", 4),
    ("UPDATE access_records SET at = at + interval '1 microsecond' WHERE seq = 4", "broken", 4),
    ("""UPDATE access_records SET details = '{"n": 2}' WHERE seq = 1""", "broken", 1),
    ("UPDATE access_records SET mac = decode(repeat('00', 32), 'hex') WHERE seq = 10", "broken", 10),
    ("UPDATE access_records SET mac = NULL WHERE seq = 10", "broken", 10),
    ("UPDATE access_records SET key_number = 9 WHERE seq = 3", "unknown_key", 3),
    ("DELETE FROM access_records WHERE seq = 4", "missing", 4),
    ("DELETE FROM access_records WHERE seq < 4", "missing", 1),
    (
        "DELETE FROM access_records WHERE seq = 4; UPDATE access_records SET seq = 4 WHERE seq = 5",
        "broken",
        4,
    ),
    (
        "UPDATE access_records SET seq = -1 WHERE seq = 4; UPDATE access_records SET seq = 4 WHERE seq = 5;"
        " UPDATE access_records SET seq = 5 WHERE seq = -1",
        "broken",
        4,
    ),
    (COPY.format(seq=11, of=10), "broken", 11),
    (COPY.format(seq=11, of=4), "broken", 11),
    (COPY.format(seq="NULL", of=4), "outside", 11),
    (COPY.format(seq=-5, of=4), "outside", 11),
    (
        "ALTER TABLE access_records DROP CONSTRAINT access_records_seq_key; " + COPY.format(seq=4, of=4),
        "broken",
        5,
    ),
]


@pytest.mark.parametrize(("sql", "kind", "place"), ATTACKS)
def test_every_attack_is_named_by_the_first_record_that_it_hit(
    database: Settings, sql: str, kind: str, place: int
) -> None:
    for _ in range(10):
        look()
    assert verify_chain(base.audit_keys()).flaw is None
    attack(sql)
    flaw = found()
    assert (flaw.kind, flaw.record) == (kind, place)


def test_a_whole_chain_holds_through_batches(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.audit.BATCH", 3)
    order = an_order()
    for number in range(10):
        record_access(
            order.id if number % 2 else None,
            "reveal",
            actor="é '\\",
            outcome="granted",
            address="::1",
            user_agent="",
            details={"b": [1, "ü"], "a": None},
        )
    verdict = verify_chain(base.audit_keys())
    assert (verdict.checked, verdict.flaw, verdict.head) == (10, None, chain_head())
    assert [record.seq for record in records()] == list(range(1, 11))
    assert [record.seq for record in records(order.id)] == [2, 4, 6, 8, 10]


def test_another_key_proves_nothing(database: Settings) -> None:
    look()
    flaw = verify_chain(AuditKeys({1: b"9" * 32})).flaw
    assert flaw is not None
    assert flaw.kind == "broken"


def test_a_cut_end_is_seen_by_the_anchor_only(store: DirectoryStore) -> None:
    keys = base.audit_keys()
    for _ in range(5):
        look()
    anchor_once(store, keys)
    assert verify_anchors(store, keys) is None
    attack("DELETE FROM access_records WHERE seq > 3")
    assert verify_chain(keys).flaw is None
    flaw = verify_anchors(store, keys)
    assert flaw is not None
    assert (flaw.kind, flaw.record) == ("truncated", 4)
    assert re.match(r"records 4 to 5 are gone: anchor 1 of 20", flaw.text)


def test_all_of_it_cut_is_seen_too(store: DirectoryStore) -> None:
    look()
    anchor_once(store, base.audit_keys())
    attack("TRUNCATE access_records")
    flaw = verify_anchors(store, base.audit_keys())
    assert flaw is not None
    assert (flaw.kind, flaw.record) == ("truncated", 1)


def test_an_end_that_was_cut_and_has_grown_again_is_narrowed_down_by_anchors(store: DirectoryStore) -> None:
    keys = base.audit_keys()
    for _ in range(6):
        look()
        look()
        anchor_once(store, keys)
    attack("DELETE FROM access_records WHERE seq > 7")
    for _ in range(9):
        look("refused")
    assert verify_chain(keys).flaw is None
    flaw = verify_anchors(store, keys)
    assert flaw is not None
    assert (flaw.kind, flaw.record) == ("truncated", 7)
    assert flaw.text.startswith("records behind 6, up to 8, were cut off")


def test_without_anchors_there_is_nothing_to_compare(store: DirectoryStore) -> None:
    look()
    assert verify_anchors(store, base.audit_keys()) is None
    assert (link_of(1), link_of(2)) == (getattr(chain_head(), "mac", ""), None)
