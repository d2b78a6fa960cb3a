"""A text is found in whatever form it hides."""

from __future__ import annotations

import base64
import email.message
import secrets
from pathlib import Path
from urllib.parse import quote

import pytest

from bitloot.cli import plaintext
from bitloot.cli.plaintext import FORMS, Haystack, control_text, search

KEY = f"BLKEY-{secrets.token_hex(16)}"
CONTROL = f"CONTROL-{secrets.token_hex(16)}"

HIDDEN = {
    "as it is": (KEY.encode(), "plain"),
    "in json": (b'{"key": "' + KEY.encode() + b'"}', "plain"),
    "base64": (base64.b64encode(KEY.encode()), "base64"),
    "base64 behind one byte": (base64.b64encode(b"x" + KEY.encode()), "base64"),
    "base64 behind two bytes": (base64.b64encode(b"xy" + KEY.encode() + b"z"), "base64"),
    "base64 for addresses": (base64.urlsafe_b64encode(b"\xff\xfe" + KEY.encode()), "base64"),
    "hex": (KEY.encode().hex().encode(), "hex"),
    "HEX": (KEY.encode().hex().upper().encode(), "hex"),
    "a dump's bytea": (b"'\\x00" + KEY.encode().hex().encode() + b"ff'", "hex"),
    "url-encoded": ("".join(f"%{byte:02X}" for byte in KEY.encode()).encode(), "url-encoded"),
    "url-quoted": (quote(KEY).encode(), "plain"),
    "reversed": (KEY[::-1].encode(), "reversed"),
    "broken into lines": (base64.encodebytes(b"x" * 40 + KEY.encode()), "base64"),
    "quoted-printable": (f"{KEY[:20]}=\r\n{KEY[20:]}".encode(), "plain"),
}


def finding_in(data: bytes) -> plaintext.Finding:
    (found,) = search([Haystack.of_bytes("here", lambda: data + control_text(CONTROL))], [KEY], CONTROL)
    assert found.works
    assert found.size == len(data + control_text(CONTROL))
    return found


@pytest.mark.parametrize(("data", "form"), HIDDEN.values(), ids=list(HIDDEN))
def test_a_key_is_found_in_every_form(data: bytes, form: str) -> None:
    found = finding_in(b"before " + data + b" after")
    assert form in found.hits
    assert not found.clean


def test_where_no_key_is_none_is_found() -> None:
    found = finding_in(secrets.token_bytes(100_000) + KEY[:-1].encode())
    assert found.clean


def test_a_mails_body_is_looked_into() -> None:
    message = email.message.EmailMessage()
    message.set_content("x" * 70 + KEY + "é" * 50)
    assert not finding_in(message.as_bytes()).clean


def test_a_missing_control_shows_that_the_search_does_not_work() -> None:
    (found,) = search([Haystack.of_bytes("here", lambda: CONTROL.encode())], [KEY], CONTROL)
    assert found.clean
    assert not found.works
    assert found.control == {"plain"}
    assert set(FORMS) > found.control


def test_files_are_searched_with_their_names_and_over_seams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plaintext, "PIECE", 5_000)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "log").write_bytes(b"x" * (5_000 - 10) + KEY.encode() + b"y" * 9_000)
    (tmp_path / CONTROL).touch()
    (found,) = search([Haystack.of_folder("here", tmp_path, folds=False)], [KEY], CONTROL)
    assert found.hits == ("plain",)
    assert found.control == {"plain"}


def test_an_empty_folder_is_clean(tmp_path: Path) -> None:
    (found,) = search([Haystack.of_folder("here", tmp_path / "nothing")], [KEY], CONTROL)
    assert found.clean
    assert found.size == 0
