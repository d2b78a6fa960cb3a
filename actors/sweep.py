"""The net under everything: finds whatever stands still by its row, and sends its step again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import dramatiq
import structlog

from actors import bell, blocks
from actors.alert import alert, silence
from actors.backlog import backlog
from actors.check_payment import check_payment
from actors.check_purchase import check_purchase
from actors.clear import clear, withdraw_ended
from actors.finalize import finalize
from actors.notify import notify
from actors.replay import replay
from actors.reserve import reserve
from actors.step import step
from actors.workshop import shop
from actors.write_letter import write_letter
from bitloot.deadlines import deadlines
from bitloot.settings import Settings
from bitloot.states import OrderState
from db import Order, base, claim_due, claim_polls
from db.admin_links import forget_links
from db.admin_sessions import forget_sessions
from db.alerts import claim_alerts, gather_alerts
from db.expunge import expunge_old
from db.letters_due import claim_letters, gather_letters
from db.purchase_checks import claim_checks, wake
from db.replays import claim_replays
from db.rights import doomed_due
from db.stuck import beat, end_stuck, expire_unpaid, raise_alarms
from db.tries import forget_tries

__all__ = ["PARTS", "STEP", "sweep", "sweep_once"]

log = structlog.get_logger(__name__)

#: The step that takes an order on from each state in which something of ours is due.
STEP: Mapping[OrderState, dramatiq.Actor[..., None]] = {
    OrderState.PAID: reserve,
    OrderState.WAITING: finalize,
    OrderState.READY: finalize,  # which asks whether it still stands, and hands on to encrypt_store
    OrderState.FULFILLED: notify,
}

Sent = dict[str, int]


@step(queue="sweep")
def sweep() -> None:
    """Derives all pending work from rows; what Redis lost is found here."""
    sweep_once()


def sweep_once() -> Sent:
    """One pass; {what was done: how often}. One part that fails does not stop the others; its error is raised at last.

    Any number may run side by side: each row is claimed by one of them, for as long as its grace.
    """
    settings, sent, errors = shop().settings, Sent(), list[Exception]()
    for part in PARTS:
        try:
            base.mend()  # a connection that was lost under one part is not the next one's
            for name, count in part(settings).items():
                sent[name] = sent.get(name, 0) + count
        except Exception as error:
            log.error(
                "a part of sweep failed",
                action="sweep_failed",
                part=part.__name__,
                error=type(error).__name__,
            )
            errors.append(error)
    if sent:
        log.info("sweep found work", action="swept", **sent)
    if errors:
        raise errors[0]
    beat()
    return sent


def _orders(settings: Settings) -> Sent:
    """Orders that stand still, state by state, each state with a batch of its own."""
    sent = Sent()
    for state, actor in STEP.items():
        claimed = claim_due(state, settings.sweep_batch, settings.sweep_grace, backlog(actor))
        for order_id in claimed:
            actor.send(str(order_id))
        if claimed:
            sent[actor.actor_name] = sent.get(actor.actor_name, 0) + len(claimed)
    return sent


def _payments(settings: Settings) -> Sent:
    """Payments that the gateway is asked about, no more a second than it allows."""
    polls = claim_polls(
        settings.sweep_batch,
        settings.payment_poll_seconds,
        rate=settings.payment_poll_rate,
        window=settings.sweep_seconds,
    )
    for poll in polls:
        delay = int(poll.wait * 1000) or None
        check_payment.send_with_options(args=(str(poll.payment_id),), delay=delay)
    return {check_payment.actor_name: len(polls)} if polls else {}


def _purchases(settings: Settings) -> Sent:
    """Unfinished purchases: by their order's step, or where it has none by a look of their own."""
    checks = claim_checks(settings.sweep_batch, settings.purchase_check_seconds)
    orphans = [check for check in checks if check.orphaned]
    for check in orphans:
        check_purchase.send(str(check.purchase_id))
    awake = wake([check.order_id for check in checks if not check.orphaned], settings.sweep_grace)
    done = {check_purchase.actor_name: len(orphans), "woken": awake}
    return {name: count for name, count in done.items() if count}


def _unpaid(settings: Settings) -> Sent:
    """Orders that nobody paid, once their payments are watched no more."""
    ended = 0
    for order_id in expire_unpaid(settings.payment_watch_days, settings.sweep_batch):
        order = Order.find(order_id)
        if order is not None and order.state is OrderState.CREATED:
            ended += order.advance(OrderState.EXPIRED, actor="sweep", reason="nobody paid")
    if ended:
        bell.ring()
    return {"expired": ended} if ended else {}


def _alarms(settings: Settings) -> Sent:
    """Orders that stand past the deadline of their state; and the end of such alarms."""
    done = Sent()
    for state, deadline in deadlines(settings).items():
        for alarm in raise_alarms(state, deadline, settings.sweep_batch):
            done["alarms"] = done.get("alarms", 0) + 1
            log.error(
                "an order stands too long",
                action="stuck",
                order=str(alarm.order_id),
                state=str(alarm.state),
                seconds=round(alarm.seconds),
            )
    for order_id in end_stuck(settings.sweep_batch):
        log.info("an order moved on", action="unstuck", order=str(order_id))
    return done


def _replays(settings: Settings) -> Sent:
    """Notices that are to run again, at the pace at which they were asked for."""
    due = claim_replays(settings.sweep_batch, settings.sweep_grace, settings.sweep_seconds)
    for one in due:
        replay.send_with_options(args=(str(one.replay_id),), delay=int(one.wait * 1000) or None)
    return {replay.actor_name: len(due)} if due else {}


def _expunge(settings: Settings) -> Sent:
    """Bodies of notices whose time is over."""
    deleted = expunge_old(settings.notice_retention_days, settings.sweep_batch)
    return {"expunged": deleted} if deleted else {}


def _blocks(_: Settings) -> Sent:
    """Providers that take our calls again after they had refused our account."""
    freed = blocks.review(shop())
    return {"freed": len(freed)} if freed else {}


def _alerts(settings: Settings) -> Sent:
    """What a person is to be told now: whatever the parts before have found, too."""
    gather_alerts(silence(), settings.sweep_batch)
    claimed = claim_alerts(settings.sweep_batch, settings.sweep_grace * 4)
    for alert_id in claimed:
        alert.send(str(alert_id))
    return {alert.actor_name: len(claimed)} if claimed else {}


def _letters(settings: Settings) -> Sent:
    """Letters that the journal calls for, and letters that wait for another try."""
    gather_letters(settings.letters, settings.sweep_batch * 10)
    claimed = claim_letters(settings.sweep_batch, settings.sweep_grace * 4, backlog(write_letter))
    for due_id in claimed:
        write_letter.send(str(due_id))
    return {write_letter.actor_name: len(claimed)} if claimed else {}


def _rights(settings: Settings) -> Sent:
    """Keys of refunded orders, and those that were kept long enough; and counts of tries that are over."""
    done = Sent()
    if withdrawn := withdraw_ended(settings.retention_days, settings.sweep_batch):
        done["withdrawn"] = withdrawn
    for forget in (forget_tries, forget_links, forget_sessions):
        forget(settings.sweep_batch)
    if doomed_due():
        clear.send()
        done[clear.actor_name] = 1
    return done


#: In this order; each by its own index, cheap when nothing is due.
PARTS: tuple[Callable[[Settings], Sent], ...] = (
    _orders,
    _payments,
    _purchases,
    _unpaid,
    _alarms,
    _replays,
    _expunge,
    _blocks,
    _letters,
    _rights,
    _alerts,
)
