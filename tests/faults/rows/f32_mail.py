"""F32: the mail provider takes a letter and its answer is lost, says 429 and 5xx, or is away; the same by SMTP."""

from __future__ import annotations

import email
import email.policy
import time
from collections import Counter
from typing import Any

from tests.bitloot.mail.mail_server import MailServer, mail_server
from tests.faults.canaries import CANARY
from tests.faults.patience import until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import case_kinds, misbehaving
from tests.faults.trial import Trial
from web.standins.accounts import bites

__all__ = ["mail_troubles"]

#: Seconds for which nobody takes letters. The plan's hour is the same pause between two tries, more often.
DOWN = 6.0

NAMES = ("mail_reply_lost", "mail_500_after", "mail_500", "mail_429")


@row("F32", "mail: answers lost, 429, 5xx, sink down", short=8, full=200)
def mail_troubles(trial: Trial) -> None:
    """At most one letter of a kind for each order (I3), never a key in one (I5), and each order has its own at last.

    200 orders by Resend instead of 1,000, and a fifth of that by SMTP, which knows no repeats: what became of a letter
    whose answer was lost only a person can settle there.
    """
    _by_resend(trial)
    _by_smtp(trial)


def _by_resend(trial: Trial) -> None:
    how: dict[str, Any] = {"share": 0.1} if trial.full else {"count": 1}
    with trial.shop() as shop:
        with misbehaving(trial, shop, [{"name": name, **how} for name in NAMES]):
            load = trial.load(shop, pace=2.0 if trial.full else 0.0)
            until(lambda: load.placed > trial.orders // 2, seconds=120, what="half of the orders")
            shop.control("faults", point="resend.send", kind="drop_before_effect", lasts=DOWN)
            trial.settle(load, within=120)
        away = bites(shop.ledger)["drop_before_effect"]
        trial.bit(away)
        if not away:
            trial.violation("the sink was down, and nobody felt it")
        told = shop.evidence().outside.letters
        for order, state in shop.rows("SELECT id::text, state FROM orders"):
            if state == "fulfilled" and not told[f"keys_ready/{order}/1"]:
                trial.violation(f"order {order} is fulfilled, and its buyer has no letter")


def _by_smtp(trial: Trial) -> None:
    orders = max(6, trial.orders // 5)
    with mail_server() as sink:
        environ = {"MAILER": "smtp", "SMTP_PORT": str(sink.port), "SMTP_SECURITY": "none"}
        with trial.shop(**environ) as shop:
            sink.cuts.add("DATA")  # taken, and then silence
            load = trial.load(shop, orders=orders, pace=1.0 if trial.full else 0.0)
            until(lambda: bool(sink.raw), seconds=60, what="a letter")
            time.sleep(0.5)
            # before the cuts end: no letter in between is taken and answered
            sink.says["RCPT"] = "451 Later, please"
            time.sleep(DOWN)
            lost = len(sink.raw)
            sink.cuts.clear()
            sink.says.clear()
            trial.settle(load, within=120)
            trial.bit(lost)
            _judge_sink(trial, shop, sink, lost)


def _judge_sink(trial: Trial, shop: FaultShop, sink: MailServer, lost: int) -> None:
    """What the server took is the outside ledger here: an address has one order."""
    letters = [email.message_from_bytes(raw, policy=email.policy.default) for raw in sink.raw]
    counted = Counter((str(letter["To"]), str(letter["Subject"])) for letter in letters)
    for (to, _), times in counted.items():
        if times > 1:
            trial.violation(f"I3 {times} letters of one kind to {to}")
    asked = case_kinds(shop)["letter_in_doubt"]
    if asked != lost:
        trial.violation(f"{lost} letters were taken without an answer, and {asked} cases ask about one")
    if any(CANARY.encode() in raw for raw in sink.raw):
        trial.violation("I5 a letter holds a key")
    trial.note("letters taken without an answer, all of them cases", asked)
