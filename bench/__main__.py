"""`python -m bench`: measures, prints a table, writes bench/out/latest.json."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from bench.acks import measure_acks
from bench.admin import measure_admin
from bench.custody import measure_custody
from bench.lab import open_lab
from bench.orders import measure_orders
from bench.pace import measure_pace
from bench.peer import peers_folder
from bench.relay import measure_relay
from bench.report import show, write
from bench.storm import measure_storm

OUT = Path(__file__).parent / "out"


@click.command()
@click.option("--runs", default=5, show_default=True, help="Interleaved runs of each side.")
@click.option("--count", default=4_000, show_default=True, help="IPNs per run.")
@click.option(
    "--notices", default=50_000, show_default=True, help="IPNs of the storm, Redis away for a third."
)
@click.option("--orders", default=400, show_default=True, help="Orders per run, from IPN to fulfilled.")
@click.option("--connections", default=32, show_default=True, help="Connections of the load.")
@click.option("--clients", default=10_000, show_default=True, help="Clients of the relay.")
@click.option("--rows", default=1_000_000, show_default=True, help="Orders behind the admins' lists.")
@click.option(
    "--only",
    type=click.Choice(["acks", "storm", "orders", "custody", "pace", "relay", "admin"]),
    help="One benchmark instead of all.",
)
def main(
    runs: int,
    count: int,
    notices: int,
    orders: int,
    connections: int,
    clients: int,
    rows: int,
    only: str | None,
) -> None:
    """Measures BitLoot against the peer (BENCH_PEERS, default ../shared/peers) and against PostgreSQL alone."""
    screen = Console(stderr=True)
    peers = peers_folder()
    if peers is None:
        screen.print("No peer folder (BENCH_PEERS) or no Node: measuring ourselves only.")
    figures = []
    with open_lab(Path(".bitloot/bench").absolute(), peers) as lab:
        if only in {None, "acks"}:
            figures += measure_acks(lab, runs=runs, count=count, connections=connections, say=screen.print)
        if only in {None, "storm"}:
            figures += measure_storm(lab, count=notices, connections=connections, say=screen.print)
        if only in {None, "orders"}:
            figures += measure_orders(lab, runs=runs, count=orders, connections=connections, say=screen.print)
        if only in {None, "custody"}:
            figures += measure_custody(lab, runs=runs, count=max(1, count // 10), say=screen.print)
        if only in {None, "pace"}:
            figures += measure_pace(lab, runs=runs, say=screen.print)
        if only in {None, "relay"}:
            figures += measure_relay(lab, runs=runs, clients=clients, say=screen.print)
        if only == "admin":  # minutes and gigabytes: only where it is asked for
            figures += measure_admin(lab, count=rows, say=screen.print)
    show(figures)
    write(figures, OUT / "latest.json")
    screen.print(f"written to {OUT / 'latest.json'}")


if __name__ == "__main__":
    main()
