"""`bitloot notices`: what senders told us, what was refused, and deleting one sealed body."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from bitloot.cli.ids import ID, Given, known_id
from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say, show_rows
from bitloot.cli.spans import moment
from bitloot.cli.who import by_option, reason_option
from bitloot.suppliers import SUPPLIERS
from db import record_access
from db.expunge import expunge
from db.notice_list import NOTICES, NoticeFacts, notice_facts
from db.refused import Refused, list_refused

__all__ = ["command", "filter_options", "filters_of", "known_filters"]

Command = Any

#: Who tells us something: the gateway, the suppliers, the mailer.
SOURCES = ("nowpayments", *SUPPLIERS, "resend")

#: Of a notice that was believed; what was not is under `notices refused`.
VERDICTS = ("verified", "foreign")


def filter_options(command: Command) -> Command:
    """The options by which notices are found; the same for `notices list` and `replay`."""
    time = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    for option in (
        click.option("--until", type=time, metavar="TIME", help="Received before this time (here)."),
        click.option(
            "--since", type=time, metavar="TIME", help="Since 2026-11-20 or 2026-11-20T14:30 (here)."
        ),
        click.option("--order", "order_id", type=ID, metavar="ID", help="About this order."),
        click.option("--outcome", help="As in moved, late, unmatched …"),
        click.option(
            "--verdict",
            type=click.Choice(VERDICTS),
            help="foreign: proved, but from an address that is not on the list.",
        ),
        click.option("--event", help="As in finished, order.status …"),
        click.option("--source", type=click.Choice(SOURCES), help="Who told it."),
    ):
        command = option(command)
    return command


def filters_of(given: dict[str, Any]) -> dict[str, Any]:
    """Options as filters; a time without a zone is this machine's. An order still has to be looked up.

    Raises click.UsageError for a span that ends before it begins.
    """
    filters = {
        name: value.astimezone() if isinstance(value, datetime) else value
        for name, value in given.items()
        if value is not None
    }
    if "since" in filters and "until" in filters and filters["since"] >= filters["until"]:
        raise click.UsageError("--since must be before --until: nothing lies between them.")
    return filters


def known_filters(filters: dict[str, Any]) -> dict[str, Any]:
    """The same with the whole id of their order. Needs a connection scope. Raises Permanent (not_found)."""
    order = filters.get("order_id")
    return filters if order is None else {**filters, "order_id": known_id("orders", order)}


@click.group("notices")
def command() -> None:
    """IPNs and webhooks: list them, see what was refused, delete a body."""


@command.command("list")
@filter_options
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json_option
def show_notices(limit: int, as_json: bool, **given: Any) -> None:
    """List notices, newest first."""
    with open_database():
        found = NOTICES.page(known_filters(filters_of(given)), limit=limit)
    if as_json:
        print_json({"total": found.total, "notices": [asdict(notice) for notice in found.rows]})
        return
    show_rows(
        [_row(notice) for notice in found.rows],
        numbers=("repeats", "replays"),
        spare=("replays", "repeats", "verdict"),
        empty="No notice.",
    )
    if found.total > len(found.rows):
        say(f"{found.total - len(found.rows)} more; see --limit.", mark="·", style="dim")


@command.command("refused")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@as_json_option
def show_refused(limit: int, as_json: bool) -> None:
    """List deliveries that were refused, newest first. Nothing in them is to be believed."""
    with open_database():
        found, total = list_refused(page=1, limit=limit)
    rows = [_refused_row(refused) for refused in found]
    if as_json:
        print_json({"total": total, "refused": rows})
        return
    show_rows(rows, numbers=("size", "repeats"), spare=("size", "repeats"), empty="Nothing was refused.")


@command.command("expunge")
@click.argument("given", metavar="NOTICE", type=ID)
@reason_option("Why; kept in the record.")
@by_option
@as_json_option
def expunge_notice(given: Given, reason: str, who: str, as_json: bool) -> None:
    """Delete the sealed body of NOTICE for good. What is said about it stays; it cannot run again."""
    with open_database():
        notice_id = known_id("notices", given)
        found = notice_facts(notice_id)
        assert found is not None  # noqa: S101  # it has just been found, and none is ever deleted
        record_access(
            found.order_id,
            "notice_expunge",
            actor=who,
            outcome="granted",
            address="",
            user_agent="bitloot notices expunge",
            details={"notice": str(notice_id), "reason": reason},
        )
        deleted = expunge(notice_id)
    if as_json:
        print_json({"notice": str(notice_id), "expunged": deleted})
        return
    say("Its body is gone; the rest stays." if deleted else "Its body had been deleted before.")


def _row(notice: NoticeFacts) -> dict[str, Any]:
    return {
        "id": notice.id,
        "received": moment(notice.received_at),
        "source": notice.source,
        "event": notice.event,
        "verdict": notice.verdict,
        "outcome": notice.outcome if notice.expunged_at is None else f"{notice.outcome}, expunged",
        "repeats": notice.repeats,
        "replays": notice.replays,
    }


def _refused_row(refused: Refused) -> dict[str, Any]:
    return {
        "id": refused.id,
        "seen": moment(refused.seen_at),
        "claims": refused.source,
        "verdict": refused.verdict,
        "size": refused.size,
        "address": refused.address,
        "repeats": refused.repeats,
    }
