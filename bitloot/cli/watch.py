"""`bitloot watch`: what the relay tells, as it happens."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from rich.text import Text

from bitloot.cli.ids import ID, Given, known_id
from bitloot.cli.opening import open_database
from bitloot.cli.screen import screen
from bitloot.errors import Permanent, UnsafeSettings
from bitloot.settings import Settings, load_settings
from bitloot.tokens import Tokens
from web.relay.client import Event, RelayRefused, Subscribed, follow

__all__ = ["command"]

#: Seconds that the pass for oneself is good; it is renewed while one watches.
TOKEN_SECONDS = 3600

STYLES = {"payment:confirmed": "green", "fulfillment:error": "red", "admin:job-failed": "red"}

Heard = Event | Subscribed


@click.command("watch")
@click.argument("order", type=ID, required=False)
@click.option("--url", help="The relay's address; without it, the one of these settings.")
@click.option(
    "--cursor", help="Tell first what came after this one: the `cursor` of an event, as --json prints it."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
def command(order: Given | None, url: str | None, cursor: str | None, as_json: bool) -> None:
    """Print events as they happen: of ORDER, or of every order, job and notice. Ends with Ctrl-C.

    Asks with the token in BITLOOT_TOKEN, or with one made for you where ADMIN_TOKEN_SECRET is set.
    """
    settings = load_settings(check=False)
    orders = None if order is None else [_whole(order, settings)]
    tell = _document if as_json else _line
    try:
        asyncio.run(_watch(url or settings.relay_address, _pass(settings), cursor, orders, tell))
    except RelayRefused as refusal:
        if refusal.code != "not_found":
            raise
        raise Permanent("There is no such order, or this token may not see it.", code="not_found") from None


def _whole(order: Given, settings: Settings) -> str:
    """The relay knows whole ids only. Raises click.UsageError where a short one cannot be looked up, and Permanent."""
    if order.first == order.last:
        return str(order.first)
    if not settings.database_url.get_secret_value():
        raise click.UsageError("Without DATABASE_URL the whole id of the order is needed.")
    with open_database():
        return str(known_id("orders", order))


def _pass(settings: Settings) -> str | Callable[[], str]:
    """Raises UnsafeSettings where nobody gives one."""
    if given := os.environ.get("BITLOOT_TOKEN"):
        return given
    if not settings.admin_token_secret.get_secret_value():
        raise UnsafeSettings(
            [
                "BITLOOT_TOKEN and ADMIN_TOKEN_SECRET are missing; one of them opens the relay."
                " `bitloot up` prints a token."
            ]
        )
    tokens = Tokens.from_settings(settings)
    return lambda: tokens.admin(getpass.getuser(), "read-only", TOKEN_SECONDS)


async def _watch(
    url: str,
    token: str | Callable[[], str],
    cursor: str | None,
    orders: list[str] | None,
    tell: Callable[[Heard], None],
) -> None:
    away = False

    def unreachable() -> None:
        nonlocal away
        if not away:
            click.echo(f"! The relay at {url} cannot be reached; trying again.", err=True)
        away = True

    async with aclosing(follow(url, token, cursor=cursor, orders=orders, unreachable=unreachable)) as stream:
        async for heard in stream:
            if away:
                click.echo("· The relay answers.", err=True)
            away = False
            tell(heard)


def _document(heard: Heard) -> None:
    kind = {} if isinstance(heard, Event) else {"type": "subscribed"}
    click.echo(json.dumps(kind | asdict(heard), ensure_ascii=False))


def _line(heard: Heard) -> None:
    screen().print(_event(heard) if isinstance(heard, Event) else _start(heard), soft_wrap=True)


def _event(event: Event) -> Text:
    line = Text(f"{_clock(event.at)}  {(event.order or '-')[:8]:8}  ", style="dim")
    line.append(f"{event.type:22} ", style=STYLES.get(event.type, "cyan"))
    return line.append(_told(event.data), style="default")


def _told(data: dict[str, Any]) -> str:
    """A move in words; of anything else, its fields."""
    if "dst" not in data:
        return "  ".join(f"{name}={value}" for name, value in data.items() if name != "order")
    who = f"   by {data['actor']}" if data.get("actor") else ""
    why = f": {data['reason']}" if data.get("reason") else ""
    return f"{data['src'] or '·'} → {data['dst']}{who}{why}"


def _start(start: Subscribed) -> Text:
    what = start.topic or f"order {start.order}"
    if start.recovered is False:
        return Text(
            f"! {what}: events were missed that cannot be told any more; look at the order itself", "yellow"
        )
    if start.recovered:
        return Text(f"· {what}: on again, nothing was missed", "dim")
    if start.snapshot and start.snapshot["state"]:
        since = f", since {_clock(start.snapshot['at'])}"
        return Text(f"· {what} is {start.snapshot['state']}{since}", "dim")
    return Text(f"· {what}: from now on", "dim")


def _clock(at: str) -> str:
    """The local time of day."""
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
