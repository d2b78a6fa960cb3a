"""Counts what is asked of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from db import base

__all__ = ["counted"]


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of this process, of every thread. What prepares one, once for a connection, does not count."""
    asked: list[str] = []
    execute = base.database.execute_sql

    def count(sql: str, *args: Any, **options: Any) -> Any:
        if not sql.startswith("PREPARE "):
            asked.append(sql)
        return execute(sql, *args, **options)  # type: ignore[no-untyped-call]

    with patch.object(base.database, "execute_sql", count):
        yield asked
