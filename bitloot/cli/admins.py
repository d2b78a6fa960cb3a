"""`bitloot admin`: who may sign in to the console. There is nobody until somebody is added here."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, get_args

import click
from pydantic import SecretStr

from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say, show_rows
from bitloot.cli.spans import moment
from bitloot.errors import Malformed, Permanent
from bitloot.mail.address import parse_address
from bitloot.passwords import check_new_password, hash_password
from bitloot.settings import Settings
from bitloot.tokens import Role
from bitloot.totp import matching_step, new_secret, setup_address
from bitloot.vault import Vault
from db import record_access
from db.admins import (
    Admin,
    add_admin,
    admin_context,
    all_admins,
    find_admin,
    set_disabled,
    set_password,
    set_role,
    set_totp,
)
from db.base import transaction

__all__ = ["command"]

role_option = click.option("--role", type=click.Choice(get_args(Role)), default="operator", show_default=True)


@click.group("admin")
def command() -> None:
    """Accounts of the console: add, list, disable, enable; password, one-time codes, role.

    A password is asked for on the terminal, or is the first line of the standard input; never an argument.
    """


@command.command("add")
@click.argument("email")
@role_option
@click.option("--mail-only", is_flag=True, help="No password: signs in by links that are mailed.")
@as_json_option
def add(email: str, role: Role, mail_only: bool, as_json: bool) -> None:
    """Add the account EMAIL."""
    address = _address(email)
    hashed = None if mail_only else _new_password(address)
    with _changing() as who, transaction():
        admin = add_admin(address, role, hashed)
        if admin is None:
            raise Permanent(f"There is an account {address} already.", code="known_admin")
        _record("admin_add", admin, who, {"role": role, "password": not mail_only})
    _tell(admin, f"{address} may sign in as {role}.", (), as_json=as_json)


@command.command("list")
@as_json_option
def show(as_json: bool) -> None:
    """List all accounts."""
    with open_database():
        found = [_shown(admin) for admin in all_admins()]
    if as_json:
        print_json({"admins": found})
        return
    show_rows(
        [_row(one) for one in found],
        spare=("created", "one-time codes"),
        empty="Nobody may sign in yet; `bitloot admin add` adds somebody.",
    )


@command.command("disable")
@click.argument("email")
@click.option("--undo", is_flag=True, hidden=True)  # `enable` in older scripts
@as_json_option
def disable(email: str, undo: bool, as_json: bool) -> None:
    """Let EMAIL in no more, and end every session and token of it now."""
    _let_in(email, undo, as_json=as_json)


@command.command("enable")
@click.argument("email")
@as_json_option
def enable(email: str, as_json: bool) -> None:
    """Let EMAIL sign in again, with the password and the codes that it had."""
    _let_in(email, True, as_json=as_json)


def _let_in(email: str, may: bool, *, as_json: bool) -> None:
    with _changing() as who, _known(email) as admin:
        set_disabled(admin, not may, who=who)
        _record("admin_enable" if may else "admin_disable", admin, who, {})
        doubts = _doubts(admin)
    told = "may sign in again" if may else "is out: no session, link or token of it gives a right any more"
    _tell(admin, f"{admin.email} {told}.", doubts, as_json=as_json, disabled=not may)


@command.command("password")
@click.argument("email")
@click.option("--remove", is_flag=True, help="Sign in by mailed links only.")
@as_json_option
def password(email: str, remove: bool, as_json: bool) -> None:
    """Give EMAIL another password, and end every session of it."""
    hashed = None if remove else _new_password(email)
    with _changing() as who, _known(email) as admin:
        set_password(admin, hashed, who=who)
        _record("admin_password", admin, who, {"removed": remove})
        doubts = _doubts(admin)
    _tell(admin, f"{admin.email} has {'no' if remove else 'another'} password.", doubts, as_json=as_json)


@command.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice(get_args(Role)))
@as_json_option
def change_role(email: str, role: Role, as_json: bool) -> None:
    """Give EMAIL another ROLE, and end every session of it."""
    with _changing() as who, _known(email) as admin:
        set_role(admin, role, who=who)
        _record("admin_role", admin, who, {"from": admin.role, "to": role})
        doubts = _doubts(admin)
    _tell(admin, f"{admin.email} is {role} now.", doubts, as_json=as_json, role=role)


@command.command("totp")
@click.argument("email")
@click.option("--off", is_flag=True, help="Ask for no codes any more.")
@as_json_option
def totp(email: str, off: bool, as_json: bool) -> None:
    """Ask EMAIL for one-time codes. Shows the secret once; it counts when the app's first code is typed here.

    The code is asked for on the terminal, or is the next line of the standard input.
    """
    with open_database() as settings:
        admin = _found(email)
        who = f"cli:{getpass.getuser()}"
        sealed = None if off else _enrolled(settings, admin, as_json=as_json)
        with transaction():
            set_totp(admin, sealed, who=who)
            _record("admin_totp", admin, who, {"on": not off})
            doubts = _doubts(admin)
    if as_json and not off:
        return  # the secret was the document; that the code fitted is the exit code
    told = f"{admin.email} signs in {'without' if off else 'with'} a code."
    _tell(admin, told, doubts, as_json=as_json, totp=not off)


def _enrolled(settings: Settings, admin: Admin, *, as_json: bool) -> tuple[bytes, bytes]:
    """(wrapped data key, sealed secret), once somebody typed a code that fits."""
    secret = new_secret()
    address = setup_address(secret, admin.email, settings.shop_name)
    if as_json:
        print_json({"email": admin.email, "secret": secret, "address": address})
    else:
        say(f"Secret for the app: {secret}", mark="·", style="dim")
        say(address, mark="·", style="dim")
    code = click.prompt("Its code now", err=as_json) if sys.stdin.isatty() else sys.stdin.readline()
    if matching_step(secret, code) is None:
        raise Permanent("This code does not fit; nothing was changed.", code="bad_code")
    vault, context = Vault.from_settings(settings), admin_context(admin.id)
    wrapped = vault.new_data_key(context)
    return wrapped, vault.seal(wrapped, context, "totp", secret.encode())


def _new_password(email: str) -> str:
    """Asked for twice on a terminal. Raises Malformed (weak_password)."""
    if sys.stdin.isatty():
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    typed = SecretStr(given)
    check_new_password(typed, email)
    return hash_password(typed)


def _address(email: str) -> str:
    """As an account is called. Raises click.BadParameter."""
    try:
        return parse_address(email).lower()
    except Malformed as error:
        raise click.BadParameter(str(error).removeprefix("mail: "), param_hint="EMAIL") from None


@contextmanager
def _changing() -> Iterator[str]:
    """An open database; who changes it."""
    with open_database():
        yield f"cli:{getpass.getuser()}"


@contextmanager
def _known(email: str) -> Iterator[Admin]:
    """The account, in one commit with what is done to it. Raises Permanent."""
    with transaction():
        yield _found(email)


def _found(email: str) -> Admin:
    admin = find_admin(email)
    if admin is None:
        raise Permanent(
            "There is no account with this address; see `bitloot admin list`.", code="unknown_admin"
        )
    return admin


def _record(action: str, admin: Admin, who: str, details: Mapping[str, Any]) -> None:
    """Last in its transaction: until the commit nobody else adds a record."""
    record_access(
        None,
        action,
        actor=who,
        outcome="granted",
        address="",
        user_agent="bitloot admin",
        details={"admin": admin.email, **details},
    )


def _shown(admin: Admin) -> dict[str, Any]:
    return {
        "email": admin.email,
        "role": admin.role,
        "password": admin.password_hash is not None,
        "totp": admin.totp_sealed is not None,
        "disabled": admin.disabled_at is not None,
        "created": admin.created_at,
    }


def _row(shown: Mapping[str, Any]) -> dict[str, str]:
    """For people: how the account signs in, and whether it may."""
    return {
        "email": shown["email"],
        "role": shown["role"],
        "signs in by": "password" if shown["password"] else "mailed links",
        "one-time codes": "on" if shown["totp"] else "off",
        "state": "disabled" if shown["disabled"] else "active",
        "created": moment(shown["created"]),
    }


def _doubts(before: Admin) -> list[str]:
    """What the change of this account leaves as nobody may want it. Call it in the change's own transaction."""
    now, owners = _found(before.email), [admin for admin in all_admins() if _may_own(admin)]
    doubts = []
    if before.disabled_at and now.disabled_at:
        doubts.append(
            f"{now.email} is disabled and may not sign in; `bitloot admin enable {now.email}` lets it in again."
        )
    if _may_own(before) and not owners:
        doubts.append("Nobody may sign in as owner now; see `bitloot admin enable`, `role` and `add`.")
    return doubts


def _may_own(admin: Admin) -> bool:
    return admin.role == "owner" and admin.disabled_at is None


def _tell(admin: Admin, sentence: str, doubts: Sequence[str], *, as_json: bool, **changed: Any) -> None:
    if as_json:
        fresh = _shown(admin) | changed
        told = {name: value for name, value in fresh.items() if name in {"email", "role", *changed}}
        print_json(told | {"warnings": list(doubts)})
        return
    say(sentence)
    for doubt in doubts:
        say(doubt, mark="!", style="yellow")
