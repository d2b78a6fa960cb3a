"""AES-256-GCM written out after FIPS 197 and SP 800-38D: slow, for tests only, and no code of anybody's library."""

from __future__ import annotations

__all__ = ["open_gcm"]


def _times(a: int, b: int) -> int:
    """In GF(2^8) with AES's polynomial."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def _substitution() -> list[int]:
    box = []
    for value in range(256):
        inverse = next((other for other in range(256) if _times(value, other) == 1), 0)
        rotated = inverse * 0x101
        box.append(0x63 ^ (rotated ^ rotated >> 4 ^ rotated >> 5 ^ rotated >> 6 ^ rotated >> 7) & 0xFF)
    return box


SUBSTITUTION = _substitution()


def _round_keys(key: bytes) -> list[bytes]:
    words = [key[index : index + 4] for index in range(0, 32, 4)]
    constant = 1
    while len(words) < 60:
        word = words[-1]
        if len(words) % 8 == 0:
            word = bytes(SUBSTITUTION[byte] for byte in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _times(constant, 2)
        elif len(words) % 8 == 4:
            word = bytes(SUBSTITUTION[byte] for byte in word)
        words.append(_xor(words[-8], word))
    return [b"".join(words[index : index + 4]) for index in range(0, 60, 4)]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=False))


def _encrypt_block(keys: list[bytes], block: bytes) -> bytes:
    state = _xor(block, keys[0])
    for number, key in enumerate(keys[1:], 1):
        # SubBytes, and ShiftRows: row r of each column comes from r columns further on
        state = bytes(SUBSTITUTION[state[(index + 4 * (index % 4)) % 16]] for index in range(16))
        if number < len(keys) - 1:
            state = b"".join(_mixed(state[index : index + 4]) for index in range(0, 16, 4))
        state = _xor(state, key)
    return state


def _mixed(column: bytes) -> bytes:
    return bytes(
        _times(column[row], 2)
        ^ _times(column[(row + 1) % 4], 3)
        ^ column[(row + 2) % 4]
        ^ column[(row + 3) % 4]
        for row in range(4)
    )


def _ghash(key: int, data: bytes) -> int:
    total = 0
    for index in range(0, len(data), 16):
        total ^= int.from_bytes(data[index : index + 16], "big")
        product, factor = 0, key
        for bit in range(127, -1, -1):
            product ^= factor if total >> bit & 1 else 0
            factor = factor >> 1 ^ (0xE1 << 120 if factor & 1 else 0)
        total = product
    return total


def open_gcm(key: bytes, nonce: bytes, body: bytes, tag: bytes, bound: bytes) -> bytes | None:
    """The plaintext, or None where the tag (16 bytes) does not fit. The nonce has 12 bytes."""
    keys = _round_keys(key)
    padded = b"".join(part + bytes(-len(part) % 16) for part in (bound, body))
    lengths = (len(bound) * 8).to_bytes(8, "big") + (len(body) * 8).to_bytes(8, "big")
    hashed = _ghash(int.from_bytes(_encrypt_block(keys, bytes(16)), "big"), padded + lengths)
    if _xor(hashed.to_bytes(16, "big"), _encrypt_block(keys, nonce + b"\0\0\0\1")) != tag:
        return None
    stream = b"".join(
        _encrypt_block(keys, nonce + number.to_bytes(4, "big")) for number in range(2, 3 + len(body) // 16)
    )
    return _xor(body, stream)
