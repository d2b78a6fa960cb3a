"""Keys as the suppliers hand them out."""

from __future__ import annotations

import base64
import hashlib
import re

from web.standins.keys import make_key


def test_a_canary_can_be_searched_for() -> None:
    key = make_key(canary=True, picture=False)
    assert re.fullmatch(r"BLKEY-[0-9a-f]{32}", key.serial)
    assert key.content == key.serial.encode()
    assert key.fingerprint == hashlib.sha256(key.content).hexdigest()


def test_a_plain_key_looks_like_a_game_key_and_never_repeats() -> None:
    serials = {make_key(canary=False, picture=False).serial for _ in range(100)}
    assert len(serials) == 100
    assert all(re.fullmatch(r"([A-Z2-9]{5}-){2}[A-Z2-9]{5}", serial) for serial in serials)


def test_a_picture_is_a_png_in_base64_that_carries_its_key() -> None:
    key = make_key(canary=True, picture=True)
    assert key.media_type == "image/png"
    assert base64.b64decode(key.serial) == key.content
    assert key.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert b"BLKEY-" in key.content


def test_a_key_does_not_show_in_a_repr() -> None:
    key = make_key(canary=True, picture=False)
    assert key.serial not in repr(key)
