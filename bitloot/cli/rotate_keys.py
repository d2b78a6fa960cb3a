"""`bitloot rotate-keys`: every data key under the first master key, while the shop runs."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import click
from rich.console import Console
from rich.progress import Progress

from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say
from bitloot.cli.spans import counted
from bitloot.settings import Settings
from bitloot.vault import Vault
from db import record_access
from db.data_keys import BATCH, rewrap, under_master_keys
from db.master_keys import forget_unused, need_master_keys

__all__ = ["Rotation", "command", "rotate"]

#: Rounds in which nothing moves, since others write those rows all the time, before it gives up.
PATIENCE = 20

#: Between two rounds, for those who write to be done (seconds).
PAUSE = 0.1


@dataclass
class Rotation:
    """What came of it. `left`: data keys under other master keys; `removable`: master keys that may go."""

    to: int
    moved: int = 0
    broken: dict[str, list[str]] = field(default_factory=dict)
    left: dict[int, int] = field(default_factory=dict)
    removable: list[int] = field(default_factory=list)
    seconds: float = 0.0


@click.command("rotate-keys")
@click.option(
    "--batch", type=click.IntRange(1, 10_000), default=BATCH, show_default=True, help="Rows at once."
)
@as_json_option
def command(batch: int, as_json: bool) -> int:
    """Wrap every data key with the first of MASTER_KEYS; no sealed object is read or written.

    Put the new key before the old ones in MASTER_KEYS, restart all processes, then run this; it may be stopped and
    run again at any time. Exit code 0: nothing is left under older keys; 1: something is.
    """
    with open_database() as settings:
        done = _rotate_with_progress(settings, batch, quiet=as_json)
    if as_json:
        print_json({**vars(done), "rate": round(done.moved / done.seconds, 1) if done.seconds else None})
    else:
        _tell(done)
    return 1 if done.left else 0


def _rotate_with_progress(settings: Settings, batch: int, *, quiet: bool) -> Rotation:
    vault = Vault.from_settings(settings)
    need_master_keys(vault)
    total = sum(count for number, count in under_master_keys().items() if number != vault.newest)
    _record("started", {"to": vault.newest, "data_keys": total})
    with Progress(console=Console(stderr=True), disable=quiet or not total) as bar:
        task = bar.add_task(f"under master key {vault.newest}", total=total)
        done = rotate(vault, batch=batch, tell=lambda moved: bar.advance(task, moved))
    _record("done" if not done.left else "left", {"to": done.to, "moved": done.moved})
    return done


def rotate(vault: Vault, *, batch: int = BATCH, tell: Callable[[int], object] = int) -> Rotation:
    """Round after round until a round finds nothing that it could move. `tell` hears of each batch."""
    done = Rotation(to=vault.newest)
    began, idle = time.monotonic(), 0
    while idle < PATIENCE:
        moved = busy = 0
        done.broken = {}
        for item in rewrap(vault, batch=batch):
            moved, busy = moved + item.moved, busy + item.busy
            if item.broken:
                done.broken.setdefault(item.table, []).extend(item.broken)
            tell(item.moved)
        done.moved += moved
        if not moved and not busy:
            break
        idle = 0 if moved else idle + 1
        time.sleep(PAUSE if busy else 0)
    done.seconds = time.monotonic() - began
    done.removable = forget_unused(vault)
    done.left = {number: count for number, count in under_master_keys().items() if number != vault.newest}
    return done


def _record(outcome: str, details: dict[str, int]) -> None:
    record_access(
        None,
        "rotate_keys",
        actor=f"cli:{getpass.getuser()}",
        outcome=outcome,
        address="",
        user_agent="bitloot rotate-keys",
        details=details,
    )


def _tell(done: Rotation) -> None:
    if done.moved:
        say(
            f"{counted(done.moved, 'data key')} moved under master key {done.to}"
            f" ({done.moved / done.seconds:,.0f}/s)."
        )
    for table, ids in done.broken.items():
        say(f"{len(ids)} of {table} do not open: {', '.join(ids[:5])}", mark="✗", style="bold red")
    for number, count in done.left.items():
        say(f"{count} are still under master key {number}; keep it.", mark="✗", style="bold red")
    if not done.left:
        say(f"All data keys are under master key {done.to}.")
    for number in done.removable:
        say(f"Master key {number} wraps nothing any more: remove it from MASTER_KEYS.")
