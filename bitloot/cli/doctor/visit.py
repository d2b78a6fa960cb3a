"""The visit: every part is asked at the same time, and none waits for another."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import click

from bitloot.cli.doctor.accounts import check_accounts
from bitloot.cli.doctor.clocks import check_clock
from bitloot.cli.doctor.custody import check_backup, check_master_keys, check_store
from bitloot.cli.doctor.databases import (
    check_database,
    check_pool,
    check_pooler,
    check_schema,
    check_transactions,
)
from bitloot.cli.doctor.egress import check_egress
from bitloot.cli.doctor.finding import Check, Finding, State, examined
from bitloot.cli.doctor.flow import check_notices, check_orders, check_sweep
from bitloot.cli.doctor.providers import check_gateway, check_mail, supplier_checks
from bitloot.cli.doctor.queues import check_redis
from bitloot.cli.doctor.report import document, show
from bitloot.cli.doctor.safety import check_providers_fit, check_settings
from bitloot.cli.opening import configure_command_logs
from bitloot.cli.screen import as_json_option, print_json, screen
from bitloot.settings import Settings, load_settings
from db import base

__all__ = ["checks", "command", "examine"]

#: Connections that the doctor itself takes at most, whatever DATABASE_POOL allows a process.
CONNECTIONS = 4


@click.command("doctor")
@as_json_option
@click.option("--strict", is_flag=True, help="Warnings count as problems.")
def command(as_json: bool, strict: bool) -> int:
    """Check settings, servers, store, mail, gateway and suppliers; 0 if all is well, 1 if something is wrong."""
    settings = load_settings(check=False)
    configure_command_logs(settings)
    findings = examine(settings)
    bad = {State.PROBLEM, State.WARNING} if strict else {State.PROBLEM}
    well = all(finding.state not in bad for finding in findings)
    if as_json:
        print_json(document(findings, well=well))
    else:
        nothing = not settings.database_url.get_secret_value() and not settings.standins
        show(screen(), findings, nothing=nothing)
    return 0 if well else 1


def checks(settings: Settings) -> Mapping[str, Check]:
    """Every part by its name, in the order in which they are told."""
    return {
        "settings": check_settings,
        "providers fit": check_providers_fit,
        "database": check_database,
        "schema": check_schema,
        "connections": check_pool,
        "pooler": check_pooler,
        "transactions": check_transactions,
        "redis": check_redis,
        "clock": check_clock,
        "sweep": check_sweep,
        "orders": check_orders,
        "notices": check_notices,
        "console": check_accounts,
        "master keys": check_master_keys,
        "backup": check_backup,
        f"store ({settings.store})": check_store,
        f"mail ({settings.mailer})": check_mail,
        "gateway": check_gateway,
        **{f"supplier {name}": check for name, check in supplier_checks().items()},
        "egress address": check_egress,
    }


def examine(settings: Settings) -> list[Finding]:
    """Asks everybody; nothing is changed, bought or sent, but for a probe in the store that is removed again."""
    with_database = bool(settings.database_url.get_secret_value())
    if with_database:
        room = min(settings.database_pool, CONNECTIONS)
        base.configure(settings.model_copy(update={"database_pool": room}), application="bitloot doctor")
    asked = checks(settings)
    try:
        with ThreadPoolExecutor(len(asked)) as threads:
            return list(threads.map(lambda part: examined(part, asked[part], settings), asked))
    finally:
        if with_database:
            base.dispose()
