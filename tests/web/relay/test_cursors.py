"""Cursors as text: what was written is read again, and nothing else is."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.journal import Cursor
from web.relay import cursors


@given(st.uuids(), st.integers(0, 2**64 - 1), st.integers(0, 2**63 - 1))
def test_every_cursor_comes_back_as_it_was(epoch: uuid.UUID, xid: int, move_id: int) -> None:
    cursor = Cursor(str(epoch), xid, move_id)
    text = cursors.write(cursor)
    assert len(text) == cursors.LENGTH
    assert cursors.read(text) == cursor


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    read = cursors.read(text)
    assert read is None or len(text) == cursors.LENGTH


@pytest.mark.parametrize("text", ["", "A" * 42, "A" * 44, "!" * 43, "é" * 43, "_" * 43])
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert cursors.read(text) is None  # the last holds a row id beyond bigint
