"""Letters beside the keys' own: each once, kept, tried again, and never in the way of an order."""

from __future__ import annotations

import re
import uuid

import pytest

from actors import workshop
from actors.mailing import advance
from actors.sweep import sweep_once
from actors.write_letter import write_letter
from bitloot.mail.base import Letter as Rendered
from bitloot.mail.resend import ResendMailer
from bitloot.shop import Shop
from bitloot.states import OrderState, PaymentState, PurchaseState
from db import Letter, Order, base
from db.guest_codes import take_code
from db.letters_due import ask_letter, claim_letters, gather_letters
from db.rights import Right, give_right_anew, right_of
from tests.actors.conftest import Queued, fault
from tests.actors.test_notify import mails, resend
from tests.factories import (
    a_paid_order,
    a_payment,
    a_product,
    a_waiting_order,
    an_order,
    news_of,
    take,
)
from web.standins.server import RunningStandins

__all__ = ["resend"]  # a fixture


ALL = ("order_received", "payment_confirmed", "underpaid", "cannot_deliver", "refund")


def rested() -> None:
    """As if the moments for which letters wait were over."""
    base.rows("UPDATE letters_due SET due_at = now() RETURNING 1")


def write_all() -> None:
    gather_letters(ALL, 1000)
    rested()
    for due_id in claim_letters(100, 60):
        write_letter(str(due_id))


def read(shop: Shop, order: Order, kind: str) -> Rendered:
    letter = Letter.get(Letter.order == order.id, Letter.kind == kind)
    opened: Rendered = letter.open(shop.vault, shop.settings.mail_from)
    return opened


def test_sweep_finds_the_letters_of_the_journal_and_each_goes_once(shop: Shop, queued: Queued) -> None:
    settings = shop.settings.model_copy(update={"letters": ALL})
    workshop.use(type(shop)(**{**vars(shop), "settings": settings}))
    placed, paid = an_order(), a_paid_order()
    assert (
        sweep_once()["write_letter"] == 1
    )  # whether a paid order is still on its way, it asks a little later
    rested()
    assert sweep_once()["write_letter"] == 2
    for due_id in queued(write_letter) * 2:
        write_letter(due_id)
    told = {(letter.order_id, letter.kind, letter.state) for letter in Letter.select()}
    assert told == {(placed.id, "order_received", "sent"), (paid.id, "payment_confirmed", "sent")}
    assert base.rows("SELECT count(*) FROM letters_due") == [(0,)]
    assert "write_letter" not in sweep_once()


def test_each_kind_tells_what_its_reader_needs(shop: Shop) -> None:
    placed, short, back = an_order(), an_order(), a_paid_order()
    a_payment(placed, "0.0005")
    payment = a_payment(short, "0.0005")
    take(news_of(payment, PaymentState.PARTIALLY_PAID, actually_paid=payment.pay_amount * 3 / 5))
    back.advance(OrderState.REFUND_DUE, actor="test")
    back.advance(OrderState.REFUNDED, actor="test")
    write_all()
    assert re.search(r"To pay:\s+0.0005 BTC", read(shop, placed, "order_received").text)
    underpaid = read(shop, short, "underpaid")
    assert re.search(r"Received:\s+0.0003 BTC", underpaid.text)
    assert re.search(r"Missing:\s+0.0002 BTC", underpaid.text)
    assert "0.0002 BTC" in underpaid.html
    assert "refunded" in read(shop, back, "refund").text
    for order, kind in ((placed, "order_received"), (short, "underpaid"), (back, "refund")):
        token = read(shop, order, kind).text.split(f"/o/{order.id}#")[1].split()[0]
        assert shop.tokens.read_link(token).generation == 1


def test_a_letter_in_the_shops_language(shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"shop_language": "de"})
    workshop.use(type(shop)(**{**vars(shop), "settings": settings}))
    order = an_order()
    write_all()
    letter = read(shop, order, "order_received")
    assert letter.subject == f"Wir haben deine Bestellung {str(order.id)[:8]} erhalten"
    assert re.search(r"Preis: +[0-9]+,[0-9]{2} EUR\n", letter.text)
    assert '<html lang="de">' in letter.html


def test_whoever_paid_for_what_cannot_be_bought_hears_it_once_and_gets_the_keys_letter_after_all(
    shop: Shop,
) -> None:
    order = a_paid_order()
    for _ in range(2):
        assert order.advance(OrderState.FAILED, actor="test", reason="out_of_stock")
        write_all()
        assert order.advance(OrderState.PAID, actor="test")
        write_all()
    assert [letter.kind for letter in Letter.select()] == ["cannot_deliver"]
    told = read(shop, order, "cannot_deliver")
    assert "what you ordered could not be bought" in told.text
    assert "Not bought" not in told.text + told.html
    write_letter(str(ask_letter(order.id, "keys_ready")))
    assert "keys_ready" in {letter.kind for letter in Letter.select()}


