"""What sealed keys rest on; which master keys may go is told by tests/bitloot/cli/test_rotate_keys.py."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bitloot.cli.doctor.custody import check_backup, check_master_keys, check_store
from bitloot.cli.doctor.finding import State
from bitloot.errors import Blocked
from bitloot.settings import Settings
from bitloot.stores.directory import DirectoryStore
from db import base


def refuse(*_: object) -> None:
    raise Blocked("store: the bucket refuses us (AccessDenied)", code="forbidden")


def test_a_store_is_tried_and_left_as_it_was(settings: Settings) -> None:
    assert check_store(settings).answer == "Puts, gives back and deletes an object."
    assert [path for path in settings.store_directory.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("method", "doing"), [("put_once", "put"), ("get", "get"), ("delete", "delete")])
def test_a_right_that_is_missing_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, method: str, doing: str
) -> None:
    monkeypatch.setattr(DirectoryStore, method, refuse)
    said = check_store(settings)
    assert said.state is State.PROBLEM
    assert said.answer.startswith(f"It does not let us {doing} an object: ")


def test_a_store_that_keeps_what_was_deleted_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DirectoryStore, "delete", lambda *_: None)
    assert check_store(settings).answer == "It keeps what it was told to delete."


def test_master_keys_are_counted_or_missed(database: Settings) -> None:
    assert check_master_keys(database).answer == "Key 1 seals, and wraps 0 of 0 data keys."
    nothing = Settings.model_validate(database.model_dump() | {"master_keys": ""})
    assert check_master_keys(nothing).answer == "Not set: MASTER_KEYS."


def test_a_backup_is_as_old_as_its_file_or_row(database: Settings, tmp_path: Path) -> None:
    def said(mark: object, **more: object) -> tuple[State, str]:
        changed = {"backup_mark": str(mark), "environment": "production", **more}
        found = check_backup(Settings.model_validate(database.model_dump() | changed))
        return found.state, found.answer

    assert said("")[0] is State.WARNING
    assert said("", environment="development")[0] is State.OFF
    mark = tmp_path / "done"
    assert said(mark) == (State.PROBLEM, "The file of BACKUP_MARK is not there: no backup has ended yet.")
    mark.touch()
    assert said(mark) == (State.OK, "The last one ended 0.0 h ago, by its mark.")
    os.utime(mark, (0, time.time() - 30 * 3600))
    assert said(mark) == (State.PROBLEM, "The last one ended 30.0 h ago, by its mark.")
    assert said("database")[1].startswith("The row `backup` in beats is not there")
    base.rows("INSERT INTO beats VALUES ('backup', now() - interval '2 hours') RETURNING name")
    assert said("database") == (State.OK, "The last one ended 2.0 h ago, by its mark.")
