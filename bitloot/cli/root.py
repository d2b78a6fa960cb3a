"""`bitloot`: its commands by name, and how errors become one sentence and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from importlib.metadata import version
from io import TextIOWrapper
from typing import Any

import click
import psycopg2
import redis
from rich.console import Console
from rich.markup import escape

from bitloot.cli.running import adopt
from bitloot.errors import BitLootError, UnsafeSettings

__all__ = ["COMMANDS", "main"]

#: Each command lives in its own module, which is imported when it is called: `bitloot migrate` needs no queue, and
#: the list of commands needs none of them.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "migrate": ("bitloot.cli.migrate", "Bring the database schema up to date."),
    "up": ("bitloot.cli.up", "Run the whole shop for development, until Ctrl-C."),
    "demo": ("bitloot.cli.demo", "Sell a key of each kind, and show each step."),
    "doctor": ("bitloot.cli.doctor", "Check settings, servers and providers."),
    "admin": ("bitloot.cli.admins", "Who may sign in at the console."),
    "token": ("bitloot.cli.tokens", "Passes for scripts; fresh master keys."),
    "catalog": ("bitloot.cli.catalog", "What the shop sells."),
    "sweep": ("bitloot.cli.sweep", "Look once for orders that stand still."),
    "actors": ("bitloot.cli.actors", "Every step with its policy, every provider's limits."),
    "jobs": ("bitloot.cli.jobs", "What was given up; send it again."),
    "case": ("bitloot.cli.cases", "Questions for a person, and their answers."),
    "notices": ("bitloot.cli.notices", "What providers told us, and what was refused."),
    "replay": ("bitloot.cli.replay", "Run notices again, dry first."),
    "prove": ("bitloot.cli.prove", "How an order came about; a day against the books."),
    "watch": ("bitloot.cli.watch", "Events as they happen."),
    "kpi": ("bitloot.cli.kpi", "Time to key: p50, p95, misses."),
    "verify-audit": ("bitloot.cli.verify_audit", "Check the chain of access records."),
    "export-audit": ("bitloot.cli.export_audit", "Print all access records."),
    "receipt": ("bitloot.cli.receipt", "A signed receipt of an order."),
    "verify-receipt": ("bitloot.cli.verify_receipt", "Check such a receipt."),
    "rotate-keys": ("bitloot.cli.rotate_keys", "Wrap every data key with the newest master key."),
    "standins": ("bitloot.cli.standins", "The providers' stand-ins alone, and their faults."),
}

#: Exit codes.
FAILED, UNSAFE, INTERRUPTED, READER_GONE = 1, 2, 130, 141


class Commands(click.Group):
    """Finds a command's module by its name, and first the shop that `bitloot up` runs here, for those that need one."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click would call it a failure
            raise click.exceptions.Exit(READER_GONE) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in {"up", "demo"}:
            adopt(os.environ)  # before the import: steps bind to the queue that the environment names then
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("bitloot"), prog_name="bitloot")
def bitloot() -> None:
    """Sells game keys for crypto: paid orders become delivered keys, bought at most once, never lost."""


def main(arguments: list[str] | None = None) -> None:
    """Runs one command and ends the process: 0 done, 1 it failed, 2 it may not start like this; 141 where the reader of
    its output left before the end, as of programs that SIGPIPE ends."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, TextIOWrapper
        ):  # what a terminal's encoding lacks is a question mark, and no failure
            stream.reconfigure(errors="replace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # or the interpreter complains at its end
        code = READER_GONE
    sys.exit(code)


def _run(arguments: list[str] | None) -> int:
    """The exit code; what went wrong has been told. Raises BrokenPipeError."""
    try:
        code = bitloot.main(args=arguments, prog_name="bitloot", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:  # a group without a command: its help is the answer
        click.echo(error.ctx.get_help() if error.ctx else "")
        return 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except UnsafeSettings as refusal:
        _tell("BitLoot cannot start like this:", refusal.reasons)
        return UNSAFE
    except BitLootError as error:
        _tell(escape(str(error)))
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        _tell("The database cannot be reached. See DATABASE_URL, or let `bitloot up` start one.")
    except redis.RedisError:
        _tell("Redis cannot be reached. See REDIS_URL, or let `bitloot up` start one.")
    return FAILED


def _tell(sentence: str, reasons: list[str] | None = None) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]✗[/] {sentence}" if not reasons else f"[bold red]✗ {sentence}[/]")
    for reason in reasons or []:
        console.print("  [red]•[/]", reason, markup=True)
