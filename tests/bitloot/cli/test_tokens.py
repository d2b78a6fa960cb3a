"""`bitloot token`."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from bitloot.cli.opening import open_database
from bitloot.master_keys import parse_master_keys
from bitloot.settings import load_settings
from bitloot.tokens import Tokens
from db import AccessRecord
from db.admins import add_admin
from db.revocations import Grant, ended
from tests.bitloot.cli.conftest import Bitloot


def test_an_admin_token_is_good_for_its_name_role_and_time(
    bitloot: Bitloot, in_environ: dict[str, str]
) -> None:
    token = bitloot("token", "admin", "carol", "--role", "read-only", "--hours", "2").out.strip()
    claims = Tokens.from_settings(load_settings(in_environ)).read_admin(token)
    assert (claims.name, claims.role) == ("carol", "read-only")
    assert claims.expires - time.time() <= 7200
    assert claims.expires - time.time() > 7100


def test_machines_get_it_as_json(bitloot: Bitloot, in_environ: dict[str, str]) -> None:
    document = bitloot("token", "admin", "carol", "--json").document
    assert document["role"] == "operator"
    assert Tokens.from_settings(load_settings(in_environ)).read_admin(document["token"]).name == "carol"


def test_a_revoked_operator_is_out_and_a_new_token_lets_in_again(
    bitloot: Bitloot, in_environ: dict[str, str]
) -> None:
    tokens = Tokens.from_settings(load_settings(in_environ))
    old = tokens.read_admin(bitloot("token", "admin", "carol").out.strip())
    buyer = tokens.read_buyer(tokens.buyer(uuid.uuid4()))
    assert bitloot("token", "revoke", "carol", "--reason", "lost laptop").code == 0
    assert bitloot("token", "revoke", "--token-id", buyer.token_id, "--reason", "leaked").code == 0
    grants = [
        Grant(old.token_id, old.issued, admin="carol"),
        Grant("another", old.issued + 60, admin="carol"),
        Grant(buyer.token_id, 0),
    ]
    with open_database():
        assert ended(grants) == {grants[0], grants[2]}
        told = [(record.action, record.details["admin"]) for record in AccessRecord.select()]
        assert told == [("token_revoke", "carol"), ("token_revoke", None)]
    unheard = bitloot("token", "revoke", "carl", "--reason", "a slip")
    assert (unheard.code, unheard.out.startswith("! No account and no record names carl")) == (0, True)
    assert "✓" not in unheard.out
    with open_database():
        add_admin("dora@example.com", "operator", None)
    told = bitloot("token", "revoke", "Dora@example.com", "--reason", "left us", "--json").document
    assert told == {"admin": "Dora@example.com", "token": None, "revoked": True, "known": True}
    said = bitloot("token", "revoke", "--reason", "nobody")
    assert (said.code, "Name an operator or a --token-id." in said.err) == (2, True)


def test_an_unknown_role_is_refused(bitloot: Bitloot, in_environ: dict[str, str]) -> None:
    said = bitloot("token", "admin", "carol", "--role", "king")
    assert said.code == 2
    assert "'king' is not one of" in said.err


def test_without_secrets_there_is_no_token(bitloot: Bitloot, nowhere: Path) -> None:
    said = bitloot("token", "admin", "carol")
    assert said.code == 2
    assert "ADMIN_TOKEN_SECRET is missing" in said.err


def test_a_master_key_is_as_the_settings_take_it(bitloot: Bitloot, nowhere: Path) -> None:
    (number,) = parse_master_keys(bitloot("token", "master-key").out.strip())
    assert number == 1
    document = bitloot("token", "master-key", "--number", "3", "--json").document
    assert list(parse_master_keys(document["master_key"])) == [3]


def test_nobody_gets_no_token(bitloot: Bitloot) -> None:
    said = bitloot("token", "admin", " ")
    assert said.code == 2
    assert "must not be empty" in said.err
