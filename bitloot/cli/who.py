"""Who acts, and why: the options `--by` and `--reason` of every command that changes something for an order, a notice
or a right."""

from __future__ import annotations

import functools
import getpass
from collections.abc import Callable
from typing import Any

import click

__all__ = ["by_option", "reason_option"]

#: Characters of a reason, as the API takes them.
SHORTEST, LONGEST = 3, 500

Command = Callable[..., Any]


def by_option(command: Command) -> Command:
    """Adds `--by NAME`; the command gets `who`, as records name people at a terminal: `cli:NAME`."""

    @click.option("--by", metavar="NAME", help="Who does it, for the record; your user name if left out.")
    @click.option("--as", "formerly", hidden=True)  # its name in older scripts
    @functools.wraps(command)
    def named(*args: Any, by: str | None, formerly: str | None, **given: Any) -> Any:
        return command(*args, who=f"cli:{by or formerly or getpass.getuser()}", **given)

    return named


def reason_option(says: str, *, required: bool = True) -> Callable[[Command], Command]:
    """Adds `--reason TEXT`, which is looked at before anything else; the command gets it without blanks around it."""
    return click.option(
        "--reason", required=required, is_eager=True, callback=_reason, metavar="TEXT", help=says
    )


def _reason(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    reason = None if value is None else value.strip()
    if reason is not None and not SHORTEST <= len(reason) <= LONGEST:
        raise click.BadParameter(f"say why, in {SHORTEST} to {LONGEST} characters.", context, option)
    return reason
