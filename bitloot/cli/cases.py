"""`bitloot case`: questions for a person, and their answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.markup import escape

from actors.resolve import resolve
from bitloot.case_moves import BASIS, CASE_MOVES, CaseMove, moves_of
from bitloot.cli.ids import ID, Given, known_id
from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say, screen, show_rows
from bitloot.cli.sending import open_workshop
from bitloot.cli.spans import moment
from bitloot.cli.who import by_option, reason_option
from bitloot.states import ACTIVE, standing
from bitloot.told import Told, sentence, tell
from db.cases import CASES, CaseFacts, case_facts
from db.resolutions import Resolved

__all__ = ["command"]

#: How what an answer rests on is written, where its name does not say it.
HINTS = {"amount": "amount in plain digits, as 0.0005", "coin": "code of a coin, as btc"}

case_argument = click.argument("given", metavar="CASE", type=ID)


@click.group("case")
def command() -> None:
    """List, show and answer cases: money that does not fit, purchases in doubt, orders that stand too long."""


@command.command("list")
@click.option(
    "--kind",
    type=click.Choice(list(CASE_MOVES)),
    metavar="KIND",
    help="Only of this kind, such as underpaid.",
)
@click.option("--state", type=click.Choice(["open", "resolved", "all"]), default="open", show_default=True)
@click.option("--order", type=ID, metavar="ID", help="Only of this order.")
@click.option("--page", type=click.IntRange(1, 100), default=1, show_default=True)
@click.option("--limit", type=click.IntRange(1, 100), default=25, show_default=True)
@as_json_option
def show_list(
    kind: str | None, state: str, order: Given | None, page: int, limit: int, as_json: bool
) -> None:
    """Cases, newest first."""
    chosen: dict[str, Any] = {"kind": kind, "state": None if state == "all" else state}
    with open_database():
        if order is not None:
            chosen["order_id"] = known_id("orders", order)
        found = CASES.page(chosen, page=page, limit=limit)
    if as_json:
        print_json({"total": found.total, "cases": [_document(case) for case in found.rows]})
        return
    if found.total and not found.rows:
        say(f"There is no page {page}: {found.total} in all, {limit} on a page.", mark="·", style="dim")
        return
    nothing = "such case" if kind or order else "case"
    show_rows(
        [_row(case) for case in found.rows],
        spare=("answer",) if state == "open" else ("order", "status"),
        empty=f"No {nothing} is open." if state == "open" else f"No {nothing} is there.",
    )
    if found.total > len(found.rows):
        say(f"{found.total} in all; see --page.", mark="·", style="dim")


@command.command("show")
@case_argument
@as_json_option
def show_one(given: Given, as_json: bool) -> None:
    """One case: its figures, and what may be done about it."""
    with open_database():
        case = case_facts(known_id("cases", given))
    assert case is not None  # noqa: S101  # it has just been found, and none is ever deleted
    if as_json:
        print_json(_document(case))
    else:
        _show(case)


@command.command("resolve", short_help="Answer a case; `show` names the moves.")
@case_argument
@click.argument("move")
@reason_option("Why; kept beside the answer.")
@by_option
@click.option("--amount", help="What goes back, for refund_due; left out: what came, or too much of it.")
@click.option("--coin", help="In which coin; left out: the one that came.")
@click.option("--address", help="To which address; may be told later, with refunded.")
@click.option("--transaction", help="By which transaction it went.")
@click.option("--ref", help="The supplier's order, for adopt.")
@as_json_option
def answer(given: Given, move: str, reason: str, who: str, as_json: bool, **said: str | None) -> None:
    """Answer a case with MOVE, one of those that `bitloot case show` names."""
    basis = {name: value for name, value in said.items() if value is not None}
    for name, value in basis.items():
        if not re.fullmatch(BASIS[name], value):
            raise click.BadParameter(f"{value!r} is no {HINTS.get(name, name)}.", param_hint=f"--{name}")
    with open_workshop("command"):
        done = resolve(known_id("cases", given), move, who=who, reason=reason, basis=basis)
        due = _refunds(done) if move == "refund_due" else ()
    if as_json:
        print_json(_document(done.case) | {"moved_from": str(done.src), "waits_for": list(done.waits_for)})
        return
    onward = "; sweep goes on from there" if done.dst in ACTIVE else ""
    say(f"{done.case.kind}: {move}. The order is {standing(done.dst)}{onward}.")
    for refund in due:
        say(_refund(refund), mark="·", style="dim")
    for kind in done.waits_for:
        say(f"It still waits for an answer to {kind}.", mark="·", style="dim")


def _refunds(done: Resolved) -> Sequence[CaseFacts]:
    """The case that the answer opened."""
    about = {"order_id": done.case.order_id, "subject": done.case.subject, "kind": "refund", "state": "open"}
    return CASES.page(about, page=1, limit=1).rows


def _refund(case: CaseFacts) -> str:
    """What it holds, and what is asked of a person next."""
    held: Mapping[str, Any] = case.figures
    where = (
        f"to {held['address']}" if held.get("address") else "to an address that is not told yet (--address)"
    )
    money = sentence({"amount": held["received_amount"], "coin": held["received_coin"]}).partition(" ")[2]
    return (
        f"A case refund is open: {money} is to go back, {where}."
        f" When it went: bitloot case resolve {case.id} refunded --reason …"
    )


def _row(case: CaseFacts) -> dict[str, Any]:
    return {
        "id": case.id,
        "kind": case.kind,
        "order": case.order_id,
        "status": case.order_state,
        "opened": moment(case.opened_at),
        "answer": f"{case.resolution} by {case.resolved_by}" if case.resolution else "",
    }


def _document(case: CaseFacts) -> dict[str, Any]:
    told = {"told": [vars(one) for one in tell(case.figures)]}
    return vars(case) | told | {"moves": [{"name": move.name, "says": move.says} for move in _moves(case)]}


def _show(case: CaseFacts) -> None:
    """What it asks, the figures that it rests on, and the answers that it takes now."""
    console = screen()
    about = {
        "Case": case.id,
        "Asks about": case.kind.replace("_", " "),
        "Order": case.order_id,
        "Order is": case.order_state.replace("_", " "),
        "State": case.state,
        "Opened": moment(case.opened_at),
        "Resolved": case.resolved_at and moment(case.resolved_at),
        "By": case.resolved_by,
        "As": case.resolution,
        "Why": case.reason,
    }
    known = [Told(name, str(value)) for name, value in about.items() if value is not None]
    for part in (known, tell(case.figures), tell(case.basis or {})):
        for told in part:
            console.print(f"[dim]{escape(told.label):<21}[/]{escape(told.text)}", soft_wrap=True)
        if part:
            console.print()
    for move in _moves(case):
        console.print(f"[bold]{move.name}[/]: {escape(move.says)}", soft_wrap=True)


def _moves(case: CaseFacts) -> Sequence[CaseMove]:
    return moves_of(case.kind, case.order_state) if case.state == "open" else ()
