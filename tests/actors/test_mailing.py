"""Sending one kept letter. What happens when something breaks on the way is told in test_notify, by its orders."""

from __future__ import annotations

from actors.mailing import advance, lease
from bitloot.mail.base import Letter as Rendered
from bitloot.shop import Shop
from db import Case, Letter, keep_letter
from tests.factories import an_order


def kept(shop: Shop, *, sending: bool = False, to: str = "buyer@example.test") -> Letter:
    rendered = Rendered(to, shop.settings.mail_from, "Ready", "text", "<p>x</p>")
    letter = keep_letter(shop.vault, an_order().id, "refund", rendered, sending=sending)
    assert letter is not None
    return letter


def test_a_kept_letter_goes_and_is_over(shop: Shop) -> None:
    letter = kept(shop)
    assert advance(letter) is None
    assert advance(Letter.get()) is None
    assert (Letter.get().state, Letter.get().attempts) == ("sent", 1)


def test_one_that_another_process_sends_is_looked_at_later(shop: Shop) -> None:
    assert advance(kept(shop, sending=True)) == lease()


def test_one_that_can_never_go_asks_a_person_and_is_over(shop: Shop) -> None:
    assert advance(kept(shop, to="nobody")) is None
    assert (Letter.get().state, Case.get().kind) == ("failed", "letter_failed")
