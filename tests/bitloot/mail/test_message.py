"""Letters as Internet messages."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from bitloot.errors import Malformed
from bitloot.mail.message import MAX_SUBJECT, build_message, check_key, check_letter, message_id
from tests.bitloot.mail.contract import LETTER


def parsed(key: str = "letter-1") -> EmailMessage:
    message = message_from_bytes(build_message(LETTER, key).as_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_message_has_the_fields_that_it_needs_and_each_once() -> None:
    message = parsed()
    assert sorted(name for name, _ in message.items()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_message_id_follows_from_the_key_alone() -> None:
    fields = check_letter(LETTER)
    first, other = message_id(fields, "letter-1"), message_id(fields, "letter-2")
    assert parsed()["Message-ID"] == first != other
    assert message_id(check_letter(replace(LETTER, text="else")), "letter-1") == first
    assert first.endswith("@shop.example>")
    assert "letter-1" not in first


def test_a_subject_is_one_line_of_some_length() -> None:
    assert check_letter(replace(LETTER, subject="x" * MAX_SUBJECT)).subject
    for subject in ("", "x" * (MAX_SUBJECT + 1), "a\tb", "a\nb", "a\u202eb", "a\ud800b"):
        with pytest.raises(Malformed) as caught:
            check_letter(replace(LETTER, subject=subject))
        assert caught.value.code == "bad_subject"


def test_a_long_subject_is_folded_and_comes_back_whole() -> None:
    subject = "Dlouhý předmět s háčky a čárkami " * 8
    message = message_from_bytes(
        build_message(replace(LETTER, subject=subject), "k").as_bytes(), policy=default
    )
    assert message["Subject"] == subject


@pytest.mark.parametrize("key", ["k", "letter:1/2", "x" * 256])
def test_a_visible_key_is_kept(key: str) -> None:
    assert check_key(key) == key
