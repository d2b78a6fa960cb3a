"""`bitloot jobs`: what an actor gave up on, and sending it again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from actors.policy import POLICIES
from actors.retry import retry_job
from bitloot.cli.ids import ID, SHORT, Given, known_id
from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say, show_rows
from bitloot.cli.sending import connect_queue
from bitloot.cli.spans import moment
from bitloot.cli.who import by_option, reason_option
from db.jobs import JOBS, JobFacts

__all__ = ["command"]


@click.group("jobs")
def command() -> None:
    """Dead jobs: list them, send one again."""


@command.command("list")
@click.option("--state", type=click.Choice(["dead", "retried", "all"]), default="dead", show_default=True)
@click.option(
    "--actor", type=click.Choice(list(POLICIES)), metavar="ACTOR", help="Only this step's, such as reserve."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json_option
def show_jobs(state: str, actor: str | None, limit: int, as_json: bool) -> None:
    """List dead jobs, those that died last first."""
    with open_database():
        filters = {"state": None if state == "all" else state, "actor": actor}
        found = JOBS.page(filters, limit=limit)
    if as_json:
        print_json({"total": found.total, "jobs": [asdict(job) for job in found.rows]})
        return
    rows = [_row(job) for job in found.rows]
    show_rows(
        rows,
        numbers=("attempts", "deaths"),
        spare=("deaths", "attempts", "state", "order"),
        empty="No job is dead.",
    )
    if found.total > len(rows):
        say(f"{found.total - len(rows)} more; see --limit.", mark="·", style="dim")


@command.command("retry")
@click.argument("given", metavar="JOB", type=ID)
@reason_option("Why; kept with the job.")
@by_option
@as_json_option
def retry(given: Given, reason: str, who: str, as_json: bool) -> None:
    """Send JOB again, unless it may not run; then this says why."""
    with open_database() as settings:
        job_id = known_id("jobs", given)
        connect_queue(settings)
        job = retry_job(job_id, by=who, reason=reason)
    if as_json:
        print_json({"job": str(job_id), "actor": job.actor, "subject": job.subject_id, "queued": True})
        return
    say(f"{job.actor} was sent again for {job.subject_id}; the workers go on from here.")


def _row(job: JobFacts) -> dict[str, Any]:
    return {
        "id": job.id,
        "actor": job.actor,
        "subject": job.subject_id[:SHORT],
        "order": None if job.order_state is None else job.order_state + (", gone on" if job.gone_on else ""),
        "attempts": job.attempts,
        "deaths": job.deaths,
        "error": job.error_class,
        "state": job.state,
        "failed_at": moment(job.failed_at),
    }
