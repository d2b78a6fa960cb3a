"""Sending one kept letter. What happens when something breaks on the way is told in test_notify, by its orders."""

from __future__ import annotations

import pytest

from actors import workshop
from actors.mailing import advance, lease
from bitloot.errors import Closed, Retryable
from bitloot.mail.base import Letter as Rendered
from bitloot.settings import Settings
from bitloot.shop import Shop
from db import Case, Letter, keep_letter
from tests.bitloot.mail.mail_server import mail_server
from tests.factories import an_order
from tests.waiting import until


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


def test_what_one_process_learns_of_the_mail_server_all_of_them_go_by(
    shop: Shop, standin_settings: Settings
) -> None:
    with mail_server() as server:
        told = {"mailer": "smtp", "smtp_port": server.port, "smtp_security": "none", "mail_from": "a@b.test"}
        rules = {"breaker_threshold": 2, "breaker_pause": 0.5}
        settings = standin_settings.model_copy(update={**told, **rules})
        server.cuts.add("MAIL")
        letters = [kept(shop) for _ in range(3)]
        workshop.use(workshop.shared_shop(settings))
        for letter in letters[:2]:
            with pytest.raises(Retryable):
                advance(letter)
        another = workshop.shared_shop(settings)
        workshop.use(another)
        with pytest.raises(Closed) as caught:
            advance(letters[2])
        assert caught.value.after is not None
        assert 0 < caught.value.after <= 0.5
        assert len(server.secured) == 2  # sessions: nobody dialled the third time
        assert {letter.state for letter in Letter.select()} == {"kept"}
        server.cuts.clear()
        until(lambda: another.turnstiles["smtp"].refusal() is None, what="the time of the probe")
        assert [advance(letter) for letter in Letter.select()] == [None] * 3
        assert len(server.received) == 3
