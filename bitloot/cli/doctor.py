"""`bitloot doctor`: what works, what does not, and what to do about it; one line each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import click
import psycopg2
import redis
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.retry import Retry
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bitloot.cli.screen import as_json_option, print_json, screen
from bitloot.errors import BitLootError, Permanent, UnsafeSettings
from bitloot.gateways import open_gateway
from bitloot.logs import configure_logs
from bitloot.mail import open_mailer
from bitloot.settings import Settings, load_settings
from bitloot.settings_check import unsafe_reasons
from bitloot.stores import open_store
from bitloot.suppliers import SUPPLIERS, open_suppliers
from bitloot.vault import Vault
from db import base, migrate
from db.clock import ALARM, compare, time_of
from db.data_keys import under_master_keys
from db.master_keys import need_master_keys
from db.silence import last_notices, quiet_sources, refused_sources
from db.stuck import open_cases, stuck, sweep_age

__all__ = ["Finding", "command", "examine"]

#: Seconds that one server may take to answer.
PATIENCE = 5


@dataclass(frozen=True)
class Finding:
    """One part of the shop. `answer` is a sentence, whether it works or not; several reasons are a line each.

    `asked` is False where nobody was asked, since the part is off (which is well) or not set (which may not be).
    """

    part: str
    ok: bool
    answer: str
    ms: float
    asked: bool = True


class NotAsked(Exception):
    """There is nobody to ask; the text says why. `off`: which is not wrong in itself."""

    def __init__(self, why: str, *, off: bool = False) -> None:
        super().__init__(why)
        self.off = off


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
    _show(screen(), findings, nothing=not settings.database_url.get_secret_value() and not settings.standins)
    return 0 if well else 1


def _show(console: Console, findings: list[Finding], *, nothing: bool) -> None:
    for finding in findings:
        took = f" [dim]{finding.ms:.0f} ms[/]" if finding.asked and finding.ms >= 1 else ""
        first, *more = finding.answer.splitlines()
        _line(console, f"{_mark(finding)} {escape(finding.part):<22}", f"{escape(first)}{took}")
        for reason in more:
            _line(console, " " * 24, escape(reason))
    if nothing:
        console.print(
            "\nNo shop is set up here, and none runs. [bold]bitloot up[/] runs one for development,\n"
            "with engines and stand-ins; [bold]bitloot demo[/] shows one. For your own see .env.example."
        )


def _mark(finding: Finding) -> str:
    if not finding.ok:
        return "[bold red]✗[/]"
    return "[green]✓[/]" if finding.asked else "[dim]·[/]"


def _line(console: Console, lead: str, text: str) -> None:
    """Long texts fold below themselves where somebody looks, and stay one line for programs."""
    if not console.is_terminal:
        console.print(f"{lead}{text}", soft_wrap=True)
        return
    table = Table.grid()
    table.add_column(width=24, no_wrap=True)
    table.add_column()
    table.add_row(lead, text)
    console.print(table)


def examine(settings: Settings) -> list[Finding]:
    """Asks each part in turn; nothing is changed, bought or sent."""
    checks: dict[str, Callable[[], str]] = {
        "settings": lambda: _settings(settings),
        "database": lambda: _database(settings),
        "schema": lambda: _schema(settings),
        "redis": lambda: _redis(settings),
        "sweep": lambda: _sweep(settings),
        "orders": lambda: _orders(settings),
        "notices": lambda: _notices(settings),
        "master keys": lambda: _master_keys(settings),
        f"store ({settings.store})": lambda: _store(settings),
        f"mail ({settings.mailer})": lambda: _healthy(open_mailer(settings).health, "takes letters"),
        "gateway": lambda: _gateway(settings),
    }
    for name in SUPPLIERS:
        checks[f"supplier {name}"] = lambda name=name: _supplier(settings, name)  # type: ignore[misc]
    return [_examine(part, check) for part, check in checks.items()]


def _examine(part: str, check: Callable[[], str]) -> Finding:
    began = time.perf_counter()
    ok, asked = False, True
    try:
        ok, answer = True, check()
    except NotAsked as why:
        ok, asked, answer = why.off, False, str(why)
    except UnsafeSettings as refusal:
        ok, answer = False, "\n".join(refusal.reasons)
    except BitLootError as error:
        text = str(error)
        ok, answer = False, text if text.endswith("?") else f"{text}."
    except Exception as error:  # drivers' texts may hold an address or a password
        ok, answer = False, f"Does not answer: {type(error).__name__}."
    return Finding(part, ok, answer, round((time.perf_counter() - began) * 1000, 1), asked)


def _settings(settings: Settings) -> str:
    reasons = unsafe_reasons(settings)
    if len(reasons) > 1:
        raise UnsafeSettings(
            [f"{len(reasons)} are missing or not safe:", *(f"• {reason}" for reason in reasons)]
        )
    if reasons:
        raise UnsafeSettings(reasons)
    return f"Safe for {settings.environment}."


def _given(secret: SecretStr, name: str) -> str:
    """The setting. Raises NotAsked where it is empty."""
    if not secret.get_secret_value():
        raise NotAsked(f"Not set: {name}.")
    return secret.get_secret_value()


def _database(settings: Settings) -> str:
    url = _given(settings.database_url, "DATABASE_URL")
    connection = psycopg2.connect(url, connect_timeout=PATIENCE)
    try:
        ahead = compare(lambda: time_of(connection))
        if abs(ahead) > ALARM:
            raise Permanent(f"Its clock and this host's are {abs(ahead):.0f} s apart. Do both follow NTP?")
        return f"PostgreSQL {connection.server_version // 10000} answers."
    finally:
        connection.close()


def _schema(settings: Settings) -> str:
    _need_database(settings)
    migrate.check(settings.database_url.get_secret_value())
    return f"Up to date ({migrate.migrations()[-1].number:04d})."


def _need_database(settings: Settings) -> None:
    if not settings.database_url.get_secret_value():
        raise NotAsked("Not to be seen without a database.", off=True)


def _redis(settings: Settings) -> str:
    with redis.Redis.from_url(
        _given(settings.redis_url, "REDIS_URL"),
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    ) as client:
        policy = client.info("memory").get("maxmemory_policy")
    if policy not in {"noeviction", None}:
        raise UnsafeSettings([f"maxmemory-policy is {policy}: it may drop messages. Set noeviction."])
    return "Answers, and drops nothing."


def _sweep(settings: Settings) -> str:
    """The net under everything: without clock and workers nothing that was lost comes back."""
    with _scope(settings):
        age = sweep_age()
    if age > settings.deadline_sweep:
        raise Permanent(f"None went through for {age:.0f} s. Do clock and workers run?")
    return f"Went through {age:.0f} s ago."


def _orders(settings: Settings) -> str:
    with _scope(settings):
        late, cases = stuck(), open_cases()
    if late:
        told = ", ".join(f"{count} {state}" for state, count in late.items())
        raise Permanent(f"Some stand too long: {told}. See `bitloot case list --kind stuck`")
    return f"None stands too long; {sum(cases.values())} open cases."


def _notices(settings: Settings) -> str:
    """Who was heard of last, who is not, and who is refused."""
    with _scope(settings):
        last, quiet = last_notices(["nowpayments", *SUPPLIERS]), quiet_sources(settings.silence_seconds)
        refused = refused_sources(settings.refusals_per_hour)
    troubles = []
    if quiet:
        told = ", ".join(
            f"{item.source} for {item.seconds / 60:.0f} min, {item.orders} orders open" for item in quiet
        )
        troubles.append(f"Unusually quiet: {told}. Look at its webhook settings")
    if refused:
        told = ", ".join(f"{item.deliveries} of {item.source}" for item in refused)
        troubles.append(f"Refused within an hour: {told}. Compare the secret there and here")
    if troubles:
        raise Permanent("\n".join(troubles))
    told = ", ".join(f"{item.source} {item.at:%Y-%m-%d %H:%M} UTC" for item in last)
    return f"Last of each: {told}." if told else "None has come yet."


def _master_keys(settings: Settings) -> str:
    """Which of them is needed: an old one may only go when it wraps nothing any more."""
    _given(settings.master_keys, "MASTER_KEYS")
    vault = Vault.from_settings(settings)
    with _scope(settings):
        need_master_keys(vault)
        used = under_master_keys()
    told = [f"Key {vault.newest} seals, and wraps {used[vault.newest]} of {used.total()} data keys."]
    for number in sorted(vault.numbers - {vault.newest}):
        if used[number]:
            told.append(f"Key {number} wraps {used[number]}: keep it, and run `bitloot rotate-keys`.")
        else:
            told.append(f"Key {number} wraps nothing: it can be removed from MASTER_KEYS.")
    return "\n".join(told)


@contextmanager
def _scope(settings: Settings) -> Iterator[None]:
    _need_database(settings)
    base.configure(settings, application="bitloot doctor")
    try:
        with base.scope():
            yield
    finally:
        base.dispose()


def _healthy(health: Callable[[], None], what: str) -> str:
    health()
    return f"Reachable: {what}."


def _store(settings: Settings) -> str:
    """A folder's links are signed, so that without secrets there is no store to ask."""
    for name in ("link_secret", "buyer_token_secret", "admin_token_secret"):
        _given(getattr(settings, name), name.upper())
    return _healthy(open_store(settings).health, "takes and gives objects")


def _gateway(settings: Settings) -> str:
    _given(settings.nowpayments_api_key, "NOWPAYMENTS_API_KEY")
    return _healthy(open_gateway(settings).health, "answers")


def _supplier(settings: Settings, name: str) -> str:
    supplier = open_suppliers(settings).get(name)
    if supplier is None:
        raise NotAsked("Off.", off=True)
    balance = supplier.balance()
    return (
        "Set; it has no call that only asks."
        if balance is None
        else f"Answers; balance {balance[0]} {balance[1].upper()}."
    )
