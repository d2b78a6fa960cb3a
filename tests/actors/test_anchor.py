"""Anchoring: where the chain stands, outside the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from peewee import OperationalError
from structlog.testing import capture_logs

from actors.anchor import anchor_once
from bitloot.anchors import last_anchor, read_anchor
from bitloot.settings import Settings
from bitloot.stores.directory import DirectoryStore
from db import base, record_access
from db.audit import chain_head


@pytest.fixture
def store(database: Settings, tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "anchors", "http://127.0.0.1", lambda path, expires: "")


def look() -> None:
    record_access(None, "reveal", actor="buyer", outcome="granted", address="", user_agent="")


def test_a_chain_that_grew_is_anchored_in_the_store_and_in_the_log(store: DirectoryStore) -> None:
    keys = base.audit_keys()
    assert anchor_once(store, keys) is None
    look()
    with capture_logs() as lines:
        anchor_once(store, keys)
        assert anchor_once(store, keys) is None
    head = chain_head()
    assert head is not None
    assert [(line["action"], line["seq"], line["mac"]) for line in lines] == [("anchored", 1, head.mac)]
    assert read_anchor(store, keys, 1).mac == head.mac
    look()
    anchor_once(store, keys)
    assert last_anchor(store) == 2


def test_a_chain_that_was_cut_is_said_and_anchored_all_the_same(store: DirectoryStore) -> None:
    keys = base.audit_keys()
    look()
    look()
    anchor_once(store, keys)
    base.rows(
        "ALTER TABLE access_records DISABLE TRIGGER USER; DELETE FROM access_records WHERE seq = 2; SELECT 1"
    )
    with capture_logs() as lines:
        anchor_once(store, keys)
    assert [line["action"] for line in lines] == ["audit_cut", "anchored"]


def test_nothing_is_anchored_that_the_database_may_yet_forget(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record is seen before it is on disk; a crash would leave an anchor that the chain never comes to again."""
    look()

    def away() -> None:
        raise OperationalError("the server went down")

    monkeypatch.setattr("actors.anchor.make_durable", away)
    with pytest.raises(OperationalError):
        anchor_once(store, base.audit_keys())
    assert last_anchor(store) == 0
