"""Seals keys: AES-256-GCM, a data key per order wrapped by a numbered master key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bitloot.envelope import DATA_KEY, DIRECT, LOCAL, NONCE, SERVICE, Sealed, Wrapped, bind
from bitloot.errors import SealBroken
from bitloot.master_keys import LocalKey, MasterKey, decrypt, parse_master_keys

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["FINGERPRINTS", "Vault"]

#: The context of the shop's fingerprint key, which is wrapped as a data key is.
FINGERPRINTS = "shop:fingerprints"

#: What a content's own key is derived for (docs/envelope.md).
_CONTENT = b"bitloot/content/2"


class Vault:
    """Master keys by number: the first of them seals, all of them open. Safe to share between threads.

    `context` names whose data key it is (`order:<uuid>`, `notice:<uuid>`), `label` what is sealed under it
    (`line:<uuid>/key:<uuid>`). Both must be the same again on opening: a ciphertext opens in its own place only.
    Everything that fails raises SealBroken with the code unknown_master_key, tampered or bad_format. A master key is
    given as its 32 bytes, or as a MasterKey that keeps them elsewhere.
    """

    def __init__(self, master_keys: Mapping[int, bytes | MasterKey]) -> None:
        if not master_keys or any(isinstance(key, bytes) and len(key) != 32 for key in master_keys.values()):
            raise ValueError("a vault needs at least one master key, and 32 bytes for each")
        # Only ciphers and a keyed hash are kept: no attribute holds key bytes that a debugger or repr could show.
        self._masters = {
            number: LocalKey(key) if isinstance(key, bytes) else key for number, key in master_keys.items()
        }
        self._newest = next(iter(master_keys))
        oldest = master_keys[min(master_keys)]
        first = _fingerprint_key(oldest) if isinstance(oldest, bytes) else os.urandom(DATA_KEY)
        self._first_fingerprint_key = self._wrap(first, FINGERPRINTS)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(parse_master_keys(settings.master_keys.get_secret_value()))

    @property
    def newest(self) -> int:
        """The number of the master key that seals."""
        return self._newest

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of all master keys held here."""
        return frozenset(self._masters)

    def new_data_key(self, context: str, number: int | None = None) -> bytes:
        """A fresh data key for one order or notice, wrapped by the first master key, or `number`. Store these bytes."""
        return self._wrap(AESGCM.generate_key(bit_length=256), context, number)

    def seal(self, wrapped: bytes, context: str, label: str, plaintext: bytes) -> bytes:
        """The plaintext under a key of its own, bound to context and label."""
        return _sealed(self.content_key(wrapped, context, label), context, label, plaintext)

    def seal_anew(self, context: str, label: str, plaintext: bytes) -> tuple[bytes, bytes]:
        """(a fresh data key, wrapped; the plaintext sealed by it): as `new_data_key` and `seal`, but the key that was
        just wrapped need not be unwrapped again, which at a key service is a call."""
        data_key = AESGCM.generate_key(bit_length=256)
        sealed = _sealed(_content_key(data_key, context, label), context, label, plaintext)
        return self._wrap(data_key, context), sealed

    def open(self, wrapped: bytes, context: str, label: str, sealed: bytes) -> bytes:
        """The plaintext again."""
        parsed = Sealed.parse(sealed)
        direct = parsed.version == DIRECT
        key = self._unwrap(wrapped, context) if direct else self.content_key(wrapped, context, label)
        return decrypt(AESGCM(key), parsed.nonce + parsed.body, bind(parsed.header, "seal", context, label))

    def content_key(self, wrapped: bytes, context: str, label: str) -> bytes:
        """What opens this one content (of version 2) and nothing else of the order: for the content's owner alone."""
        return _content_key(self._unwrap(wrapped, context), context, label)

    def rewrap(self, wrapped: bytes, context: str) -> bytes:
        """The same data key under the first master key; the same bytes if it is there already and still opens."""
        data_key = self._unwrap(wrapped, context)
        return wrapped if self.master_key_of(wrapped) == self._newest else self._wrap(data_key, context)

    def check(self, wrapped: bytes, context: str) -> None:
        """Raises SealBroken unless this data key opens here."""
        self._unwrap(wrapped, context)

    def master_key_of(self, wrapped: bytes) -> int:
        """The number of the master key that wraps this data key, held here or not."""
        return Wrapped.parse(wrapped).master

    def first_fingerprint_key(self) -> bytes:
        """Wrapped: what the shop takes to fingerprint when it has none yet. Store it, and it outlives its master key.

        It derives from the master key with the lowest number, so that processes which begin at once agree.
        """
        return self._first_fingerprint_key

    def fingerprint(self, content: bytes, fingerprint_key: bytes | None = None) -> str:
        """64 hex digits that are equal for equal contents and say nothing without the (wrapped) fingerprint key."""
        mac = HMAC(self._unwrap(fingerprint_key or self._first_fingerprint_key, FINGERPRINTS), SHA256())
        mac.update(content)
        return mac.finalize().hex()

    def _wrap(self, data_key: bytes, context: str, number: int | None = None) -> bytes:
        number = number or self._newest
        master = self._masters[number]
        version = LOCAL if isinstance(master, LocalKey) else SERVICE
        blank = Wrapped(number, b"", version)
        body = master.wrap(data_key, bind(blank.header, "wrap", context))
        return Wrapped(number, body, version).pack()

    def _unwrap(self, wrapped: bytes, context: str) -> bytes:
        parsed = Wrapped.parse(wrapped)
        if parsed.master not in self._masters:
            raise SealBroken(
                f"vault: master key {parsed.master} is not in MASTER_KEYS", code="unknown_master_key"
            )
        return self._masters[parsed.master].unwrap(parsed.body, bind(parsed.header, "wrap", context))

    def __repr__(self) -> str:
        return f"Vault(master keys {', '.join(map(str, self._masters))})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a vault is neither pickled nor copied")


def _content_key(data_key: bytes, context: str, label: str) -> bytes:
    info = bind(_CONTENT, context, label)
    return HKDF(algorithm=SHA256(), length=DATA_KEY, salt=None, info=info).derive(data_key)


def _sealed(content_key: bytes, context: str, label: str, plaintext: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    bound = bind(Sealed(nonce, b"").header, "seal", context, label)
    return Sealed(nonce, AESGCM(content_key).encrypt(nonce, plaintext, bound)).pack()


def _fingerprint_key(master: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bitloot/fingerprint/1").derive(master)
