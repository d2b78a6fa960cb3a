"""`bitloot token`: passes for operators, and fresh master keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import click

from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say
from bitloot.cli.who import by_option, reason_option
from bitloot.development import master_key
from bitloot.errors import UnsafeSettings
from bitloot.settings import load_settings
from bitloot.tokens import Role, Tokens
from db import record_access
from db.base import transaction
from db.revocations import heard_of, revoke_admin, revoke_token

__all__ = ["command"]


@click.group("token")
def command() -> None:
    """Issue tokens for operators, and end them; make master keys."""


@command.command("admin")
@click.argument("name")
@click.option("--role", type=click.Choice(get_args(Role)), default="operator", show_default=True)
@click.option("--hours", type=click.FloatRange(min=0.02, max=24 * 365), default=12, show_default=True)
@as_json_option
def admin(name: str, role: Role, hours: float, as_json: bool) -> None:
    """Print a token for the operator NAME."""
    if not name.strip():
        raise click.BadParameter("must not be empty", param_hint="NAME")
    settings = load_settings(check=False)
    for secret in ("admin_token_secret", "buyer_token_secret", "link_secret"):
        if not getattr(settings, secret).get_secret_value():
            raise UnsafeSettings([f"{secret.upper()} is missing; tokens are signed with it."])
    seconds = round(hours * 3600)
    token = Tokens.from_settings(settings).admin(name, role, seconds)
    if as_json:
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        print_json(
            {"name": name, "role": role, "expires": expires.isoformat(timespec="seconds"), "token": token}
        )
        return
    click.echo(token)


@command.command("revoke")
@click.argument("name", required=False)
@click.option("--token-id", help="One token, by its `jti`, instead of all of an operator.")
@reason_option("For the record.")
@by_option
@as_json_option
def revoke(name: str | None, token_id: str | None, reason: str, who: str, as_json: bool) -> None:
    """End every token that the operator NAME has by now, or one token. The relay shows their bearers out."""
    if (name is None) == (token_id is None):
        raise click.UsageError("Name an operator or a --token-id.")
    with open_database(), transaction():
        known = token_id is not None or heard_of(str(name))
        if name is not None:
            revoke_admin(name, who=who, reason=reason)
        elif token_id is not None:
            revoke_token(token_id, who=who, reason=reason)
        record_access(
            None,
            "token_revoke",
            actor=who,
            outcome="granted",
            address="",
            user_agent="bitloot token",
            details={"admin": name, "token": token_id, "reason": reason},
        )
    if as_json:
        print_json({"admin": name, "token": token_id, "revoked": True, "known": known})
        return
    if known:
        say(f"Revoked: {name or token_id}.")
        return
    say(f"No account and no record names {name}; see that it is spelled right.", mark="!", style="yellow")
    say(f"Any token that {name} may have had is revoked nonetheless.", mark="·", style="dim")


@command.command("master-key")
@click.option("--number", type=click.IntRange(1, 2**32 - 1), default=1, show_default=True)
@as_json_option
def print_master_key(number: int, as_json: bool) -> None:
    """Print a fresh master key for MASTER_KEYS. Keep a copy where the database is not."""
    key = master_key(number)
    if as_json:
        print_json({"number": number, "master_key": key})
        return
    click.echo(key)
    if number > 1:
        say("Put it before the others in MASTER_KEYS; the first one seals, all open.", mark="·", style="dim")
