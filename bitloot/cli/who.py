"""Who acts: the option `--by` of every command that changes something for an order, a notice or a right."""

from __future__ import annotations

import functools
import getpass
from collections.abc import Callable
from typing import Any

import click

__all__ = ["by_option"]


def by_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--by NAME`; the command gets `who`, as records name people at a terminal: `cli:NAME`."""

    @click.option("--by", metavar="NAME", help="Who does it, for the record; your user name if left out.")
    @click.option("--as", "formerly", hidden=True)  # its name in older scripts
    @functools.wraps(command)
    def named(*args: Any, by: str | None, formerly: str | None, **given: Any) -> Any:
        return command(*args, who=f"cli:{by or formerly or getpass.getuser()}", **given)

    return named
