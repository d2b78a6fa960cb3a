"""Tells the buyer that the keys are ready: one letter, rendered once, with a link and never a key."""

from __future__ import annotations

from actors.chain import handed
from actors.mailing import advance, send
from actors.step import step
from actors.workshop import shop
from bitloot.mail.letters import render_keys_ready
from bitloot.states import OrderState
from db import Letter, Order, keep_letter, letter_of
from db.fulfilling import Fulfilling
from db.orders import order_with_items

__all__ = ["KIND", "notify"]

KIND = "keys_ready"


@step(queue="notify")
def notify(order_id: str) -> None:
    """Sends the letter of a fulfilled order, unless it went already."""
    read = handed(Fulfilling)
    order, items = order_with_items(order_id) if read is None else (read.order, read.items)
    if order is None or order.state is not OrderState.FULFILLED:
        return
    if (letter := _keep(order, items)) is not None:  # as nearly always: who asks first asks for nothing
        _settle(order, letter, send(letter))
    elif (letter := letter_of(order.id, KIND)) is not None:
        _settle(order, letter, advance(letter))


def _settle(order: Order, letter: Letter, pause: float | None) -> None:
    if pause is not None:
        order.look_again(pause)
    elif letter.state != "sent":  # one that was sent took its order to rest in its own commit
        order.rest()


def _keep(order: Order, items: list[tuple[str, int]]) -> Letter | None:
    """None if it was kept before."""
    tools = shop()
    # The right of an order cannot have been given anew before this letter: that takes a letter of this kind.
    link = f"{tools.settings.public_url}/o/{order.id}#{tools.tokens.link(order.id, 1)}"
    rendered = render_keys_ready(
        tools.settings.shop_name,
        to=order.email,
        sender=tools.settings.mail_from,
        order_ref=str(order.id)[:8],
        items=items,
        link=link,
        language=tools.settings.shop_language,
    )
    return keep_letter(tools.vault, order.id, KIND, rendered, sending=True, by=tools.mailer.name)
