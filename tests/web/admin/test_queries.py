"""Queries of lists are read strictly."""

from __future__ import annotations

import pytest
from falcon import Request
from falcon.testing import create_environ

from web.admin.answers import read_query
from web.admin.lists import LISTS
from web.admin.queries import MANNERS, NoticeQuery, OrderQuery
from web.errors import Problem


def query(text: str) -> NoticeQuery:
    return read_query(Request(create_environ(query_string=text)), NoticeQuery)


def test_a_query_has_its_defaults() -> None:
    found = query("")
    assert (found.page, found.limit, found.filters()) == (1, 25, {})


def test_filters_are_read_in_camel_case() -> None:
    found = query("externalId=77&limit=100&since=2026-11-21T00:00:00Z")
    assert found.limit == 100
    assert set(found.filters()) == {"external_id", "since"}


@pytest.mark.parametrize(
    "text",
    [
        "limit=101",
        "limit=0",
        "page=0",
        "page=x",
        "page=1&page=2",
        "unknown=1",
        "orderId=x",
        "source=%00",
        "source=" + "x" * 201,
        "since=2026-11-21",
        "since=2026-11-21T00:00:00",
    ],
)
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        query(text)
    assert caught.value.status_code == 422


def test_every_filter_of_a_query_is_one_of_its_list_and_every_sort_too() -> None:
    for told in LISTS:
        names = set(told.query.model_fields) - MANNERS
        assert names <= set(told.listing.filters), told.listing.name
        sorts = told.query.model_fields["sort"].annotation.__args__  # type: ignore[union-attr]
        for sort in sorts:
            order = told.query(sort=sort).order()
            assert order.removeprefix("-") in told.listing.sorts, (told.listing.name, sort)
        assert told.query().order() == told.listing.usual


def test_an_order_is_said_as_the_list_says_it() -> None:
    assert OrderQuery(sort="createdAt").order() == "created_at"
    assert OrderQuery(held="true", priceFrom="1.50").filters().keys() == {"held", "price_from"}  # type: ignore
