"""Writes and sends the letters that follow the journal, or that somebody asked for: each by a message of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

from actors.mailing import advance, lease, send
from actors.step import step
from actors.workshop import shop
from bitloot.amounts import read_amount
from bitloot.errors import Malformed, Retryable
from bitloot.mail.figures import coins_in, moment_in, money_in
from bitloot.mail.letters import LetterFacts, render_letter
from bitloot.states import OrderState
from bitloot.story import learn
from db import Letter, Order, Payment, keep_letter, letter_of
from db.guest_codes import keep_code
from db.letters_due import (
    DueLetter,
    due_letter,
    end_letter,
    lines_not_bought,
    overtaken,
    put_off_letter,
    refund_of,
)
from db.order_facts import keys_per_line, payments_of
from db.orders import lines_of
from db.rights import right_of

__all__ = ["write_letter"]

#: Between two tries (seconds) of a letter that certainly did not go.
AGAIN = 60.0


@step(queue="letters")
def write_letter(due_id: str) -> None:
    """Renders and keeps a letter that is due, unless that was done, and sends it, unless it went already."""
    due = due_letter(due_id)
    order = Order.find(due.order_id) if due is not None else None
    if due is None or order is None:
        return
    learn(order.id)
    letter = letter_of(order.id, due.kind, due.generation)
    if letter is None and not _is_news(due, order):
        end_letter(due.id)
        return
    try:
        pause = _go_on(due, order, letter)
    except Retryable as error:
        pause = error.after or AGAIN
    if pause is None:
        end_letter(due.id)
    else:
        put_off_letter(due.id, pause)


def _go_on(due: DueLetter, order: Order, letter: Letter | None) -> float | None:
    """The seconds after which to look again; None when it is over."""
    if letter is not None:
        return advance(letter)
    kept = _keep(due, order)
    return lease() if kept is None else send(kept)


def _is_news(due: DueLetter, order: Order) -> bool:
    """Whether it is still true. What a person asked for again is written as long as the order is there.

    Of two codes that were asked for at once the newer counts: the older would come as a letter that opens nothing.
    """
    if due.kind == "guest_code":
        return not overtaken(due)
    return due.generation > 1 or order.state in NEWS.get(due.kind, frozenset(OrderState))


def _keep(due: DueLetter, order: Order) -> Letter | None:
    """Rendered once, and kept sealed; None if another run just did so."""
    tools = shop()
    settings = tools.settings
    link = tools.tokens.link(order.id, right_of(order.id).generation)
    facts = LetterFacts(
        shop_name=settings.shop_name,
        to=order.email,
        sender=settings.mail_from,
        order_ref=str(order.id)[:8],
        items=[(line.name, line.quantity) for line in lines_of(order)],
        link=f"{settings.public_url}/o/{order.id}#{link}",
        language=settings.shop_language,
    )
    tells = TELLS.get(due.kind)
    told = tells(order) if tells else {}
    rendered = render_letter(due.kind, facts, **told)
    then = None
    if (
        "code" in told
    ):  # in the letter's commit: no code is mailed that opens nothing, or ends one that is mailed
        digest = tools.tokens.code_digest(order.id, "".join(told["code"].split()))
        then = partial(keep_code, order.id, digest, settings.guest_code_seconds, due.generation)
    by = tools.mailer.name
    return keep_letter(
        tools.vault, order.id, due.kind, rendered, due.generation, sending=True, by=by, then=then
    )


def _order_received(order: Order) -> Mapping[str, str]:
    language = shop().settings.shop_language
    told = {"price": money_in(language, order.price, order.currency)}
    payment = _payment(order)
    if payment is None or order.state is not OrderState.CREATED:
        return told
    told["amount"] = _coins(payment.pay_amount, payment.pay_currency)
    if payment.valid_until is not None:
        told["until"] = moment_in(language, payment.valid_until)
    return told


def _payment_confirmed(order: Order) -> Mapping[str, str]:
    payment = _payment(order)
    paid = payment.actually_paid if payment is not None else None
    return {"amount": _coins(paid, order.pay_currency)} if paid else {}


def _underpaid(order: Order) -> Mapping[str, str]:
    payment = _payment(order)
    if payment is None:
        return {}
    received = payment.actually_paid or Decimal(0)
    return {
        "received": _coins(received, payment.pay_currency),
        "asked": _coins(payment.pay_amount, payment.pay_currency),
        "missing": _coins(max(payment.pay_amount - received, Decimal(0)), payment.pay_currency),
    }


def _cannot_deliver(order: Order) -> Mapping[str, str]:
    """`missing` only where something of the order was bought, or still may be."""
    missing = lines_not_bought(order.id)
    partly = len(missing) < len(lines_of(order)) or keys_per_line(order.id).total() > 0
    told = {"missing": ", ".join(f"{quantity} x {name}" for name, quantity in missing)} if partly else {}
    return {**_payment_confirmed(order), **told, "coin": order.pay_currency.upper()}


def _refund(order: Order) -> Mapping[str, str]:
    back = refund_of(order.id)
    coin = str(back.get("coin") or order.pay_currency)
    amount = _typed_coins(back["amount"], coin) if back.get("amount") else ""
    return {"amount": amount, "transaction": str(back.get("transaction") or "")}


def _guest_code(_order: Order) -> Mapping[str, str]:
    """Made here, so that it is in no message; what is kept of it is a keyed digest."""
    code = f"{secrets.randbelow(10**8):08d}"
    return {"code": f"{code[:4]} {code[4:]}", "minutes": str(shop().settings.guest_code_seconds // 60)}


def _payment(order: Order) -> Payment | None:
    """The newest one."""
    return next(iter(payments_of(order.id)), None)


def _coins(amount: Decimal, coin: str) -> str:
    return coins_in(shop().settings.shop_language, amount, coin)


def _typed_coins(amount: str, coin: str) -> str:
    """A person may have typed it: what is no number stands as it is."""
    try:
        return _coins(read_amount(amount), coin)
    except Malformed:
        return f"{amount} {coin.upper()}"


#: What each kind tells beside what all of them do.
TELLS: Mapping[str, Callable[[Order], Mapping[str, str]]] = {
    "order_received": _order_received,
    "payment_confirmed": _payment_confirmed,
    "underpaid": _underpaid,
    "cannot_deliver": _cannot_deliver,
    "refund": _refund,
    "guest_code": _guest_code,
}

#: The states in which a letter is still news; the others always are.
NEWS: Mapping[str, frozenset[OrderState]] = {
    "order_received": frozenset({OrderState.CREATED, OrderState.REVIEW}),
    "payment_confirmed": frozenset({OrderState.PAID, OrderState.WAITING, OrderState.READY}),
    "underpaid": frozenset({OrderState.REVIEW}),
    "cannot_deliver": frozenset({OrderState.FAILED, OrderState.REFUND_DUE}),
}
