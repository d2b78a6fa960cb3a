"""`bitloot up`: the whole shop on this machine until Ctrl-C."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import FrameType

import click
from rich.markup import escape

from bitloot.cli.house import House
from bitloot.cli.log_tail import LogTail
from bitloot.cli.running import announce, withdraw
from bitloot.cli.screen import as_json_option, print_json, say, screen
from bitloot.cli.supervisor import Supervisor
from bitloot.tokens import Tokens

__all__ = ["command"]

#: Seconds between two looks at processes and logs.
LOOK = 0.1

#: Seconds that the printed token is good.
TOKEN_SECONDS = 12 * 3600


@click.command("up")
@click.option(
    "--verbose", is_flag=True, help="Show every line that the processes log; else warnings and errors."
)
@click.option("--quiet", is_flag=True, help="Show no line that the processes log.")
@as_json_option
def command(verbose: bool, quiet: bool, as_json: bool) -> None:
    """Run the whole shop for development: engines, stand-ins and all five processes, until Ctrl-C.

    The log files, whose folder is printed, keep every line.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    state_dir = Path(os.environ.get("STATE_DIR") or ".bitloot").absolute()
    house = House(state_dir)
    tell = _silent if as_json else say
    announced = False
    try:
        house.open(tell)
        announce(state_dir, house.environ)
        announced = True
        _introduce(house, as_json)
        _run(house, quiet=quiet or as_json, verbose=verbose)
    except KeyboardInterrupt:
        tell("Draining …")
    finally:
        if announced:  # else it is another's, who runs here already
            withdraw(state_dir)
        house.close()
    tell("Everything has stopped; the data stays.")


def _run(house: House, *, quiet: bool, verbose: bool) -> None:
    console = screen()
    logs = {name: process.log for name, process in house.processes.items()}
    tail = LogTail({} if quiet else logs, console, all_lines=verbose)
    supervisor = Supervisor(
        {**house.development.engines, **house.processes},
        lambda sentence: console.print(f"[yellow]![/] {escape(sentence)}"),
    )
    while True:
        tail.look()
        supervisor.look()
        time.sleep(LOOK)


def _introduce(house: House, as_json: bool) -> None:
    settings = house.settings
    token = Tokens.from_settings(settings).admin("developer", "owner", TOKEN_SECONDS)
    addresses = {
        "shop": settings.public_url,
        "console": f"{settings.public_url}/console",
        "api": f"{settings.public_url}/docs",
        "relay": f"ws://127.0.0.1:{settings.relay_port}/fulfillment",
        "standins": f"http://127.0.0.1:{settings.standins_port}/control" if settings.standins else None,
        "objects": str(settings.store_directory),
        "letters": str(settings.mail_directory),
        "logs": str(house.logs),
    }
    if as_json:
        print_json({**addresses, "admin_token": token})
        return
    console = screen()
    console.print()
    for name, address in addresses.items():
        if address:
            console.print(f"  [bold]{name:<9}[/] {escape(address)}", soft_wrap=True)
    console.print(f"  [bold]token[/]     {token}", soft_wrap=True)
    console.print(
        "  [dim]for 12 hours, as owner: Authorization: Bearer …; another: bitloot token admin NAME[/]"
    )
    console.print("\n  [dim]Warnings show here; --verbose shows every line.[/]")
    console.print("  [dim]Ctrl-C drains and stops everything.[/]\n")


def _silent(_: str) -> None:
    """With --json one document is printed, and nothing else."""


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
