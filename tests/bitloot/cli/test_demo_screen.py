"""The demo's text."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from bitloot.cli.demo_screen import DemoScreen
from bitloot.cli.plaintext import FORMS, Finding
from bitloot.cli.sale import Sale


@pytest.fixture
def printed() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def show(printed: io.StringIO) -> DemoScreen:
    return DemoScreen(Console(file=printed, width=120, highlight=False), Path("/state/objects"))


def test_a_sale_reads_as_it_happened(show: DemoScreen, printed: io.StringIO, sale: Sale) -> None:
    show.ordered(sale)
    for heard in sale.heard:
        show.moved(sale, heard)
    assert sale.letter
    show.mailed(sale, sale.letter)
    show.revealed(sale)
    show.settled(sale)
    text = printed.getvalue()
    assert f"order  {sale.order_id}" in text
    lines = [line.split() for line in text.splitlines() if "live:" in line]
    assert [line[4] for line in lines] == ["paid", "waiting", "ready", "fulfilled"]
    assert lines[0][:2] == ["+0", "ms"]
    assert sale.letter.link not in text  # a right of its own
    for key in sale.keys:
        assert str(key.text) in text
    for sealed in sale.objects:
        assert sealed.name in text


def test_times_are_split_into_ours_and_the_suppliers(
    show: DemoScreen, printed: io.StringIO, sale: Sale
) -> None:
    show.sums([sale])
    assert sale.times
    row = printed.getvalue().splitlines()[-1]
    assert f"{sale.times.ours * 1000:.0f} ms" in row
    assert f"{sale.times.supplier * 1000:.0f} ms" in row
    assert row.rstrip().endswith("once")


def test_a_found_key_and_a_missed_control_stand_out(show: DemoScreen, printed: io.StringIO) -> None:
    show.searched(
        [
            Finding("logs", 2048, ("base64", "plain"), frozenset({"plain"})),
            Finding("objects", 3 << 20, (), frozenset(FORMS)),
        ],
        needles=2,
    )
    logs, objects = printed.getvalue().splitlines()[-3:-1]
    assert logs.split() == ["logs", "2.0", "KiB", "base64,", "plain", "missed"]
    assert objects.split()[:4] == ["objects", "3.0", "MiB", "none"]


def test_the_verdict_names_what_failed(show: DemoScreen, printed: io.StringIO) -> None:
    show.verdict([("one", True), ("two", False)], 12.34, Path("/state"))
    assert "✓  one" in printed.getvalue()
    assert "✗  two" in printed.getvalue()
    assert "12.3 s." in printed.getvalue()
