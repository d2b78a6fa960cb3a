"""Anchors: numbered, signed, found again without a list."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bitloot.anchors import Anchor, first_where, last_anchor, read_anchor, write_anchor
from bitloot.audit import AuditKeys
from bitloot.errors import Malformed
from bitloot.stores.directory import DirectoryStore

KEYS = AuditKeys({1: b"1" * 32})


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path, "http://127.0.0.1", lambda path, expires: "")


def anchor(number: int) -> Anchor:
    return Anchor(number, number * 10, f"{number:064x}", datetime(2026, 1, 2, tzinfo=UTC))


def test_an_anchor_is_written_once_and_read_again(store: DirectoryStore) -> None:
    assert write_anchor(store, KEYS, anchor(1))
    assert not write_anchor(store, KEYS, anchor(1))
    assert read_anchor(store, KEYS, 1) == anchor(1)
    assert read_anchor(store, AuditKeys({2: b"2" * 32, 1: b"1" * 32}), 1) == anchor(1)


def test_the_last_one_is_found_however_many_there_are(store: DirectoryStore) -> None:
    for number in range(1, 20):
        assert last_anchor(store) == number - 1
        write_anchor(store, KEYS, anchor(number))


def test_a_forged_changed_or_moved_anchor_is_refused(store: DirectoryStore, tmp_path: Path) -> None:
    write_anchor(store, AuditKeys({1: b"2" * 32}), anchor(1))
    write_anchor(store, KEYS, anchor(2))
    right = (tmp_path / "audit" / "0000000002.json").read_bytes()
    store.put_once("audit/0000000003.json", right)
    store.put_once("audit/0000000004.json", json.dumps(json.loads(right) | {"number": 4}).encode())
    store.put_once("audit/0000000005.json", b"[]")
    store.put_once("audit/0000000006.json", b"\xff")
    for number in (1, 3, 4, 5, 6):
        with pytest.raises(Malformed, match=f"anchor {number} is not"):
            read_anchor(store, KEYS, number)


def test_the_first_place_is_found_by_halving() -> None:
    assert [first_where(lambda number, at=at: number >= at, 1, 9) for at in range(1, 10)] == [*range(1, 10)]  # type: ignore[misc]
