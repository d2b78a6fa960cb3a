"""Access records: written down with who and where, one chain whoever writes, and never changed by us."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from peewee import InternalError

from bitloot.audit import AuditKeys
from bitloot.errors import UnsafeSettings
from bitloot.settings import Settings
from db import AccessRecord, base, record_access
from db.audit import verify_chain
from tests.factories import an_order
from tests.waiting import until


def look() -> int:
    return record_access(
        None, "reveal", actor="buyer", outcome="granted", address="127.0.0.1", user_agent="x"
    )


def test_an_access_is_written_down_with_who_and_where(database: Settings) -> None:
    order = an_order()
    number = record_access(
        order.id, "reveal", actor="buyer", outcome="granted", address="127.0.0.1", user_agent="a" * 999
    )
    record = AccessRecord.get_by_id(number)
    assert (record.action, record.actor, record.outcome, record.address) == (
        "reveal",
        "buyer",
        "granted",
        "127.0.0.1",
    )
    assert len(record.user_agent) == 300
    assert record.at.tzinfo is not None
    assert (record.seq, record.key_number, len(record.mac or b"")) == (1, 1, 32)


def test_eight_writers_add_to_one_chain(database: Settings) -> None:
    start = threading.Barrier(8)

    def write() -> None:
        with base.scope():
            start.wait(10)
            for _ in range(15):
                look()

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(write) for _ in range(8)]:
            done.result()
    verdict = verify_chain(base.audit_keys())
    assert (verdict.checked, verdict.flaw) == (120, None)


def test_a_record_waits_for_its_order_without_keeping_the_others_waiting(database: Settings) -> None:
    order = an_order()
    begun = threading.Event()

    def of_the_order() -> int:
        with base.scope():
            begun.set()
            return record_access(
                order.id, "reveal", actor="buyer", outcome="granted", address="127.0.0.1", user_agent="x"
            )

    def of_another() -> int:
        with base.scope():
            return look()

    with ThreadPoolExecutor(2) as pool:
        with base.transaction():  # as an operator's act: the order first, its record last
            base.rows("SELECT 1 FROM orders WHERE id = %s FOR UPDATE", order.id)
            waiting = pool.submit(of_the_order)
            assert begun.wait(20)
            until(_somebody_waits_for_a_row, what="the record that waits for its order")
            pool.submit(of_another).result(20)
            look()
        waiting.result(20)
    assert verify_chain(base.audit_keys()).checked == 3


def _somebody_waits_for_a_row() -> bool:
    return bool(base.rows("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid' LIMIT 1"))


def test_a_record_is_part_of_the_commit_around_it(database: Settings) -> None:
    def fail() -> None:
        with base.transaction():
            look()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert AccessRecord.select().count() == 0
    with base.transaction():
        look()
    assert verify_chain(base.audit_keys()).checked == 1


def test_whoever_holds_the_end_of_the_chain_makes_others_fail_and_not_wait_for_ever(
    database: Settings,
) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with base.scope(), base.transaction():
            look()
            held.set()
            done.wait(10)

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert held.wait(10)
        base.rows("SET lock_timeout = '100ms'; SELECT 1")
        with pytest.raises(Exception, match="lock timeout"):
            look()
        done.set()
        holder.result()
    look()
    assert verify_chain(base.audit_keys()).checked == 2


@pytest.mark.parametrize(
    "sql", ["UPDATE access_records SET actor = 'x'", "DELETE FROM access_records", "TRUNCATE access_records"]
)
def test_records_are_only_added_to(database: Settings, sql: str) -> None:
    look()
    with pytest.raises(InternalError, match="only added to"):
        base.rows(f"{sql}; SELECT 1")


def test_records_from_before_the_chain_become_its_first_links(database: Settings) -> None:
    base.rows(
        "INSERT INTO access_records (action, actor, outcome, address, user_agent, details, at)"
        """ SELECT 'reveal', 'buyer', 'granted', '', '', '{"x": 1.50}', now() FROM generate_series(1, 3) RETURNING 1"""
    )
    look()
    assert (verify_chain(base.audit_keys()).checked, verify_chain(base.audit_keys()).flaw) == (4, None)


def test_a_new_audit_key_goes_on_where_the_old_one_stopped(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_audit_keys", AuditKeys({1: b"1" * 32}))
    look()
    both = AuditKeys({2: b"2" * 32, 1: b"1" * 32})
    monkeypatch.setattr(base, "_audit_keys", both)
    look()
    assert (verify_chain(both).checked, verify_chain(both).flaw) == (2, None)
    flaw = verify_chain(AuditKeys({2: b"2" * 32})).flaw
    assert flaw is not None
    assert (flaw.kind, flaw.record) == ("unknown_key", 1)


def test_without_keys_nothing_is_recorded(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_settings", None)
    monkeypatch.setattr(base, "_audit_keys", None)
    with pytest.raises(UnsafeSettings, match="AUDIT_KEYS"):
        look()
