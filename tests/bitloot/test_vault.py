"""The vault: what it seals opens in its own place only, and nothing else opens at all."""

from __future__ import annotations

import copy
import pickle
import re
import traceback
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitloot.errors import SealBroken
from bitloot.settings import Settings
from bitloot.vault import FINGERPRINTS, Vault

ONE, TWO = b"1" * 32, b"2" * 32
ORDER, LABEL, CODE = "order:a", "line:1/key:1", b"AAAA-BBBB-CCCC"


@pytest.fixture
def vault() -> Vault:
    return Vault({1: ONE})


def refused(vault: Vault, wrapped: bytes, sealed: bytes, context: str = ORDER, label: str = LABEL) -> str:
    """The code with which opening is refused."""
    with pytest.raises(SealBroken) as caught:
        vault.open(wrapped, context, label, sealed)
    return caught.value.code


@pytest.mark.parametrize("size", [0, 1, 12, 15, 16, 17, 65535, 65536, 65537, 1_000_003])
def test_what_was_sealed_opens_whatever_its_size(vault: Vault, size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    wrapped = vault.new_data_key(ORDER)
    sealed = vault.seal(wrapped, ORDER, LABEL, content)
    assert len(wrapped) == 68
    assert len(sealed) == size + 32
    assert vault.open(wrapped, ORDER, LABEL, sealed) == content


def test_the_sealed_form_does_not_show_the_content(vault: Vault) -> None:
    wrapped = vault.new_data_key(ORDER)
    assert CODE not in vault.seal(wrapped, ORDER, LABEL, CODE)


def test_no_two_seals_or_data_keys_are_equal(vault: Vault) -> None:
    wrapped = {vault.new_data_key(ORDER) for _ in range(2000)}
    one = next(iter(wrapped))
    sealed = {vault.seal(one, ORDER, LABEL, CODE) for _ in range(2000)}
    assert len({item[8:20] for item in wrapped}) == 2000
    assert len({item[4:16] for item in sealed}) == 2000


@pytest.mark.parametrize("content", [b"", b"K", CODE])
def test_every_flipped_bit_is_noticed(vault: Vault, content: bytes) -> None:
    wrapped = vault.new_data_key(ORDER)
    sealed = vault.seal(wrapped, ORDER, LABEL, content)
    codes = set()
    for index in range(len(sealed) * 8):
        codes.add(refused(vault, wrapped, _flipped(sealed, index)))
    for index in range(len(wrapped) * 8):
        codes.add(refused(vault, _flipped(wrapped, index), sealed))
    assert codes == {"bad_format", "tampered", "unknown_master_key"}


def test_a_sealed_key_opens_for_its_own_order_and_label_only(vault: Vault) -> None:
    wrapped = vault.new_data_key(ORDER)
    sealed = vault.seal(wrapped, ORDER, LABEL, CODE)
    assert refused(vault, wrapped, sealed, context="order:b") == "tampered"
    assert refused(vault, wrapped, sealed, label="line:1/key:2") == "tampered"
    assert refused(vault, wrapped, sealed, label="") == "tampered"
    assert refused(vault, wrapped, sealed, context=LABEL, label=ORDER) == "tampered"


def test_letters_cannot_wander_between_context_and_label(vault: Vault) -> None:
    """Names that only concatenate to the same text are different places."""
    wrapped = vault.new_data_key("order:ab")
    sealed = vault.seal(wrapped, "order:ab", "c", CODE)
    other = vault.new_data_key("order:a")
    assert refused(vault, other, sealed, context="order:a", label="bc") == "tampered"
    assert refused(vault, wrapped, sealed, context="order:a", label="bc") == "tampered"


def test_swapped_data_keys_and_objects_are_refused(vault: Vault) -> None:
    """Row 15 of the threat model: 10 orders, every wrong pairing of rows and objects."""
    orders = [f"order:{index}" for index in range(10)]
    wrapped = {order: vault.new_data_key(order) for order in orders}
    sealed = {order: vault.seal(wrapped[order], order, LABEL, CODE) for order in orders}
    for mine in orders:
        for other in orders:
            if mine == other:
                assert vault.open(wrapped[mine], mine, LABEL, sealed[mine]) == CODE
                continue
            assert refused(vault, wrapped[other], sealed[mine], context=mine) == "tampered"
            assert refused(vault, wrapped[mine], sealed[other], context=mine) == "tampered"
            assert refused(vault, wrapped[other], sealed[other], context=mine) == "tampered"


def test_two_data_keys_of_one_order_are_not_exchangeable(vault: Vault) -> None:
    first, second = vault.new_data_key(ORDER), vault.new_data_key(ORDER)
    assert refused(vault, second, vault.seal(first, ORDER, LABEL, CODE)) == "tampered"


def test_the_wrong_master_key_is_noticed_and_a_missing_one_is_named() -> None:
    wrapped = Vault({1: ONE}).new_data_key(ORDER)
    sealed = Vault({1: ONE}).seal(wrapped, ORDER, LABEL, CODE)
    assert refused(Vault({1: TWO}), wrapped, sealed) == "tampered"
    with pytest.raises(SealBroken, match="master key 1 is not in MASTER_KEYS") as caught:
        Vault({2: TWO}).open(wrapped, ORDER, LABEL, sealed)
    assert caught.value.code == "unknown_master_key"


def test_a_relabelled_master_key_number_is_noticed() -> None:
    """Both numbers hold the same key here, so only the bound header can tell."""
    both = Vault({1: ONE, 2: ONE})
    wrapped = both.new_data_key(ORDER)
    sealed = both.seal(wrapped, ORDER, LABEL, CODE)
    moved = wrapped[:4] + (2).to_bytes(4, "big") + wrapped[8:]
    assert both.master_key_of(moved) == 2
    assert refused(both, moved, sealed) == "tampered"


def test_rotation_moves_the_data_key_and_leaves_the_object() -> None:
    old, both, new = Vault({1: ONE}), Vault({2: TWO, 1: ONE}), Vault({2: TWO})
    wrapped = old.new_data_key(ORDER)
    sealed = old.seal(wrapped, ORDER, LABEL, CODE)
    assert both.open(wrapped, ORDER, LABEL, sealed) == CODE
    moved = both.rewrap(wrapped, ORDER)
    assert (both.master_key_of(wrapped), both.master_key_of(moved)) == (1, 2)
    assert new.open(moved, ORDER, LABEL, sealed) == CODE
    assert refused(old, moved, sealed) == "unknown_master_key"


def test_rewrapping_what_is_new_changes_nothing() -> None:
    both = Vault({2: TWO, 1: ONE})
    wrapped = both.new_data_key(ORDER)
    assert both.rewrap(wrapped, ORDER) == wrapped


def test_rewrapping_checks_before_it_says_that_nothing_is_to_do() -> None:
    vault = Vault({2: TWO})
    wrapped = vault.new_data_key(ORDER)
    for broken, context in [(_flipped(wrapped, 300), ORDER), (wrapped, "order:b")]:
        with pytest.raises(SealBroken):
            vault.rewrap(broken, context)


def test_the_first_key_seals_even_if_its_number_is_lower() -> None:
    vault = Vault({1: ONE, 2: TWO})
    assert vault.master_key_of(vault.new_data_key(ORDER)) == 1


def test_fingerprints_survive_a_new_master_key_and_not_the_loss_of_the_oldest() -> None:
    before, during, after = Vault({1: ONE}), Vault({2: TWO, 1: ONE}), Vault({2: TWO})
    assert before.fingerprint(CODE) == during.fingerprint(CODE) != after.fingerprint(CODE)
    assert before.fingerprint(CODE) == before.fingerprint(CODE) != before.fingerprint(CODE + b" ")
    assert re.fullmatch("[0-9a-f]{64}", before.fingerprint(b""))


def test_a_kept_fingerprint_key_outlives_the_oldest_master_key() -> None:
    before, during, after = Vault({1: ONE}), Vault({2: TWO, 1: ONE}), Vault({2: TWO})
    kept = during.rewrap(before.first_fingerprint_key(), FINGERPRINTS)
    assert after.fingerprint(CODE, kept) == before.fingerprint(CODE)
    with pytest.raises(SealBroken, match="master key 1 is not in MASTER_KEYS"):
        after.fingerprint(CODE, before.first_fingerprint_key())


def test_nothing_secret_shows_in_repr_or_tracebacks(vault: Vault) -> None:
    assert repr(Vault({2: TWO, 1: ONE})) == "Vault(master keys 2, 1)"
    wrapped = vault.new_data_key(ORDER)
    sealed = _flipped(vault.seal(wrapped, ORDER, LABEL, CODE), 300)
    with pytest.raises(SealBroken) as caught:
        vault.open(wrapped, ORDER, LABEL, sealed)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert ONE.decode() not in shown
    assert CODE.decode() not in shown
    assert ONE.decode() not in repr(vars(vault))


def test_a_vault_is_neither_pickled_nor_copied(vault: Vault) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(vault)
    with pytest.raises(TypeError):
        copy.deepcopy(vault)


def test_a_vault_without_proper_keys_is_refused() -> None:
    for keys in ({}, {1: b"x" * 16}, {1: ONE, 2: b""}):
        with pytest.raises(ValueError, match="master key"):
            Vault(keys)


def test_threads_share_one_vault(vault: Vault) -> None:
    def round_trip(index: int) -> bool:
        context, content = f"order:{index}", f"code {index}".encode()
        wrapped = vault.new_data_key(context)
        sealed = vault.seal(wrapped, context, LABEL, content)
        return vault.open(wrapped, context, LABEL, sealed) == content and vault.fingerprint(content) != ""

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(round_trip, range(400)))