@pytest.mark.parametrize(
    ("language", "says"), [("en", "a part of your order"), ("de", "einen Teil deiner Bestellung")]
)
def test_of_a_half_bought_order_the_letter_names_what_is_missing(
    shop: Shop, language: str, says: str
) -> None:
    settings = shop.settings.model_copy(update={"shop_language": language})
    workshop.use(type(shop)(**{**vars(shop), "settings": settings}))
    order, [_, sold_out] = a_waiting_order((a_product(), 1), (a_product(name="Moon Courier"), 2))
    assert sold_out.advance(PurchaseState.FAILED, error="out_of_stock")
    assert order.advance(OrderState.FAILED, actor="test", reason="out_of_stock")
    write_all()
    told = read(shop, order, "cannot_deliver")
    assert says in " ".join(told.text.split())
    assert re.search(r"(Not bought|Nicht gekauft): +2 x Moon Courier\n", told.text)
    assert "2 x Moon Courier" in told.html


def test_what_waited_too_long_to_be_news_is_not_written(shop: Shop) -> None:
    order = a_paid_order()
    gather_letters(ALL, 1000)
    rested()
    order.advance(OrderState.REFUND_DUE, actor="test")
    for due_id in claim_letters(100, 60):
        write_letter(str(due_id))
    assert Letter.select().count() == 0
    assert base.rows("SELECT count(*) FROM letters_due") == [(0,)]


def test_a_mail_account_that_is_away_delays_the_letter_and_keeps_it(
    shop: Shop, resend: ResendMailer, standins: RunningStandins
) -> None:
    an_order()
    fault(standins, "resend.send", "status", status=500, body="{}")
    write_all()
    assert (Letter.get().state, len(mails(standins))) == ("kept", 0)
    base.rows("UPDATE letters_due SET due_at = now() RETURNING 1")
    write_all()
    assert (Letter.get().state, len(mails(standins))) == ("sent", 1)


def test_a_code_is_in_its_letter_and_nowhere_else(shop: Shop) -> None:
    order = an_order()
    write_letter(str(ask_letter(order.id, "guest_code")))
    text = read(shop, order, "guest_code").text
    [code] = re.findall(r"\d{4} \d{4}", text)
    assert code not in str(base.rows("SELECT g::text FROM guest_codes g"))
    assert code.replace(" ", "") not in str(base.rows("SELECT g::text FROM guest_codes g"))
    assert take_code(order.id, shop.tokens.code_digest(order.id, code.replace(" ", "")))


def test_a_letter_sent_again_is_another_one_with_the_present_link(shop: Shop) -> None:
    order = a_paid_order()
    write_letter(str(ask_letter(order.id, "keys_ready")))
    give_right_anew(order.id)
    write_letter(str(ask_letter(order.id, "keys_ready")))
    letters = list(Letter.select().order_by(Letter.generation))
    assert [(letter.generation, letter.state) for letter in letters] == [(1, "sent"), (2, "sent")]
    text = letters[1].open(shop.vault, shop.settings.mail_from).text
    assert shop.tokens.read_link(text.split(f"/o/{order.id}#")[1].split()[0]).generation == 2


def test_a_letter_that_is_over_is_left_alone(shop: Shop) -> None:
    write_letter(str(ask_letter(a_paid_order().id, "keys_ready")))
    assert advance(Letter.get()) is None


@pytest.mark.parametrize("kinds", [(), ("refund",)])
def test_only_the_kinds_that_the_setting_names_are_sent(shop: Shop, kinds: tuple[str, ...]) -> None:
    an_order()
    gather_letters(kinds, 1000)
    assert claim_letters(10, 60) == []


def test_two_runs_at_once_mail_the_code_that_is_good(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    order = an_order()
    due = str(ask_letter(order.id, "guest_code"))

    def overtaken(order_id: uuid.UUID) -> Right:
        monkeypatch.undo()
        write_letter(due)  # another worker has it too, and is quicker
        return right_of(order_id)

    monkeypatch.setattr("actors.write_letter.right_of", overtaken)
    write_letter(due)
    [code] = re.findall(r"\d{4} \d{4}", read(shop, order, "guest_code").text)
    assert take_code(order.id, shop.tokens.code_digest(order.id, code.replace(" ", "")))
