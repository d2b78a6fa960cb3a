"""Column types that Peewee does not have, and ids that come as text."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from peewee import DateTimeField, Field, TextField

__all__ = ["StateField", "TimeField", "TransactionIdField", "as_uuid"]


class TimeField(DateTimeField):
    """`timestamptz`; psycopg2 gives and takes aware datetimes."""

    field_type = "TIMESTAMPTZ"

    def db_value(self, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("times must be aware")
        return value

    def python_value(self, value: datetime | None) -> datetime | None:
        return value


class StateField(TextField):
    """A text column that reads as one of our enums."""

    def __init__(self, states: Callable[[str], StrEnum], **kwargs: Any) -> None:
        self._states = states
        super().__init__(**kwargs)

    def db_value(self, value: StrEnum | str | None) -> str | None:
        return None if value is None else str(value)

    def python_value(self, value: str | None) -> StrEnum | None:
        return None if value is None else self._states(value)


class TransactionIdField(Field):
    """`xid8`, as an int."""

    field_type = "XID8"

    def db_value(self, value: int | None) -> str | None:
        return None if value is None else str(value)

    def python_value(self, value: str | None) -> int | None:
        return None if value is None else int(value)


def as_uuid(text: str | uuid.UUID) -> uuid.UUID | None:
    """None for what is no id at all: no row has that one either."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
