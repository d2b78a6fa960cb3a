"""`bitloot replay`: runs a notice again, or all that a filter finds; it counts first and tells what would happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import click

from actors.foresight import Foreseen, foresee
from actors.replaying import CAP, Plan, plan_replays, replay_many, replay_one
from actors.retry import send_now
from bitloot.cli.ids import ID, Given, known_id
from bitloot.cli.notices import filter_options, filters_of, known_filters
from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say, show_rows
from bitloot.cli.sending import connect_queue
from bitloot.cli.who import by_option, reason_option
from bitloot.settings import Settings
from bitloot.shop import open_shop
from db import Notice

__all__ = ["command"]

#: Of many, so many are shown; the rest is counted.
SHOWN = 50


@click.command("replay")
@click.argument("notice", type=ID, required=False)
@filter_options
@reason_option("Why; kept with each replay. Needed unless --dry-run.", required=False)
@by_option
@click.option("--dry-run", is_flag=True, help="Tell what each would change, and why not; run none.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
def command(
    notice: Given | None,
    reason: str | None,
    who: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Run NOTICE again, or all that the options find. No purchase, letter or reveal happens twice."""
    filters = filters_of(given)
    if (notice is None) == (not filters):
        raise click.UsageError("Name one notice, or say by options which.")
    if not dry_run and reason is None:
        raise click.UsageError("Give a --reason, or use --dry-run.")
    with open_database() as settings:
        filters = known_filters(filters)
        notice_id = None if notice is None else known_id("notices", notice)
        plan = _plan(settings, notice_id, filters)
        if dry_run or not plan.count:
            _tell(plan, as_json)
            return
        if not yes and not as_json:
            _tell(plan, as_json)
            click.confirm(f"Run {plan.count} again?", abort=True)
        connect_queue(settings)
        why = reason or ""
        if notice_id is not None:
            replay_one(notice_id, by=who, reason=why, send=send_now)
        else:
            replay_many(filters, expected=plan.count, by=who, reason=why, rate=settings.replay_rate)
    if as_json:
        print_json({"count": plan.count, "queued": True})
        return
    say(f"{plan.count} will run again, {settings.replay_rate:g} a second; the workers go on from here.")


def _plan(settings: Settings, notice_id: UUID | None, filters: dict[str, Any]) -> Plan:
    shop = open_shop(settings)
    if notice_id is None:
        return plan_replays(shop, filters)
    return Plan(1, [foresee(shop, Notice.get_by_id(notice_id))])


def _tell(plan: Plan, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "dryRun": True,
                "count": plan.count,
                "cap": CAP,
                "replays": [asdict(one) for one in plan.replays],
            }
        )
        return
    if not plan.count:
        say("No notice is found; nothing would run again.", mark="·", style="dim")
        return
    _show(plan.replays)
    effective = sum(one.change is not None for one in plan.replays)
    say(f"{plan.count} found; {effective} of the first {len(plan.replays)} would change something.", mark="·")


def _show(replays: Sequence[Foreseen]) -> None:
    rows = [
        {"id": one.notice_id, "outcome": one.outcome, "change": one.change or f"nothing: {one.why}"}
        for one in replays[:SHOWN]
    ]
    show_rows(rows, empty="None is looked at.")
    if len(replays) > SHOWN:
        say(f"{len(replays) - SHOWN} more.", mark="·", style="dim")
