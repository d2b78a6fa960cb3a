"""Seals keys: AES-256-GCM, a data key per order wrapped by a numbered master key."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bitloot.envelope import NONCE, Sealed, Wrapped, bind
from bitloot.errors import SealBroken

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["Vault", "parse_master_keys"]


class Vault:
    """Master keys by number: the first of them seals, all of them open. Safe to share between threads.

    `context` names whose data key it is (`order:<uuid>`, `notice:<uuid>`), `label` what is sealed under it
    (`line:<uuid>/key:<uuid>`). Both must be the same again on opening: a ciphertext opens in its own place only.
    Everything that fails raises SealBroken with the code unknown_master_key, tampered or bad_format.
    """

    def __init__(self, master_keys: Mapping[int, bytes]) -> None:
        if not master_keys or any(len(key) != 32 for key in master_keys.values()):
            raise ValueError("a vault needs at least one master key, and 32 bytes for each")
        # Only ciphers and a keyed hash are kept: no attribute holds key bytes that a debugger or repr could show.
        self._masters = {number: AESGCM(key) for number, key in master_keys.items()}
        self._newest = next(iter(master_keys))
        self._fingerprint = HMAC(_fingerprint_key(master_keys[min(master_keys)]), SHA256())

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(parse_master_keys(settings.master_keys.get_secret_value()))

    def new_data_key(self, context: str) -> bytes:
        """A fresh data key for one order or notice, wrapped by the first master key. Store these bytes."""
        return self._wrap(AESGCM.generate_key(bit_length=256), context)

    def seal(self, wrapped: bytes, context: str, label: str, plaintext: bytes) -> bytes:
        """The plaintext under the wrapped data key, bound to context and label."""
        sealed = Sealed(os.urandom(NONCE), b"")
        cipher = AESGCM(self._unwrap(wrapped, context))
        body = cipher.encrypt(sealed.nonce, plaintext, bind(sealed.header, "seal", context, label))
        return Sealed(sealed.nonce, body).pack()

    def open(self, wrapped: bytes, context: str, label: str, sealed: bytes) -> bytes:
        """The plaintext again."""
        parsed = Sealed.parse(sealed)
        cipher = AESGCM(self._unwrap(wrapped, context))
        return _decrypt(cipher, parsed.nonce, parsed.body, bind(parsed.header, "seal", context, label))

    def rewrap(self, wrapped: bytes, context: str) -> bytes:
        """The same data key under the first master key; the same bytes if it is there already and still opens."""
        data_key = self._unwrap(wrapped, context)
        return wrapped if self.master_key_of(wrapped) == self._newest else self._wrap(data_key, context)

    def master_key_of(self, wrapped: bytes) -> int:
        """The number of the master key that wraps this data key, held here or not."""
        return Wrapped.parse(wrapped).master

    def fingerprint(self, content: bytes) -> str:
        """64 hex digits that are equal for equal contents and say nothing without the master key.

        The key derives from the master key with the *lowest* number, so that fingerprints stay comparable while
        newer master keys are added, and change only when that oldest one is removed.
        """
        mac = self._fingerprint.copy()
        mac.update(content)
        return mac.finalize().hex()

    def _wrap(self, data_key: bytes, context: str) -> bytes:
        blank = Wrapped(self._newest, os.urandom(NONCE), b"")
        master = self._masters[self._newest]
        body = master.encrypt(blank.nonce, data_key, bind(blank.header, "wrap", context))
        return Wrapped(blank.master, blank.nonce, body).pack()

    def _unwrap(self, wrapped: bytes, context: str) -> bytes:
        parsed = Wrapped.parse(wrapped)
        if parsed.master not in self._masters:
            raise SealBroken(
                f"vault: master key {parsed.master} is not in MASTER_KEYS", code="unknown_master_key"
            )
        master = self._masters[parsed.master]
        return _decrypt(master, parsed.nonce, parsed.body, bind(parsed.header, "wrap", context))

    def __repr__(self) -> str:
        return f"Vault(master keys {', '.join(map(str, self._masters))})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a vault is neither pickled nor copied")


def _decrypt(cipher: AESGCM, nonce: bytes, body: bytes, bound: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, body, bound)
    except InvalidTag:
        raise SealBroken("vault: tampered with, or not sealed for this place", code="tampered") from None


def _fingerprint_key(master: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bitloot/fingerprint/1").derive(master)


def parse_master_keys(text: str) -> dict[int, bytes]:
    """`2:<base64 of 32 bytes>,1:…` as {number: key}, order kept; the first seals. Raises ValueError."""
    keys: dict[int, bytes] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        number, _, encoded = item.partition(":")
        key = base64.b64decode(encoded, validate=True)
        if not number.isdecimal() or not 1 <= int(number) < 2**32 or int(number) in keys:
            raise ValueError("MASTER_KEYS needs distinct numbers from 1, as in 2:…,1:…")
        if len(key) != 32:
            raise ValueError(f"master key {number} is {len(key)} bytes long; it must be 32")
        keys[int(number)] = key
    return keys
