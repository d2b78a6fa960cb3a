"""A process starts with the master keys that this shop needs, or says which one is missing."""

from __future__ import annotations

import pytest

from bitloot.errors import UnsafeSettings
from bitloot.settings import Settings
from bitloot.vault import Vault
from db import MasterKeyProof, ShopKey, base
from db.data_keys import rewrap
from db.keys import order_context
from db.master_keys import fingerprint_key, forget_unused, need_master_keys
from tests.factories import an_order

ONE, TWO = b"1" * 32, b"2" * 32
OLD, BOTH, NEW = Vault({1: ONE}), Vault({2: TWO, 1: ONE}), Vault({2: TWO})


def numbers() -> list[int]:
    return sorted(proof.number for proof in MasterKeyProof.select())


def a_data_key(vault: Vault) -> None:
    order = an_order()
    order.use_data_key(vault.new_data_key(order_context(order.id)))


def refusal(vault: Vault) -> list[str]:
    with pytest.raises(UnsafeSettings) as caught:
        need_master_keys(vault)
    return caught.value.reasons


def test_the_first_start_leaves_a_proof_and_the_next_finds_it(database: Settings) -> None:
    need_master_keys(OLD)
    need_master_keys(OLD)
    assert numbers() == [1]


def test_a_lost_master_key_is_named(database: Settings) -> None:
    need_master_keys(OLD)
    a_data_key(OLD)
    assert refusal(NEW) == ["Master key 1 is missing from MASTER_KEYS: 1 data keys are wrapped by it."]
    need_master_keys(BOTH)
    assert numbers() == [1, 2]


def test_another_key_under_the_same_number_is_named(database: Settings) -> None:
    need_master_keys(OLD)
    a_data_key(OLD)
    assert refusal(Vault({1: TWO})) == [
        "Master key 1 is not the key that sealed here: 1 data keys are wrapped by it."
    ]


def test_a_database_from_before_there_were_proofs_is_judged_by_its_data_keys(database: Settings) -> None:
    a_data_key(OLD)
    assert "Master key 1 is missing" in refusal(NEW)[0]
    assert "Master key 1 is not the key that sealed here" in refusal(Vault({1: TWO}))[0]
    need_master_keys(BOTH)
    assert numbers() == [1, 2]


def test_a_number_that_wraps_nothing_is_no_loss(database: Settings) -> None:
    """An operator tried a key, sold nothing with it, and took it away again."""
    need_master_keys(OLD)
    need_master_keys(NEW)
    assert numbers() == [2]


def test_after_a_rotation_the_old_key_may_go(database: Settings) -> None:
    need_master_keys(OLD)
    a_data_key(OLD)
    need_master_keys(BOTH)
    assert forget_unused(BOTH) == []
    assert sum(item.moved for item in rewrap(BOTH)) == 1
    assert forget_unused(BOTH) == [1]
    need_master_keys(NEW)


def test_the_fingerprint_key_is_made_once_and_outlives_its_master_key(database: Settings) -> None:
    before = OLD.fingerprint(b"CODE", fingerprint_key(OLD))
    assert before == OLD.fingerprint(b"CODE")
    assert sum(item.moved for item in rewrap(BOTH)) == 1
    assert NEW.fingerprint(b"CODE", fingerprint_key(NEW)) == before
    assert ShopKey.select().count() == 1


def test_the_proofs_seal_nothing(database: Settings) -> None:
    need_master_keys(OLD)
    assert base.rows("SELECT count(*) FROM master_keys WHERE length(proof) = 68") == [(1,)]
