"""What is said about a sale is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bitloot.cli.house import House
from bitloot.cli.sale import Sale, covered

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_sale_went_the_whole_way(sale: Sale) -> None:
    assert [move["dst"] for move in sale.moves] == ["created", "paid", "waiting", "ready", "fulfilled"]
    assert [heard.event.seq for heard in sale.heard] == [2, 3, 4, 5]
    assert len(sale.keys) == len(sale.objects) == sale.expected_keys == 3


def test_each_line_was_charged_once_in_the_suppliers_books(sale: Sale) -> None:
    assert list(sale.charged.values()) == [1, 1]


def test_objects_lie_where_they_are_said_to(house: House, sale: Sale) -> None:
    for sealed in sale.objects:
        data = (house.settings.store_directory / sealed.name).read_bytes()
        assert len(data) == sealed.size
        assert data.startswith(b"BLS")


def test_the_suppliers_time_and_ours_make_up_the_whole(sale: Sale) -> None:
    assert sale.times
    assert 0 < sale.times.supplier < sale.times.total
    assert sale.times.ours + sale.times.supplier == sale.times.total


def test_time_of_two_suppliers_at_once_counts_once() -> None:
    assert covered([]) == 0
    assert covered([(at(0), at(2)), (at(1), at(3))]) == 3
    assert covered([(at(4), at(5)), (at(0), at(2)), (at(1), at(1.5))]) == 3
