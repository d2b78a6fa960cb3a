"""Links of the audit chain: each binds all that a record says, and needs a key."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bitloot.audit import NOTHING, AuditKeys, Entry, Link, derived, told
from bitloot.errors import UnsafeSettings
from bitloot.settings import Settings

KEYS = AuditKeys({1: b"1" * 32})
ENTRY = Entry(
    1, "", "reveal", "buyer", "granted", "127.0.0.1", "Browser", "{}", datetime(2026, 1, 2, tzinfo=UTC)
)


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 2},
        {"order_id": "x"},
        {"action": "replay"},
        {"actor": "admin:olga"},
        {"outcome": "refused"},
        {"address": "127.0.0.2"},
        {"user_agent": ""},
        {"details": '{"a":1}'},
        {"at": ENTRY.at + timedelta(microseconds=1)},
        {"actor": "buyergranted", "outcome": ""},
    ],
)
def test_whatever_changes_breaks_the_link(change: dict[str, object]) -> None:
    link = KEYS.link(NOTHING, ENTRY)
    assert KEYS.holds(NOTHING, ENTRY, link)
    assert not KEYS.holds(NOTHING, replace(ENTRY, **change), link)  # type: ignore[arg-type]


def test_a_link_holds_behind_its_own_predecessor_only() -> None:
    assert not KEYS.holds(b"x" * 32, ENTRY, KEYS.link(NOTHING, ENTRY))


def test_a_moment_is_the_same_in_every_zone() -> None:
    moved = replace(ENTRY, at=ENTRY.at.astimezone(timezone(timedelta(hours=5))))
    assert KEYS.holds(NOTHING, moved, KEYS.link(NOTHING, ENTRY))


def test_a_new_key_links_and_the_old_one_still_checks() -> None:
    both = AuditKeys({2: b"2" * 32, 1: b"1" * 32})
    assert both.holds(NOTHING, ENTRY, KEYS.link(NOTHING, ENTRY))
    assert both.link(NOTHING, ENTRY).number == 2
    assert not KEYS.holds(NOTHING, ENTRY, both.link(NOTHING, ENTRY))
    assert not both.holds(NOTHING, ENTRY, Link(1, both.link(NOTHING, ENTRY).mac))


def test_the_keys_show_nothing_and_purposes_do_not_meet() -> None:
    assert repr(KEYS) == "AuditKeys(1)"
    with pytest.raises(TypeError):
        copy.deepcopy(KEYS)
    assert derived(b"k", "audit") != derived(b"k", "anchor")


@pytest.mark.parametrize("value", ["", "1:short", "nonsense"])
def test_without_proper_keys_nothing_is_recorded(value: str) -> None:
    with pytest.raises(UnsafeSettings, match="AUDIT_KEYS"):
        AuditKeys.from_settings(Settings.model_validate({"audit_keys": value}))


def test_details_are_text_that_a_database_gives_back() -> None:
    assert told({"b": [1, None], "a": {"x": "é"}}) == '{"a":{"x":"é"},"b":[1,null]}'
    assert told({"amount": 1.50, "of": Decimal("2.00")}) == '{"amount":"1.5","of":"2.00"}'
