"""Letters: rendered once, kept sealed, sent by one."""

from __future__ import annotations

from bitloot.mail.base import Letter as RenderedLetter
from bitloot.settings import Settings
from bitloot.vault import Vault
from db import Letter, base, keep_letter, letter_of
from tests.factories import an_order

VAULT = Vault({1: b"m" * 32})
TEXT = "Your link: https://shop.test/o/1#secret-link-token"


def a_letter(text: str = TEXT) -> Letter:
    rendered = RenderedLetter(
        to="buyer@example.test", sender="Shop <a@shop.test>", subject="Ready", text=text, html="<p>x</p>"
    )
    letter = keep_letter(VAULT, an_order().id, "keys_ready", rendered)
    assert letter is not None
    return letter


def _age(seconds: int) -> None:
    base.rows(f"UPDATE letters SET sending_at = now() - interval '{seconds} seconds' RETURNING id")


def test_the_first_rendering_is_the_one_that_stays(database: Settings) -> None:
    first = a_letter()
    other = RenderedLetter(to="x@example.test", sender="", subject="other", text="other", html="")
    assert keep_letter(VAULT, first.order_id, "keys_ready", other, sending=True) is None
    kept = letter_of(first.order_id, "keys_ready")
    assert kept is not None
    assert (kept.id, kept.state) == (first.id, "kept")
    assert kept.open(VAULT, "Shop <a@shop.test>").text == TEXT
    assert Letter.select().count() == 1


def test_the_link_does_not_lie_in_the_table(database: Settings) -> None:
    a_letter()
    dump = str(base.rows("SELECT l::text, encode(content, 'escape') FROM letters l"))
    assert "secret-link-token" not in dump
    assert b"secret-link-token".hex() not in dump


def test_one_of_two_workers_sends(database: Settings) -> None:
    letter = a_letter()
    twin = letter_of(letter.order_id, "keys_ready")
    assert twin is not None
    assert letter.start_sending()
    assert not twin.start_sending()
    assert not twin.take_over(60)


def test_a_dead_try_is_taken_over_by_one(database: Settings) -> None:
    letter = a_letter()
    letter.start_sending()
    _age(100)
    twin = letter_of(letter.order_id, "keys_ready")
    assert twin is not None
    assert twin.take_over(60)
    assert not letter.take_over(60)


def test_sent_is_final(database: Settings) -> None:
    letter = a_letter()
    letter.start_sending()
    assert letter.sent("directory", "id-1")
    assert not letter.put_back("late")
    assert not letter.fail("late")
    kept = letter_of(letter.order_id, "keys_ready")
    assert kept is not None
    assert (kept.state, kept.provider_id, kept.attempts) == ("sent", "id-1", 1)


def test_what_was_certainly_not_sent_may_be_sent_again(database: Settings) -> None:
    letter = a_letter()
    letter.start_sending()
    assert letter.put_back("rate_limited")
    assert letter.start_sending()


def test_a_letter_kept_as_being_sent_is_a_try_like_any_other(database: Settings) -> None:
    order = an_order()
    rendered = RenderedLetter(to="b@example.test", sender="", subject="Ready", text=TEXT, html="")
    letter = keep_letter(VAULT, order.id, "keys_ready", rendered, sending=True)
    assert letter is not None
    assert (letter.state, letter.attempts) == ("sending", 1)
    assert not letter.start_sending()
    assert not letter.take_over(60)
    _age(100)
    assert letter.take_over(60)


def test_an_order_rests_with_its_letter_in_one_commit(database: Settings) -> None:
    order = an_order()
    base.rows("UPDATE orders SET state = 'fulfilled', due_at = now() WHERE id = %s RETURNING id", order.id)
    rendered = RenderedLetter(to="b@example.test", sender="", subject="Ready", text=TEXT, html="")
    letter = keep_letter(VAULT, order.id, "keys_ready", rendered, sending=True)
    assert letter is not None
    assert letter.sent("directory", "id-1")
    assert base.rows("SELECT due_at FROM orders WHERE id = %s", order.id) == [(None,)]
