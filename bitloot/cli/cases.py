"""`bitloot case`: questions for a person, and their answers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import click
from rich.markup import escape

from actors.resolve import resolve
from bitloot.case_moves import CaseMove, moves_of
from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say, screen, show_rows
from bitloot.cli.sending import open_workshop
from bitloot.cli.spans import moment
from bitloot.cli.who import by_option
from bitloot.errors import Permanent
from bitloot.told import Told, tell
from db.cases import CASES, CaseFacts, case_facts

__all__ = ["command"]


@click.group("case")
def command() -> None:
    """List, show and answer cases: money that does not fit, purchases in doubt, orders that stand too long."""


@command.command("list")
@click.option("--kind", help="Only of this kind, such as underpaid.")
@click.option("--state", type=click.Choice(["open", "resolved", "all"]), default="open", show_default=True)
@click.option("--order", type=click.UUID, help="Only of this order.")
@click.option("--page", type=click.IntRange(1, 100), default=1, show_default=True)
@click.option("--limit", type=click.IntRange(1, 100), default=25, show_default=True)
@as_json_option
def show_list(
    kind: str | None, state: str, order: uuid.UUID | None, page: int, limit: int, as_json: bool
) -> None:
    """Cases, newest first."""
    chosen = {"kind": kind, "state": None if state == "all" else state, "order_id": order}
    with open_database():
        found = CASES.page(chosen, page=page, limit=limit)
    if as_json:
        print_json({"total": found.total, "cases": [_document(case) for case in found.rows]})
        return
    show_rows(
        [_row(case) for case in found.rows],
        empty="No such case is open." if state == "open" else "No such case.",
    )
    if found.total > len(found.rows):
        say(f"{found.total} in all; see --page.", mark="·", style="dim")


@command.command("show")
@click.argument("case_id", type=click.UUID)
@as_json_option
def show_one(case_id: uuid.UUID, as_json: bool) -> None:
    """One case: its figures, and what may be done about it."""
    with open_database():
        case = case_facts(case_id)
    if case is None:
        raise Permanent("There is no such case.", code="not_found")
    if as_json:
        print_json(_document(case))
    else:
        _show(case)


@command.command("resolve", short_help="Answer a case; `show` names the moves.")
@click.argument("case_id", type=click.UUID)
@click.argument("move")
@click.option("--reason", required=True, help="Why; kept beside the answer.")
@by_option
@click.option("--amount", help="What goes back, for refund_due and refunded.")
@click.option("--coin", help="In which coin.")
@click.option("--address", help="To which address.")
@click.option("--transaction", help="By which transaction it went.")
@click.option("--ref", help="The supplier's order, for adopt.")
@as_json_option
def answer(case_id: uuid.UUID, move: str, reason: str, who: str, as_json: bool, **basis: str | None) -> None:
    """Answer a case with MOVE, one of those that `bitloot case show` names."""
    if len(reason.strip()) < 3:
        raise click.BadParameter("must say why", param_hint="--reason")
    given = {name: value for name, value in basis.items() if value}
    with open_workshop("command"):
        done = resolve(case_id, move, who=who, reason=reason.strip(), basis=given)
    if as_json:
        print_json(_document(done.case) | {"moved_from": str(done.src), "waits_for": list(done.waits_for)})
        return
    say(f"{done.case.kind}: {move}. The order is {done.dst}; sweep goes on from there.")
    for kind in done.waits_for:
        say(f"It still waits for an answer to {kind}.", mark="·", style="dim")


def _row(case: CaseFacts) -> dict[str, Any]:
    return {
        "id": case.id,
        "kind": case.kind,
        "order": str(case.order_id)[:8],  # as letters call it; whole in `show`
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
