"""Letters are listed without what they say."""

from __future__ import annotations

from dataclasses import fields

from bitloot.mail.base import Letter as Rendered
from bitloot.settings import Settings
from bitloot.vault import Vault
from db import keep_letter
from db.letter_list import LETTERS, LetterFacts
from tests.factories import an_order


def test_letters_are_found_without_their_content(database: Settings) -> None:
    order = an_order()
    rendered = Rendered(to="Buyer@example.test", sender="s@example.test", subject="Keys", text="t", html="h")
    letter = keep_letter(Vault.from_settings(database), order.id, "keys_ready", rendered)
    assert letter is not None
    found = LETTERS.page({"recipient": "buyer@example.test", "state": "kept", "kind": "keys_ready"}, limit=5)
    assert [row.id for row in found.rows] == [letter.id]
    assert LETTERS.page({"fate": "bounced"}, limit=5).rows == []
    assert not {"content", "data_key"} & {field.name for field in fields(LetterFacts)}
