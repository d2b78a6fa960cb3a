"""`bitloot doctor`: what works, what does not, and what to do about it; one line each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import click
import psycopg2
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rich.markup import escape

from bitloot.cli.screen import as_json_option, print_json, screen
from bitloot.errors import BitLootError, UnsafeSettings
from bitloot.gateways import open_gateway
from bitloot.logs import configure_logs
from bitloot.mail import open_mailer
from bitloot.settings import Settings, load_settings
from bitloot.settings_check import unsafe_reasons
from bitloot.stores import open_store
from bitloot.suppliers import SUPPLIERS
from db import migrate

__all__ = ["Finding", "command", "examine"]

#: Seconds that one server may take to answer.
PATIENCE = 5


@dataclass(frozen=True)
class Finding:
    """One part of the shop. `answer` is a sentence, whether it works or not; several reasons are a line each."""

    part: str
    ok: bool
    answer: str
    ms: float


@click.command("doctor")
@as_json_option
def command(as_json: bool) -> int:
    """Check settings, servers, store, mail, gateway and suppliers."""
    settings = load_settings(check=False)
    configure_logs(settings, "bitloot")
    findings = examine(settings)
    well = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": well, "findings": [asdict(finding) for finding in findings]})
        return 0 if well else 1
    console = screen()
    for finding in findings:
        mark = "[green]✓[/]" if finding.ok else "[bold red]✗[/]"
        first, *more = finding.answer.splitlines()
        console.print(f"{mark} {finding.part:<22}{escape(first)} [dim]{finding.ms:.0f} ms[/]", soft_wrap=True)
        for reason in more:
            console.print(f"{'':<24}{escape(reason)}", soft_wrap=True)
    return 0 if well else 1


def examine(settings: Settings) -> list[Finding]:
    """Asks each part in turn; nothing is changed, bought or sent."""
    checks: dict[str, Callable[[], str]] = {
        "settings": lambda: _settings(settings),
        "database": lambda: _database(settings),
        "schema": lambda: _schema(settings),
        "redis": lambda: _redis(settings),
        f"store ({settings.store})": lambda: _healthy(open_store(settings).health, "takes and gives objects"),
        f"mail ({settings.mailer})": lambda: _healthy(open_mailer(settings).health, "takes letters"),
        "gateway": lambda: _healthy(open_gateway(settings).health, "answers"),
    }
    for name in SUPPLIERS:
        checks[f"supplier {name}"] = lambda name=name: _supplier(settings, name)  # type: ignore[misc]
    return [_examine(part, check) for part, check in checks.items()]


def _examine(part: str, check: Callable[[], str]) -> Finding:
    began = time.perf_counter()
    try:
        ok, answer = True, check()
    except UnsafeSettings as refusal:
        ok, answer = False, "\n".join(refusal.reasons)
    except BitLootError as error:
        ok, answer = False, f"{error}."
    except Exception as error:  # drivers' texts may hold an address or a password
        ok, answer = False, f"Does not answer: {type(error).__name__}."
    return Finding(part, ok, answer, round((time.perf_counter() - began) * 1000, 1))


def _settings(settings: Settings) -> str:
    reasons = unsafe_reasons(settings)
    if reasons:
        raise UnsafeSettings(reasons)
    return f"Safe for {settings.environment}."


def _database(settings: Settings) -> str:
    connection = psycopg2.connect(settings.database_url.get_secret_value(), connect_timeout=PATIENCE)
    try:
        return f"PostgreSQL {connection.server_version // 10000} answers."
    finally:
        connection.close()


def _schema(settings: Settings) -> str:
    migrate.check(settings.database_url.get_secret_value())
    return f"Up to date ({migrate.migrations()[-1].number:04d})."


def _redis(settings: Settings) -> str:
    with redis.Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    ) as client:
        policy = client.info("memory").get("maxmemory_policy")
    if policy not in {"noeviction", None}:
        raise UnsafeSettings([f"maxmemory-policy is {policy}: it may drop messages. Set noeviction."])
    return "Answers, and drops nothing."


def _healthy(health: Callable[[], None], what: str) -> str:
    health()
    return f"Reachable: {what}."


def _supplier(settings: Settings, name: str) -> str:
    supplier = SUPPLIERS[name](settings)
    if supplier is None:
        return "Off."
    balance = supplier.balance()
    return (
        "Set; it has no call that only asks."
        if balance is None
        else f"Answers; balance {balance[0]} {balance[1]}."
    )
