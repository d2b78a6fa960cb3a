"""Which master keys this shop needs, and whether a process holds them; the shop's own keys."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from peewee import BigIntegerField, BlobField, TextField

from bitloot.errors import SealBroken, UnsafeSettings
from bitloot.vault import FINGERPRINTS, Vault
from db.base import Model, now, rows
from db.data_keys import sample_under, under_master_keys
from db.fields import TimeField

__all__ = ["MasterKeyProof", "ShopKey", "fingerprint_key", "forget_unused", "need_master_keys"]


class MasterKeyProof(Model):
    number = BigIntegerField(primary_key=True)
    proof = BlobField()
    first_seen_at = TimeField(default=now)

    class Meta:
        table_name = "master_keys"


class ShopKey(Model):
    name = TextField(primary_key=True)
    data_key = BlobField()
    created_at = TimeField(default=now)

    class Meta:
        table_name = "shop_keys"


def need_master_keys(vault: Vault) -> None:
    """For the start of a process: it must hold each master key that something here is wrapped by.

    Raises UnsafeSettings naming the number of one that is missing, or is another key than the one that sealed here.
    """
    proofs = _proofs()
    if not proofs:  # a database from before there were proofs: its data keys tell
        samples = {number: sample_under(number) for number in under_master_keys()}
        wanting = {number for number, sample in samples.items() if sample and not _opens(vault, *sample)}
        _prove(vault, *(samples.keys() - wanting))
    else:
        wanting = {number for number, proof in proofs.items() if not _opens(vault, proof, _context(number))}
    if wanting:
        _refuse_or_forget(vault, wanting)
    _prove(vault, vault.newest)


def _refuse_or_forget(vault: Vault, wanting: set[int]) -> None:
    """A number that wraps nothing (any more) is no loss."""
    used = under_master_keys()
    reasons = []
    for number in sorted(wanting):
        if number not in used:
            continue
        how = "is not the key that sealed here" if number in vault.numbers else "is missing from MASTER_KEYS"
        reasons.append(f"Master key {number} {how}: {used[number]} data keys are wrapped by it.")
    if reasons:
        raise UnsafeSettings(reasons)
    rows("DELETE FROM master_keys WHERE number = ANY(%s) RETURNING 1", list(wanting))


def forget_unused(vault: Vault) -> list[int]:
    """After a rotation: the numbers that wrap nothing any more, which no process has to hold from now on."""
    used = under_master_keys()
    unused = [number for number in _proofs() if number not in used and number != vault.newest]
    rows("DELETE FROM master_keys WHERE number = ANY(%s) RETURNING 1", unused)
    return unused


#: What each vault of this process was told: a rotation wraps the key anew, and never makes it another one.
_fingerprint_keys: WeakKeyDictionary[Vault, bytes] = WeakKeyDictionary()


def fingerprint_key(vault: Vault) -> bytes:
    """The shop's own key for fingerprints, wrapped; made when first needed, read once."""
    if (known := _fingerprint_keys.get(vault)) is None:
        known = _fingerprint_keys[vault] = _read_fingerprint_key(vault)
    return known


def _read_fingerprint_key(vault: Vault) -> bytes:
    name = FINGERPRINTS.partition(":")[2]
    found = rows("SELECT data_key FROM shop_keys WHERE name = %s", name)
    if not found:
        rows(
            "INSERT INTO shop_keys (name, data_key, created_at) VALUES (%s, %s, clock_timestamp())"
            " ON CONFLICT DO NOTHING RETURNING 1",
            *(name, vault.first_fingerprint_key()),
        )
        found = rows("SELECT data_key FROM shop_keys WHERE name = %s", name)
    return bytes(found[0][0])


def _proofs() -> dict[int, bytes]:
    return {number: bytes(proof) for number, proof in rows("SELECT number, proof FROM master_keys")}


def _opens(vault: Vault, wrapped: bytes, context: str) -> bool:
    try:
        vault.check(wrapped, context)
    except SealBroken:
        return False
    return True


def _prove(vault: Vault, *numbers: int) -> None:
    for number in numbers:
        rows(
            "INSERT INTO master_keys (number, proof, first_seen_at) VALUES (%s, %s, clock_timestamp())"
            " ON CONFLICT DO NOTHING RETURNING 1",
            *(number, vault.new_data_key(_context(number), number)),
        )


def _context(number: int) -> str:
    return f"master:{number}"