@settings(deadline=None)  # two cores: a pause of the machine is no defect
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_politely(noise: bytes) -> None:
    vault = Vault({1: ONE})
    wrapped = vault.new_data_key(ORDER)
    refused(vault, wrapped, noise)
    refused(vault, wrapped, b"BLS\x01" + noise)
    refused(vault, b"BLW\x01" + noise, vault.seal(wrapped, ORDER, LABEL, CODE))


@settings(deadline=None)
@given(st.binary(max_size=300), st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_content_comes_back(content: bytes, label: str) -> None:
    vault = Vault({1: ONE})
    wrapped = vault.new_data_key(ORDER)
    assert vault.open(wrapped, ORDER, label, vault.seal(wrapped, ORDER, label, content)) == content


def test_the_vault_comes_from_settings() -> None:
    text = f"2:{b64encode(TWO).decode()},1:{b64encode(ONE).decode()}"
    assert repr(Vault.from_settings(Settings.model_validate({"master_keys": text}))) == repr(
        Vault({2: TWO, 1: ONE})
    )


def _flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_what_is_sealed_anew_opens_as_what_is_sealed_in_two_steps(vault: Vault) -> None:
    wrapped, sealed = vault.seal_anew("notice:1", "kinguin", b"body")
    assert vault.open(wrapped, "notice:1", "kinguin", sealed) == b"body"
    again, _ = vault.seal_anew("notice:1", "kinguin", b"body")
    assert again != wrapped
    with pytest.raises(SealBroken):
        vault.open(again, "notice:1", "kinguin", sealed)
    with pytest.raises(SealBroken):
        vault.open(wrapped, "notice:2", "kinguin", sealed)
