"""The envelope: its published vector, and forms that are not quite it."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bitloot.envelope import OVERHEAD, Sealed, Wrapped, bind
from bitloot.errors import SealBroken
from bitloot.vault import Vault
from tests.bitloot.aes_gcm import open_gcm
from tests.bitloot.test_master_keys import wycheproof
from tests.bitloot.test_vault import CODE, LABEL, ONE, ORDER, refused


@pytest.fixture
def vault() -> Vault:
    return Vault({1: ONE})


def test_what_is_packed_is_parsed_again() -> None:
    wrapped = Wrapped(2**32 - 1, b"n" * 12 + b"b" * 48)
    sealed = Sealed(b"n" * 12, b"b" * 16)
    assert Wrapped.parse(wrapped.pack()) == wrapped
    assert Sealed.parse(sealed.pack()) == sealed
    assert (len(wrapped.pack()), len(sealed.pack())) == (68, OVERHEAD)


@pytest.mark.parametrize("version", [b"\x00", b"\x03", b"1", b"\xff"])
def test_another_version_is_not_guessed_at(version: bytes) -> None:
    for parse, magic in ((Wrapped.parse, b"BLW"), (Sealed.parse, b"BLS")):
        with pytest.raises(SealBroken, match="version") as caught:
            parse(magic + version + bytes(64))
        assert caught.value.code == "bad_format"


def test_bound_parts_never_read_alike() -> None:
    lists = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("a", "b", "c"), ()]
    assert len({bind(b"h", *names) for names in lists}) == len(lists)
    assert bind(b"h", "a") != bind(b"ha")


def test_every_shorter_or_longer_form_is_refused(vault: Vault) -> None:
    wrapped = vault.new_data_key(ORDER)
    sealed = vault.seal(wrapped, ORDER, LABEL, CODE)
    for length in range(len(sealed)):
        assert refused(vault, wrapped, sealed[:length]) == ("bad_format" if length < 32 else "tampered")
    for length in range(len(wrapped)):
        assert refused(vault, wrapped[:length], sealed) == "bad_format"
    assert refused(vault, wrapped, sealed + b"\0") == "tampered"
    assert refused(vault, wrapped + b"\0", sealed) == "bad_format"


@pytest.mark.parametrize("tag", [0, 4, 8, 12, 13, 14, 15])
def test_a_shorter_tag_is_no_tag(vault: Vault, tag: int) -> None:
    """GCM knows tags from 4 bytes; a reader that took the length from the sender would accept forgeries."""
    wrapped = vault.new_data_key(ORDER)
    sealed = vault.seal(wrapped, ORDER, LABEL, b"")
    assert refused(vault, wrapped, sealed[: 16 + tag]) == "bad_format"
    long = vault.seal(wrapped, ORDER, LABEL, b"x" * 64)
    assert refused(vault, wrapped, long[: 16 + 64 + tag]) == "tampered"


def test_a_wrapped_key_is_never_taken_for_a_sealed_object(vault: Vault) -> None:
    """One master key value used as a data key would not help: role and header are bound."""
    wrapped = vault.new_data_key(ORDER)
    sealed = vault.seal(wrapped, ORDER, LABEL, CODE)
    assert refused(vault, wrapped, wrapped) == "bad_format"
    assert refused(vault, sealed, sealed) == "bad_format"
    assert refused(vault, wrapped, b"BLS\x01" + wrapped[8:]) == "tampered"


def test_a_content_key_opens_its_own_content_and_no_other_of_the_order(vault: Vault) -> None:
    wrapped = vault.new_data_key(ORDER)
    one, two = (vault.seal(wrapped, ORDER, label, CODE) for label in (LABEL, "line:1/key:2"))
    granted = AESGCM(vault.content_key(wrapped, ORDER, LABEL))
    assert granted.decrypt(one[4:16], one[16:], bind(b"BLS\x02", "seal", ORDER, LABEL)) == CODE
    for label in (LABEL, "line:1/key:2"):
        with pytest.raises(InvalidTag):
            granted.decrypt(two[4:16], two[16:], bind(b"BLS\x02", "seal", ORDER, label))


def test_the_published_vector_holds_without_our_code() -> None:
    vector = published_vector()
    master, data_key = bytes.fromhex(vector["master_key_hex"]), bytes.fromhex(vector["data_key_hex"])
    nonces, plaintext = bytes.fromhex(vector["nonces_hex"]), vector["plaintext"].encode()
    context, label = vector["context"].encode(), vector["label"].encode()
    wrap_header, seal_header = b"BLW\x01" + int(vector["master_number"]).to_bytes(4, "big"), b"BLS\x02"
    wrap_aad = _prefixed(wrap_header, b"wrap", context)
    seal_aad = _prefixed(seal_header, b"seal", context, label)
    wrapped = wrap_header + nonces[:12] + AESGCM(master).encrypt(nonces[:12], data_key, wrap_aad)
    content_key = _derived(data_key, _prefixed(b"bitloot/content/2", context, label))
    sealed = seal_header + nonces[12:] + AESGCM(content_key).encrypt(nonces[12:], plaintext, seal_aad)
    older_aad = _prefixed(b"BLS\x01", b"seal", context, label)
    older = b"BLS\x01" + nonces[12:] + AESGCM(data_key).encrypt(nonces[12:], plaintext, older_aad)
    assert content_key.hex() == vector["content_key_hex"]
    assert older.hex() == vector["sealed_version_1_hex"]
    assert wrap_aad.hex() == vector["wrap_additional_data_hex"]
    assert seal_aad.hex() == vector["seal_additional_data_hex"]
    assert wrapped.hex() == vector["wrapped_hex"]
    assert sealed.hex() == vector["sealed_hex"]
    assert _fingerprint(master, plaintext) == vector["fingerprint"]


def test_the_vault_reads_the_published_vector() -> None:
    vector = published_vector()
    vault = Vault({7: bytes.fromhex(vector["master_key_hex"])})
    wrapped, sealed = bytes.fromhex(vector["wrapped_hex"]), bytes.fromhex(vector["sealed_hex"])
    older = bytes.fromhex(vector["sealed_version_1_hex"])
    assert vault.open(wrapped, vector["context"], vector["label"], older).decode() == vector["plaintext"]
    opened = vault.open(wrapped, vector["context"], vector["label"], sealed)
    assert opened.decode() == vector["plaintext"]
    granted = vault.content_key(wrapped, vector["context"], vector["label"])
    assert granted.hex() == vector["content_key_hex"]
    assert vault.fingerprint(opened) == vector["fingerprint"]


def test_an_implementation_of_its_own_reads_the_published_vector() -> None:
    """AES and GCM written out, after they proved themselves on Wycheproof's vectors."""
    for known in wycheproof():
        key, nonce, bound, plain, body, tag = (
            bytes.fromhex(known[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")
        )
        assert open_gcm(key, nonce, body, tag, bound) == (plain if known["result"] == "valid" else None)
    vector = published_vector()
    wrapped, sealed = bytes.fromhex(vector["wrapped_hex"]), bytes.fromhex(vector["sealed_hex"])
    context, label = vector["context"].encode(), vector["label"].encode()
    bound = _prefixed(wrapped[:8], b"wrap", context)
    data_key = open_gcm(
        bytes.fromhex(vector["master_key_hex"]), wrapped[8:20], wrapped[20:-16], wrapped[-16:], bound
    )
    assert data_key == bytes.fromhex(vector["data_key_hex"])
    bound = _prefixed(sealed[:4], b"seal", context, label)
    content_key = _derived(data_key, _prefixed(b"bitloot/content/2", context, label))
    opened = open_gcm(content_key, sealed[4:16], sealed[16:-16], sealed[-16:], bound)
    assert opened == vector["plaintext"].encode()


def _prefixed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _derived(key: bytes, info: bytes) -> bytes:
    """HKDF (RFC 5869) by hand: extract with a zero salt, expand by one block."""
    extracted = hmac.digest(b"\0" * 32, key, hashlib.sha256)
    return hmac.digest(extracted, info + b"\x01", hashlib.sha256)


def _fingerprint(master: bytes, content: bytes) -> str:
    return hmac.digest(_derived(master, b"bitloot/fingerprint/1"), content, hashlib.sha256).hex()


def published_vector() -> dict[str, str]:
    text = (Path(__file__).parents[2] / "docs" / "envelope.md").read_text(encoding="utf-8")
    block = text.split("## Test vector")[1].split("```")[1]
    return dict(line.split(" = ", 1) for line in block.strip().splitlines())
