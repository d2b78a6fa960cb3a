"""Exports that other programs open: CSV in which no cell is a formula, and JSON lines."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

__all__ = ["csv_lines", "json_lines", "safe_cell"]

#: What makes a spreadsheet calculate instead of show (ASVS 1.2.10). The last is the minus sign of mathematics.
FORMULA = frozenset("=+-@\u2212")

#: Where these begin a cell, some programs begin another one.
BREAKS = frozenset("\t\r\n\v\f\x85\u2028\u2029")


def safe_cell(value: object) -> str:
    """The value as text that a spreadsheet shows as it is: a quote in front of whatever would be a formula."""
    text = _text(value).replace("\0", "")
    return f"'{text}" if text[:1] in BREAKS or _first_sign(text) in FORMULA else text


def _first_sign(text: str) -> str:
    """The first that is to be seen, as its plain sign: full-width, small and raised ones calculate as well."""
    seen = (sign for sign in text if unicodedata.category(sign)[0] not in "ZC")
    return unicodedata.normalize("NFKC", next(seen, ""))[:1]


def csv_lines(names: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A head and a line for each row, every cell quoted (RFC 4180), ended by CR LF."""
    columns = list(names)
    yield _line(columns)
    for row in rows:
        yield _line([safe_cell(row[name]) for name in columns])


def json_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One JSON object a line."""
    for row in rows:
        yield json.dumps(dict(row), ensure_ascii=False, default=_text) + "\n"


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)
