"""How a stand-in reads and answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import cast

import falcon
import pytest

from web.standins.answers import iso, object_of


def test_a_moment_is_written_with_milliseconds_in_utc() -> None:
    moment = datetime(2026, 1, 2, 4, 4, 5, 678_999, tzinfo=timezone(timedelta(hours=1)))
    assert iso(moment) == "2026-01-02T03:04:05.678+00:00"
    assert iso(datetime(2026, 1, 2, tzinfo=UTC), "Z") == "2026-01-02T00:00:00.000Z"


def test_no_body_is_an_empty_object_and_a_list_is_none() -> None:
    def request(body: bytes) -> falcon.Request:
        return cast(falcon.Request, SimpleNamespace(env={"standins.body": body}))

    assert object_of(request(b"")) == {}
    assert object_of(request(b'{"a":1}')) == {"a": 1}
    with pytest.raises(ValueError, match="object"):
        object_of(request(b"[]"))
