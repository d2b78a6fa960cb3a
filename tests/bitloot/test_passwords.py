"""Passwords are kept as argon2id, and nothing tells an unknown account from a wrong password."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from bitloot.errors import Malformed
from bitloot.passwords import check_new_password, hash_password, holds, outworn

GOOD = SecretStr("correct horse battery")


def test_a_password_opens_its_own_hash_only() -> None:
    hashed = hash_password(GOOD)
    assert hashed.startswith("$argon2id$")
    assert "horse" not in hashed
    assert holds(hashed, GOOD)
    assert not holds(hashed, SecretStr("correct horse batterx"))
    assert not outworn(hashed)


def test_without_a_hash_nothing_opens_and_the_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[str] = []
    honest = PasswordHasher.verify

    def watched(hasher: PasswordHasher, known: str, given: str) -> bool:
        worked.append(known)
        return honest(hasher, known, given)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    assert not holds(None, GOOD)
    assert worked[0].startswith("$argon2id$")


def test_what_is_no_hash_opens_nothing() -> None:
    assert not holds("not a hash", GOOD)


def test_two_spellings_of_one_password_are_one() -> None:
    assert holds(hash_password(SecretStr("pa\u0308sswort lang genug")), SecretStr("p\u00e4sswort lang genug"))


def test_hashes_by_older_parameters_are_outworn() -> None:
    assert outworn(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "x" * 257, "olga12345678", "abababababab"])
def test_weak_passwords_are_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(Malformed) as caught:
        check_new_password(SecretStr(password), "olga@shop.example")
    assert caught.value.code == "weak_password"
    assert password not in str(caught.value)


def test_a_long_one_is_taken() -> None:
    check_new_password(GOOD, "olga@shop.example")
