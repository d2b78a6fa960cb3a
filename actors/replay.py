"""Runs a logged notice again, through the same doors as the first time."""

from __future__ import annotations

import structlog

from actors import bell
from actors.chain import hand_on
from actors.foresight import ADOPTED, Foreseen, foresee
from actors.hints import step_for
from actors.reread import reread_goods, reread_money
from actors.reserve import reserve
from actors.step import step
from actors.workshop import shop
from bitloot.errors import Permanent
from bitloot.gateways.base import OtherNews, PaymentNews
from bitloot.states import OrderState
from bitloot.story import learn
from bitloot.suppliers.base import Hint
from db import Notice, Replay, open_notice, take_news
from db.hints import hinted
from db.replays import finish_replay

__all__ = ["replay"]

log = structlog.get_logger(__name__)


@step(queue="replay")
def replay(replay_id: str) -> None:
    """Reads the notice's body again and lets it take effect where it still can. Never buys, mails or reveals twice:
    money and steps pass the same doors as ever."""
    asked = Replay.get_or_none(Replay.id == replay_id)
    if asked is None or asked.done_at is not None:
        return
    notice = Notice.get_by_id(asked.notice_id)
    learn(notice.order_id)
    foreseen = foresee(shop(), notice)
    outcome = foreseen.outcome
    if outcome not in {"expunged", "refused", "ignored"}:
        outcome = _run(notice)
    if finish_replay(asked, outcome, _note(foreseen, outcome)):
        log.info(
            "a notice ran again",
            action="replayed",
            notice=str(notice.id),
            outcome=outcome,
            by=asked.actor,
        )
        bell.ring()


def _run(notice: Notice) -> str:
    """What came of it. Its body can be read: that was seen a moment ago."""
    try:
        opened = open_notice(shop().vault, notice)
        if notice.source == shop().gateway.name:
            return _replay_ipn(reread_money(shop().gateway, notice, *opened))
        return _replay_webhook(notice.source, reread_goods(shop().suppliers[notice.source], notice, *opened))
    except Permanent as error:  # it was deleted meanwhile, or a setting changed
        return error.code


def _note(foreseen: Foreseen, outcome: str) -> str:
    """What it changed or why nothing, in the words in which it was foreseen."""
    if outcome != foreseen.outcome and foreseen.outcome != ADOPTED:
        return f"came out as {outcome}: something else was quicker"
    return foreseen.change or foreseen.why


def _replay_ipn(news: PaymentNews | OtherNews) -> str:
    tools = shop()
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


def _replay_webhook(source: str, hint: Hint) -> str:
    about = hinted(source, hint) if hint.relevant else None
    if about is None:
        return "unmatched" if hint.relevant else "ignored"
    step = step_for(about, hint, shop().suppliers.get(source))
    if step is not None:
        hand_on(step, str(about.order_id))
    return "late" if about.late else "matched"
