"""How the proof of an order looks: the money, each line's purchase step by step, the letter, the times, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bitloot.cli.last_word import last_word
from bitloot.cli.order_verdict import Verdict
from bitloot.cli.spans import since, span
from bitloot.states import PurchaseState
from bitloot.told import sentence
from db import Line
from db.kpi import PHASES
from db.proof import OrderProof, PurchaseSeen, StepSeen

__all__ = ["OrderScreen"]

#: What a step of a purchase means; its note stands beside it.
MEANING = {
    PurchaseState.INTENT: "written down, nothing sent",
    PurchaseState.SENDING: "the call goes out",
    PurchaseState.PLACED: "the supplier has it",
    PurchaseState.AMBIGUOUS: "in doubt: asked, never repeated blindly",
    PurchaseState.COMMITTING: "the call that pays goes out",
    PurchaseState.WAITING: "bought, keys on their way",
    PurchaseState.PARTIAL: "some keys sealed",
    PurchaseState.STORED: "all keys sealed",
    PurchaseState.BLOCKED: "our account there",
    PurchaseState.FAILED: "certainly not bought, or ended there",
    PurchaseState.MANUAL: "a person must look",
}

COLOURS = {
    "fulfilled": "bold green",
    "stored": "green",
    "sent": "green",
    "finished": "green",
    "ambiguous": "yellow",
    "blocked": "yellow",
    "failed": "red",
    "manual": "bold red",
    "review": "red",
    "refund_due": "red",
}


#: By what a notice's sender proved itself, as the journal of notices calls it.
PROOFS = {
    "sorted": "its signature over the fields in sorted order",
    "raw": "its signature over the bytes as they came",
    "signature": "its signature",
    "secret": "the shared secret",
}


class OrderScreen:
    """Prints to `console`. Times are told from the final payment on, or from the order if nobody paid."""

    def __init__(self, console: Console, proof: OrderProof) -> None:
        self._console = console
        self._proof = proof
        order = proof.facts.order
        self._zero: datetime = proof.times.paid_at if proof.times else order.created_at

    def show(self, verdict: Verdict) -> None:
        self._order()
        self._money()
        for line in self._proof.facts.lines:
            self._line(line)
        self._letters()
        self._trouble()
        self._times()
        self._verdict(verdict)

    def _order(self) -> None:
        order, facts = self._proof.facts.order, self._proof.facts
        self._heading(f"Order {order.id}")
        state = f"{_state(order.state)}{f' [dim]on hold: {escape(order.hold)}[/]' if order.hold else ''}"
        self._fact("state", f"{state}, {order.price} {order.currency.upper()}, for {_masked(order.email)}")
        self._fact(
            "times",
            f"from {self._zero:%Y-%m-%d %H:%M:%S} UTC, {'payment final' if self._proof.times else 'ordered'}",
        )
        self._steps(
            [
                (move.at, _state(move.dst), " · ".join(filter(None, (move.actor, escape(move.reason)))))
                for move in facts.moves
            ]
        )

    def _money(self) -> None:
        self._heading("Money")
        for payment in reversed(self._proof.facts.payments):
            paid = f", paid {payment.actually_paid.normalize():f}" if payment.actually_paid else ""
            coin = payment.pay_currency.upper()
            self._fact(
                payment.gateway,
                f"{escape(payment.gateway_payment_id)}  {_state(payment.state)}"
                f"  asked {payment.pay_amount.normalize():f}{paid} {coin}",
            )
        confirmed = [item.confirmed_at for item in self._proof.facts.payments if item.confirmed_at]
        notices = [
            (
                notice.received_at,
                escape(notice.says or notice.event),
                f"{escape(notice.source)} notice, proved by {escape(_proved(notice.proof))},"
                f" outcome: {escape(notice.outcome)}"
                + (f", {notice.repeats} repeats" if notice.repeats else "")
                + (f", {notice.replays} replays" if notice.replays else ""),
            )
            for notice in self._proof.notices
        ]
        notices += [(at, "confirmed", "the gateway said so to our own question") for at in confirmed]
        self._steps(sorted(notices))

    def _line(self, line: Line) -> None:
        self._heading(f"Line {line.position}: {line.quantity} × {line.name}")
        purchases = [item for item in self._proof.purchases if item.line_id == line.id]
        if not purchases:
            self._fact("", "[dim]no purchase yet[/]")
        for purchase in purchases:
            self._purchase(purchase)

    def _purchase(self, purchase: PurchaseSeen) -> None:
        theirs = escape(purchase.supplier_ref or "–")
        self._fact(purchase.supplier, f"ours {escape(purchase.purchase_ref)}, theirs {theirs}")
        told = (
            f", [dim]the supplier says[/] {escape(purchase.supplier_status)}"
            if purchase.supplier_status
            else ""
        )
        cap = f"{purchase.max_price} {purchase.currency.upper()}"
        self._fact(
            "state", f"{_state(purchase.state)}{told}, {purchase.quantity} wanted at {cap} each at most"
        )
        steps = self._proof.steps_of(purchase)
        self._steps([(step.at, _step_name(step), _step_note(step)) for step in steps])
        for key in self._proof.keys_of(purchase):
            sealed = f"sealed {key.object_digest[:16]}, {escape(key.media_type)}"
            self._fact("key", f"[dim]fingerprint[/] {key.fingerprint[:16]} [dim]{sealed}[/]")

    def _letters(self) -> None:
        looks = self._proof.accesses
        if not self._proof.letters and not looks:
            return
        self._heading("Letter and looks")
        steps = [
            (
                letter.sent_at or letter.created_at,
                _state(letter.state),
                f"{escape(letter.kind)}, generation {letter.generation}, by {escape(letter.provider or 'nobody yet')}"
                + (f": {escape(letter.error)}" if letter.error else ""),
            )
            for letter in self._proof.letters
        ]
        steps += [
            (access.at, escape(access.action), f"{escape(access.actor)}, {escape(access.outcome)}")
            for access in looks
        ]
        self._steps(sorted(steps))

    def _trouble(self) -> None:
        if not self._proof.cases and not self._proof.jobs:
            return
        self._heading("Cases and dead jobs")
        steps = [
            (
                case.opened_at,
                f"[yellow]{escape(case.kind)}[/]",
                f"case, {escape(case.state)}"
                + (
                    f": {escape(case.resolution)} by {escape(case.resolved_by or '')}"
                    if case.resolution
                    else ""
                )
                + (f": {escape(sentence(case.figures))}" if case.figures else ""),
            )
            for case in self._proof.cases
        ]
        steps += [
            (
                job.failed_at,
                f"[red]{escape(job.actor)}[/]",
                f"job, {escape(job.state)} after {job.attempts} attempts: {escape(job.error_class)}",
            )
            for job in self._proof.jobs
        ]
        self._steps(sorted(steps))

    def _times(self) -> None:
        times = self._proof.times
        if times is None:
            return
        self._heading("Time to key")
        table = Table(box=None, pad_edge=False, header_style="bold dim")
        for name in ("phase", "took", "after payment", "whose time"):
            table.add_column(name, justify="right" if name in {"took", "after payment"} else "left")
        for name, whose, begin, end in PHASES:
            began, ended = getattr(times, begin), getattr(times, end)
            took = None if began is None or ended is None else max(0.0, (ended - began).total_seconds())
            table.add_row(name, span(took), since(self._zero, ended), WHOSE[whose])
        self._console.print(table)
        if times.total_seconds is not None:
            self._console.print(
                f"[dim]Payment to sealed keys[/] {span(times.total_seconds)}[dim]: ours[/] {span(times.our_seconds)}"
                f"[dim], the supplier's[/] {span(times.supplier_seconds)}"
            )

    def _verdict(self, verdict: Verdict) -> None:
        self._heading("Verdict")
        if verdict.whole:
            self._console.print(f"[green]✓[/] The chain is whole. {escape(verdict.reason)}")
        else:
            self._console.print(f"[bold red]✗[/] {escape(verdict.reason)}")
            for text in [*verdict.problems, *verdict.open_ends][1:]:
                self._console.print(f"  [red]•[/] {escape(text)}")
        last = last_word(self._proof)
        self._console.print(f"[{last.style}]{last.mark}[/] {escape(last.text)}", soft_wrap=True)

    def _heading(self, text: str) -> None:
        self._console.print()
        self._console.rule(f"[bold]{escape(text)}[/]", align="left", style="dim")

    def _fact(self, label: str, text: str) -> None:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(justify="right", min_width=12, style="dim")
        table.add_column()
        table.add_row(escape(label), Text.from_markup(text))
        self._console.print(table)

    def _steps(self, steps: Sequence[tuple[datetime, str, str]]) -> None:
        """(when, what, more) as rows; long texts fold inside their column."""
        if not steps:
            return
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(justify="right", min_width=12, no_wrap=True)
        table.add_column(min_width=11, no_wrap=True)
        table.add_column()
        for at, what, more in steps:
            table.add_row(since(self._zero, at), Text.from_markup(what), Text.from_markup(more))
        self._console.print(table)


WHOSE = {
    "ours": "ours",
    "both": "ours, and the supplier's call",
    "supplier": "the supplier's",
    "buyer": "the buyer's",
}


def _state(state: str) -> str:
    colour = COLOURS.get(str(state))
    return f"[{colour}]{escape(str(state))}[/]" if colour else escape(str(state))


def _step_name(step: StepSeen) -> str:
    return "asked" if step.src == step.dst else _state(step.dst)


def _step_note(step: StepSeen) -> str:
    """What the row says, and what such a step means."""
    meaning = "" if step.src == step.dst else MEANING.get(PurchaseState(step.dst), "")
    told = "" if step.note in {"placed", "bought"} else escape(step.note)
    return "  ".join(filter(None, (told, meaning and f"[dim]{meaning}[/]")))


def _masked(address: str) -> str:
    """Enough to recognise a buyer, not enough to write to one."""
    name, _, host = address.partition("@")
    return escape(f"{name[:1]}…@{host[:1]}…{host.rpartition('.')[2] and '.' + host.rpartition('.')[2]}")


def _proved(proof: str) -> str:
    name, _, previous = proof.partition("-")
    return PROOFS.get(name, name) + (" (the one before the present secret)" if previous else "")
