"""What a notice would do if it ran again now, and why nothing where nothing would happen. Writes nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from actors.hints import step_for
from actors.reread import reread_goods, reread_money
from bitloot.errors import Permanent
from bitloot.gateways.base import OtherNews, PaymentNews
from bitloot.shop import Shop
from bitloot.suppliers.base import Hint, Supplier
from db import Notice, Terms, open_notice
from db.hints import hinted
from db.news import Foreseen as ForeseenNews
from db.news import foresee as foresee_news
from db.notices import Expunged

__all__ = ["ADOPTED", "Foreseen", "foresee"]

ADOPTED = "adopted"

#: Why a notice about money would change nothing.
NOTHING = {
    "unknown": "it names no payment and no order of ours",
    "late": "the payment is further on by now, or later news of it came before",
}


@dataclass(frozen=True)
class Foreseen:
    """`change`: what would happen; where that is None, `why` says why nothing."""

    notice_id: uuid.UUID
    outcome: str
    order_id: uuid.UUID | None = None
    change: str | None = None
    why: str = ""


def foresee(shop: Shop, notice: Notice) -> Foreseen:
    """Opens the sealed body and judges it against the rows as they are. Needs a connection scope."""
    try:
        opened = open_notice(shop.vault, notice)
        if notice.source == shop.gateway.name:
            return _money(shop, notice, reread_money(shop.gateway, notice, *opened))
        if notice.source == "resend":
            return Foreseen(
                notice.id, "ignored", why="a letter's fate took effect in the commit of its notice"
            )
        supplier = shop.suppliers.get(notice.source)
        if supplier is None:
            return Foreseen(
                notice.id, "refused", notice.order_id, why="supplier_off: its supplier is not set up"
            )
        return _goods(supplier, notice, reread_goods(supplier, notice, *opened))
    except Expunged:
        deleted = notice.expunged_at.strftime("%Y-%m-%d") if notice.expunged_at else "before"
        return Foreseen(notice.id, "expunged", notice.order_id, why=f"its body was deleted ({deleted})")
    except Permanent as error:
        return Foreseen(notice.id, "refused", notice.order_id, why=f"{error.code}: by today's rules")


def _money(shop: Shop, notice: Notice, news: PaymentNews | OtherNews) -> Foreseen:
    if not isinstance(news, PaymentNews):
        return Foreseen(notice.id, "ignored", why="it is not about a payment")
    settings = shop.settings
    terms = Terms(shop.gateway.name, settings.payment_tolerance, "replay", settings.payment_poll_seconds)
    told = foresee_news(news, terms)
    return Foreseen(notice.id, told.outcome, told.order_id, _change(told), _why(told))


def _change(told: ForeseenNews) -> str | None:
    if told.outcome == ADOPTED:
        return "takes a payment that we did not open for this order, and judges it"
    moves = f"{told.src} → {told.dst}" if told.dst else ""
    asks = f"asks a person ({told.case}), unless that was answered" if told.case else ""
    return ", ".join(part for part in (moves, asks) if part) or None


def _why(told: ForeseenNews) -> str:
    return NOTHING.get(told.outcome) or f"the order is {told.src}, and this moves it no further"


def _goods(supplier: Supplier, notice: Notice, hint: Hint) -> Foreseen:
    if not hint.relevant:
        return Foreseen(notice.id, "ignored", why="it is not about an order")
    about = hinted(notice.source, hint)
    if about is None:
        return Foreseen(notice.id, "unmatched", why="no purchase of ours goes by its references")
    if about.late:
        return Foreseen(notice.id, "late", about.order_id, why="later news about it came before")
    step = step_for(about, hint, supplier)
    change = f"wakes {step.actor_name}" if step else None
    return Foreseen(
        notice.id,
        "matched",
        about.order_id,
        change,
        why=f"the order is {about.state}: nothing waits for this news",
    )
