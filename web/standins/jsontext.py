"""JSON text as the providers' JavaScript writes it, and JSON read without losing a digit."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

__all__ = ["read_json", "sort_keys", "write_json", "write_number"]

_SURROGATE = re.compile("[\ud800-\udfff]")


def write_json(value: Any) -> str:
    """Compact, key order kept, non-ASCII raw, numbers as `JSON.stringify` prints them (PROVIDERS.md §3.6)."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_text(str(key))}:{write_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(write_json(item) for item in value) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float | Decimal):
        return write_number(value)
    return _text(str(value))


def write_number(value: int | float | Decimal) -> str:
    """The shortest digits of the nearest double, exponential below 1e-6 and from 1e21 on: 0.0000021, 1e-7."""
    number = float(value)
    if number == 0:
        return "0"
    sign, figures, exponent = Decimal(repr(number)).normalize().as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("JSON has no such number")
    digits = "".join(map(str, figures))
    point = len(digits) + exponent  # the value is 0.DIGITS × 10^point
    return "-" * sign + _placed(digits, point)


def sort_keys(value: Any) -> Any:
    """Keys sorted at every depth; arrays keep their order."""
    if isinstance(value, dict):
        return {key: sort_keys(value[key]) for key in sorted(value)}
    return [sort_keys(item) for item in value] if isinstance(value, list) else value


def read_json(body: bytes) -> Any:
    """Raises ValueError for anything but JSON; fractions arrive as Decimal."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _placed(digits: str, point: int) -> str:
    if point > 21 or point < -5:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{digits[0]}{rest}e{point - 1:+d}"
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def _text(value: str) -> str:
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
