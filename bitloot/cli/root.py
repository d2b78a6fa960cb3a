"""`bitloot`: its commands by name, and how errors become one sentence and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from importlib.metadata import version

import click
import psycopg2
import redis
from rich.console import Console

from bitloot.cli.running import adopt
from bitloot.errors import BitLootError, UnsafeSettings

__all__ = ["COMMANDS", "main"]

#: Each command lives in its own module, which is imported when it is called: `bitloot migrate` needs no queue.
COMMANDS: Mapping[str, str] = {
    "migrate": "bitloot.cli.migrate",
    "up": "bitloot.cli.up",
    "demo": "bitloot.cli.demo",
    "doctor": "bitloot.cli.doctor",
    "admin": "bitloot.cli.admins",
    "token": "bitloot.cli.tokens",
    "catalog": "bitloot.cli.catalog",
    "sweep": "bitloot.cli.sweep",
    "actors": "bitloot.cli.actors",
    "jobs": "bitloot.cli.jobs",
    "case": "bitloot.cli.cases",
    "notices": "bitloot.cli.notices",
    "replay": "bitloot.cli.replay",
    "prove": "bitloot.cli.prove",
    "watch": "bitloot.cli.watch",
    "kpi": "bitloot.cli.kpi",
    "verify-audit": "bitloot.cli.verify_audit",
    "export-audit": "bitloot.cli.export_audit",
    "receipt": "bitloot.cli.receipt",
    "verify-receipt": "bitloot.cli.verify_receipt",
    "rotate-keys": "bitloot.cli.rotate_keys",
    "standins": "bitloot.cli.standins",
}

#: Exit codes.
FAILED, UNSAFE, INTERRUPTED = 1, 2, 130


class Commands(click.Group):
    """Finds a command's module by its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("bitloot"), prog_name="bitloot")
@click.pass_context
def bitloot(context: click.Context) -> None:
    """Sells game keys for crypto: paid orders become delivered keys, bought at most once, never lost."""
    if context.invoked_subcommand not in {"up", "demo"}:
        adopt(os.environ)  # a shop that `bitloot up` runs here, unless the environment names another


def main(arguments: list[str] | None = None) -> None:
    """Runs one command and ends the process: 0 done, 1 it failed, 2 it may not start like this."""
    try:
        code = bitloot.main(args=arguments, prog_name="bitloot", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:  # a group without a command: its help is the answer
        click.echo(error.ctx.get_help() if error.ctx else "")
        sys.exit(0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except UnsafeSettings as refusal:
        _tell("BitLoot cannot start like this:", refusal.reasons)
        sys.exit(UNSAFE)
    except BitLootError as error:
        _tell(str(error))
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        _tell("The database cannot be reached. See DATABASE_URL, or let `bitloot up` start one.")
    except redis.RedisError:
        _tell("Redis cannot be reached. See REDIS_URL, or let `bitloot up` start one.")
    sys.exit(FAILED)


def _tell(sentence: str, reasons: list[str] | None = None) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]✗[/] {sentence}" if not reasons else f"[bold red]✗ {sentence}[/]")
    for reason in reasons or []:
        console.print("  [red]•[/]", reason, markup=True)
