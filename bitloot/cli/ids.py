"""Ids on the command line: whole, or by the eight digits that lists and letters show; and what is not there."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

import click

from bitloot.errors import Permanent
from db.short_ids import Subject, ids_between

__all__ = ["ID", "SHORT", "Given", "IdType", "known_id"]

#: Digits that the console, tables and letters show of an id; of a longer beginning all count.
SHORT = 8

NAMES: dict[Subject, str] = {"orders": "order", "cases": "case", "notices": "notice", "jobs": "job"}


@dataclass(frozen=True)
class Given:
    """What somebody typed: every id from `first` to `last` begins like that; one if it is whole."""

    text: str
    first: uuid.UUID
    last: uuid.UUID


class IdType(click.ParamType[Given]):
    """Takes ids; of what is none it says so, and then `elsewhere`."""

    name = "id"

    def __init__(self, elsewhere: str = "") -> None:
        self._elsewhere = elsewhere

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Given:
        digits = str(value).strip().lower().replace("-", "")
        if not re.fullmatch(rf"[0-9a-f]{{{SHORT},32}}", digits):
            no = f"{value!r} is no id: a UUID, or its first {SHORT} digits."
            self.fail(f"{no} {self._elsewhere}".strip(), param, ctx)
        return Given(str(value), uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f")))


ID = IdType()


def known_id(subject: Subject, given: Given) -> uuid.UUID:
    """The one that was meant. Needs a connection scope. Raises Permanent: `not_found`, or `ambiguous_id`."""
    found = ids_between(subject, given.first, given.last)
    if not found:
        raise Permanent(f"There is no such {NAMES[subject]}.", code="not_found")
    if len(found) > 1:
        raise Permanent(
            f"More than one {NAMES[subject]} begins with {given.text}; give more of its id.",
            code="ambiguous_id",
        )
    return found[0]
