"""Tells the buyer that the keys are ready: one letter, rendered once, with a link and never a key."""

from __future__ import annotations

import structlog

from actors import bell
from actors.step import step
from actors.workshop import shop
from bitloot.errors import Ambiguous, BitLootError, Blocked, Duplicate, Permanent, Retryable
from bitloot.mail.letters import render_keys_ready
from bitloot.states import OrderState
from db import Letter, Order, keep_letter, letter_of, open_case
from db.orders import lines_of

__all__ = ["KIND", "notify"]

log = structlog.get_logger(__name__)

KIND = "keys_ready"

#: A try to send that is older than this (seconds) is dead: a session with a mail server may last a minute. Where the
#: mailer knows a letter by its key the setting `letter_lease` says it sooner, for to repeat one that lives is no harm.
STALE = 120.0

#: Resend forgets a letter's key after 24 hours (PROVIDERS.md §4); well before that (seconds) a repeat is still safe.
MEMORY = 20 * 3600.0

#: How long (seconds) a letter rests while our mail account does not take it.
REST = 300.0


@step(queue="notify")
def notify(order_id: str) -> None:
    """Sends the letter of a fulfilled order, unless it went already."""
    order = Order.find(order_id)
    if order is None or order.state is not OrderState.FULFILLED:
        return
    letter = letter_of(order.id, KIND)
    if letter is None:
        _send_first(order)
    elif letter.state in {"sent", "failed"}:
        order.rest()
    elif letter.start_sending() or _may_repeat(letter):
        _send(order, letter)
    else:
        order.look_again(_lease())


def _send_first(order: Order) -> None:
    """Renders, keeps and sends, unless another run of this step just did."""
    letter = _keep(order)
    if letter is None:
        order.look_again(_lease())
    else:
        _send(order, letter)


def _keep(order: Order) -> Letter | None:
    tools = shop()
    link = f"{tools.settings.public_url}/o/{order.id}#{tools.tokens.link(order.id, 1)}"
    rendered = render_keys_ready(
        tools.settings.shop_name,
        to=order.email,
        sender=tools.settings.mail_from,
        order_ref=str(order.id)[:8],
        items=[(line.name, line.quantity) for line in lines_of(order)],
        link=link,
    )
    return keep_letter(tools.vault, order.id, KIND, rendered, sending=True)


def _lease() -> float:
    tools = shop()
    return tools.settings.letter_lease if tools.mailer.repeats_safely else STALE


def _may_repeat(letter: Letter) -> bool:
    """Whether a try that died may be made again: only where the mailer knows the letter by its key."""
    remembered = shop().mailer.repeats_safely and not letter.is_stale(MEMORY)
    if remembered:
        return letter.take_over(_lease())
    if letter.is_stale(STALE):
        _doubt(letter, "the process died while the letter was on its way")
    return False


def _send(order: Order, letter: Letter) -> None:
    tools = shop()
    try:
        provider_id = tools.mailer.send(
            letter.open(tools.vault, tools.settings.mail_from), letter.idempotency_key
        )
    except Duplicate:
        letter.sent(tools.mailer.name, "known there already")
    except Retryable as error:
        letter.put_back(error.code)
        raise
    except Blocked as error:
        letter.put_back(error.code)
        order.look_again(REST)
        return
    except Permanent as error:
        _fail(letter, error)
    except Ambiguous as error:
        _doubt(letter, error.code)
    else:
        letter.sent(tools.mailer.name, provider_id)
        bell.ring()
        return
    order.rest()
    bell.ring()


def _fail(letter: Letter, error: BitLootError) -> None:
    if letter.fail(error.code):
        open_case(
            letter.order_id, letter.id, "letter_failed", {"error": error.code, "mailer": shop().mailer.name}
        )


def _doubt(letter: Letter, note: str) -> None:
    """It may have gone. A second letter is a person's decision."""
    if letter.fail(note):
        open_case(letter.order_id, letter.id, "letter_in_doubt", {"note": note, "mailer": shop().mailer.name})
