"""`bitloot admin`: accounts, each change on record, and no password among the arguments or in the output."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pyotp
import pytest
from pydantic import SecretStr

from bitloot.cli import admins
from bitloot.cli.opening import open_database
from bitloot.passwords import holds
from bitloot.settings import load_settings
from bitloot.vault import Vault
from db import AccessRecord
from db.admins import admin_context, find_admin
from tests.bitloot.cli.conftest import Bitloot

EMAIL, PASSWORD = "olga@shop.example", "correct horse battery"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, in_environ: dict[str, str]) -> Callable[[str], None]:
    """What comes by the standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def records() -> list[tuple[str, str]]:
    found = AccessRecord.select().order_by(AccessRecord.id)
    return [(record.action, record.details["admin"]) for record in found]


def test_an_account_is_added_changed_and_disabled_and_each_is_a_record(
    bitloot: Bitloot, typed: Callable[[str], None]
) -> None:
    assert "Nobody may sign in yet" in bitloot("admin", "list").out
    typed(f"{PASSWORD}\n")
    said = bitloot("admin", "add", "Olga@Shop.example", "--role", "owner", "--json")
    assert said.document == {"email": EMAIL, "role": "owner", "warnings": []}
    typed(f"another {PASSWORD}\n")
    changed = bitloot("admin", "password", EMAIL)
    assert "another password" in changed.out
    assert PASSWORD not in said.out + said.err + changed.out
    assert bitloot("admin", "role", EMAIL, "read-only", "--json").document["role"] == "read-only"
    assert bitloot("admin", "disable", EMAIL, "--json").document["disabled"] is True
    [_, shown] = bitloot("admin", "list").out.splitlines()
    assert shown.split()[:5] == [EMAIL, "read-only", "password", "off", "disabled"]
    [row] = bitloot("admin", "list", "--json").document["admins"]
    assert (row["role"], row["password"], row["totp"], row["disabled"]) == ("read-only", True, False, True)
    with open_database():
        olga = find_admin(EMAIL)
        assert olga is not None
        assert holds(olga.password_hash, SecretStr(f"another {PASSWORD}"))
        actions = ["admin_add", "admin_password", "admin_role", "admin_disable"]
        assert records() == [(action, EMAIL) for action in actions]


def test_codes_are_asked_for_once_the_first_was_typed(
    bitloot: Bitloot,
    typed: Callable[[str], None],
    in_environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bitloot("admin", "add", EMAIL, "--mail-only")
    typed("000000\n")
    wrong = bitloot("admin", "totp", EMAIL)
    assert (wrong.code, "nothing was changed" in wrong.err) == (1, True)
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    monkeypatch.setattr(admins, "new_secret", lambda: secret)
    typed(pyotp.TOTP(secret).now() + "\n")
    said = bitloot("admin", "totp", EMAIL)
    assert (said.code, said.out.count(secret)) == (0, 2)  # to type, and for the camera
    with open_database():
        olga = find_admin(EMAIL)
        assert olga is not None
        assert olga.data_key is not None
        assert olga.totp_sealed is not None
        vault = Vault.from_settings(load_settings(in_environ))
        assert vault.open(olga.data_key, admin_context(olga.id), "totp", olga.totp_sealed) == secret.encode()
    assert "without a code" in bitloot("admin", "totp", EMAIL, "--off").out


def test_who_is_disabled_is_said_to_be_until_enabled_and_the_last_owner_is_missed(
    bitloot: Bitloot, typed: Callable[[str], None]
) -> None:
    bitloot("admin", "add", EMAIL, "--mail-only", "--role", "owner")
    gone = "! Nobody may sign in as owner now;"
    assert gone in bitloot("admin", "disable", EMAIL).out
    typed(f"{PASSWORD}\n")
    said = bitloot("admin", "password", EMAIL).out
    assert f"! {EMAIL} is disabled and may not sign in; `bitloot admin enable {EMAIL}`" in said
    assert gone not in said  # it was so before
    told = bitloot("admin", "enable", EMAIL, "--json").document
    assert told == {"email": EMAIL, "role": "owner", "disabled": False, "warnings": []}
    assert bitloot("admin", "role", EMAIL, "owner").out == f"✓ {EMAIL} is owner now.\n"
    assert gone in bitloot("admin", "role", EMAIL, "operator").out
    with open_database():
        assert [action for action, _ in records()] == [
            *("admin_add", "admin_disable", "admin_password", "admin_enable", "admin_role", "admin_role")
        ]


def test_what_cannot_be_is_said_in_a_sentence(bitloot: Bitloot, typed: Callable[[str], None]) -> None:
    typed("short\n")
    weak = bitloot("admin", "add", EMAIL)
    assert (weak.code, "12 to 256 characters" in weak.err) == (1, True)
    bitloot("admin", "add", EMAIL, "--mail-only")
    assert "already" in bitloot("admin", "add", EMAIL, "--mail-only").err
    assert "no account with this address" in bitloot("admin", "disable", "eve@shop.example").err
    no = bitloot("admin", "add", "not an address", "--mail-only")
    assert (no.code, "Invalid value for EMAIL: this address has no @" in no.err) == (2, True)
