"""The table on the screen and the same as JSON."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

__all__ = ["Figure", "device", "figure", "show", "write"]


@dataclass(frozen=True)
class Figure:
    """Medians of interleaved runs. `ratio` is ours / peer; None where there is no peer."""

    name: str
    unit: str
    ours: float
    peer: float | None
    ratio: float | None
    runs: int
    device: str


def figure(name: str, unit: str, ours: Sequence[float], peer: Sequence[float] = ()) -> Figure:
    """The medians, and the median of the ratios pair by pair."""
    ratio = median(one / other for one, other in zip(ours, peer, strict=True)) if peer else None
    other = median(peer) if peer else None
    return Figure(name, unit, round(median(ours), 2), _rounded(other), _rounded(ratio), len(ours), device())


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def device() -> str:
    """Cores and processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        models = []
    return f"{len(models) or '?'} x {models[0] if models else platform.machine()}"


def show(figures: Sequence[Figure]) -> None:
    table = Table(title="BitLoot benchmarks (medians of interleaved runs)")
    for title, side in (
        ("figure", "left"),
        ("unit", "left"),
        ("ours", "right"),
        ("peer", "right"),
        ("ratio", "right"),
    ):
        table.add_column(title, justify=side)  # type: ignore[arg-type]
    table.add_column("runs", justify="right")
    for item in figures:
        peer = "-" if item.peer is None else f"{item.peer:,.2f}"
        ratio = "-" if item.ratio is None else f"{item.ratio:.2f}"
        table.add_row(item.name, item.unit, f"{item.ours:,.2f}", peer, ratio, str(item.runs))
    Console().print(table)


def write(figures: Sequence[Figure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(item) for item in figures], indent=2) + "\n")
