"""Runs a logged notice again, through the same doors as the first time."""

from __future__ import annotations

import structlog

from actors import bell
from actors.chain import hand_on
from actors.hints import step_for
from actors.reserve import reserve
from actors.step import step
from actors.workshop import shop
from bitloot.gateways.base import PaymentNews
from bitloot.states import OrderState
from db import Notice, open_notice, take_news
from db.hints import hinted
from db.notices import count_replay

__all__ = ["replay"]

log = structlog.get_logger(__name__)


@step(queue="replay")
def replay(notice_id: str) -> None:
    """Judges the notice's body again and lets it take effect where it still can. Never buys, mails or reveals twice."""
    notice = Notice.get_or_none(Notice.id == notice_id)
    if notice is None:
        return
    headers, body = open_notice(shop().vault, notice)
    if notice.source == shop().gateway.name:
        outcome = _replay_ipn(headers, body)
    elif notice.source == "resend":
        outcome = "ignored"  # a letter's fate took effect in the commit of its notice
    else:
        outcome = _replay_webhook(notice.source, headers, body)
    count_replay(notice.id, outcome)
    bell.ring()


def _replay_ipn(headers: dict[str, str], body: bytes) -> str:
    tools = shop()
    news = tools.gateway.parse_ipn(headers, body)
    if not isinstance(news, PaymentNews):
        return "ignored"
    taken = take_news(
        news,
        gateway=tools.gateway.name,
        tolerance=tools.settings.payment_tolerance,
        actor="replay",
        poll_seconds=tools.settings.payment_poll_seconds,
    )
    if taken.dst is OrderState.PAID:
        hand_on(reserve, str(taken.order_id))
    return taken.outcome


def _replay_webhook(source: str, headers: dict[str, str], body: bytes) -> str:
    hint = shop().suppliers[source].parse_webhook(headers, body)
    about = hinted(source, hint) if hint.relevant else None
    if about is None:
        return "unmatched" if hint.relevant else "ignored"
    step = step_for(about, hint)
    if step is not None:
        hand_on(step, str(about.order_id))
    return "matched"
