"""Master keys: Wycheproof's vectors, a key service in place of a local key, and numbers that are read."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bitloot.envelope import MAX_BODY
from bitloot.errors import SealBroken
from bitloot.master_keys import LocalKey, parse_master_keys
from bitloot.vault import Vault

ONE, TWO = b"1" * 32, b"2" * 32


class Service:
    """A key service: keeps data keys itself, and gives a ticket of a length of its own."""

    def __init__(self, ticket: int = 200) -> None:
        self._kept: dict[bytes, tuple[bytes, bytes]] = {}
        self._ticket = ticket

    def wrap(self, data_key: bytes, bound: bytes) -> bytes:
        ticket = secrets.token_bytes(self._ticket)
        self._kept[ticket] = (data_key, bound)
        return ticket

    def unwrap(self, body: bytes, bound: bytes) -> bytes:
        data_key, ours = self._kept.get(body, (b"", b""))
        if not data_key or ours != bound:
            raise SealBroken("service: not mine", code="tampered")
        return data_key


def wycheproof() -> list[dict[str, Any]]:
    """The source is named in the file."""
    text = (Path(__file__).parent / "wycheproof_aes_gcm.json").read_text()
    found: list[dict[str, Any]] = json.loads(text)["tests"]
    return found


def test_wycheproofs_vectors_open_where_they_are_valid_and_nowhere_else() -> None:
    results = []
    for vector in wycheproof():
        key, nonce, bound, plain, body, tag = (
            bytes.fromhex(vector[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")
        )
        if vector["result"] == "valid":
            assert LocalKey(key).unwrap(nonce + body + tag, bound) == plain, vector["tcId"]
            assert AESGCM(key).encrypt(nonce, plain, bound) == body + tag, vector["tcId"]
        else:
            with pytest.raises(SealBroken, match="tampered"):
                LocalKey(key).unwrap(nonce + body + tag, bound)
        results.append(vector["result"])
    assert (results.count("valid"), results.count("invalid")) == (39, 27)


def test_a_key_service_takes_the_place_of_a_local_key() -> None:
    """From a local key to the service and back, and the sealed object is never touched."""
    service = Service()
    old, both, back = Vault({1: ONE}), Vault({2: service, 1: ONE}), Vault({3: TWO, 2: service})
    wrapped = old.new_data_key("order:a")
    sealed = old.seal(wrapped, "order:a", "line:1", b"CODE")
    there = both.rewrap(wrapped, "order:a")
    assert (there[3], len(there), both.master_key_of(there)) == (2, 208, 2)
    assert both.open(there, "order:a", "line:1", sealed) == b"CODE"
    here = back.rewrap(there, "order:a")
    assert Vault({3: TWO}).open(here, "order:a", "line:1", sealed) == b"CODE"
    with pytest.raises(SealBroken, match="not mine"):
        both.open(there, "order:b", "line:1", sealed)


@pytest.mark.parametrize("size", [0, MAX_BODY + 1])
def test_a_service_that_answers_nothing_or_without_end_is_refused(size: int) -> None:
    vault = Vault({1: Service(size), 2: ONE})
    with pytest.raises(SealBroken, match="wrong length"):
        vault.check(vault.new_data_key("order:a"), "order:a")


def test_what_is_too_short_for_a_tag_is_bad_format() -> None:
    with pytest.raises(SealBroken) as caught:
        LocalKey(ONE).unwrap(b"x" * 27, b"")
    assert caught.value.code == "bad_format"


def test_a_local_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        LocalKey(b"x" * 16)


def test_master_keys_are_read_in_order() -> None:
    text = f" 2:{b64encode(TWO).decode()} , 1:{b64encode(ONE).decode()},"
    assert list(parse_master_keys(text).items()) == [(2, TWO), (1, ONE)]
    assert parse_master_keys("") == {}


@pytest.mark.parametrize(
    "text",
    [
        b64encode(ONE).decode(),
        f"0:{b64encode(ONE).decode()}",
        f"-1:{b64encode(ONE).decode()}",
        f"4294967296:{b64encode(ONE).decode()}",
        f"1:{b64encode(ONE).decode()},1:{b64encode(TWO).decode()}",
        f"1:{b64encode(ONE[:31]).decode()}",
        f"1:{b64encode(ONE + b'x').decode()}",
        "1:",
        "1:not base64!",
        ":",
    ],
)
def test_unusable_master_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        parse_master_keys(text)
    assert b64encode(ONE).decode()[:20] not in str(caught.value)
