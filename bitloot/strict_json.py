"""The one way in and out for JSON: strict when reading, exact when writing (RELIABILITY.md §2.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from bitloot.amounts import plain
from bitloot.errors import Malformed

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_NUMBER", "dumps", "loads"]

MAX_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_NUMBER = 40  # characters of one number

#: A number is refused when its size passes 10^±this: `1e999999999` is short, its plain digits are a gigabyte.
MAX_EXPONENT = 64

# A string that does not end takes all the rest: the parser refuses it, and looking for the end of one at each quote
# within would take 64 KiB of `\"` 20 s of every thread.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def loads(body: bytes, *, max_bytes: int = MAX_BYTES) -> Any:
    """Reads one JSON text; numbers become `int` or `Decimal`, never float.

    Raises Malformed with code json_too_large, json_encoding, json_depth, json_duplicate_key, json_constant,
    json_number, json_text (NUL or half a surrogate pair) or json_syntax. No message repeats any of the body.
    """
    if len(body) > max_bytes:
        raise Malformed(f"JSON text is over {max_bytes} bytes", code="json_too_large")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = "\ufeff"
    if text.startswith("\ufeff"):
        raise Malformed("JSON text is not UTF-8 without a byte order mark", code="json_encoding")
    _check_depth(text)
    value = _decode(text)
    if "\\u" in text:  # only an escape can smuggle in what UTF-8 and the parser refuse
        _check_texts(value)
    return value


def dumps(value: Any) -> bytes:
    """Writes compact UTF-8 JSON; a Decimal becomes a plain JSON number with all its digits.

    Raises TypeError for float (it has already lost digits) and for anything JSON does not know.
    """
    return _written(value).encode("utf-8")


def _written(value: Any) -> str:
    if value is None or isinstance(value, str | int):  # bool is an int
        return _ENCODER.encode(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_written(str(name))}:{_written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_written, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no exact JSON form")


def _decode(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        pass  # raised below, without the parser's excerpt of the body as its context
    raise Malformed("JSON text cannot be parsed", code="json_syntax")


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for lexeme in _BRACKETS.findall(text):
        if lexeme in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Malformed(f"JSON text is nested deeper than {MAX_DEPTH}", code="json_depth")
        elif lexeme in "]}":
            depth -= 1


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value or not _encodable(value):
            raise Malformed("JSON text holds NUL or half a surrogate pair", code="json_text")
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_texts(name)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("JSON object names a member twice", code="json_duplicate_key")
    return members


def _integer(text: str) -> int:
    _check_length(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    _check_length(text)
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits is beyond Decimal itself
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise Malformed(f"JSON number is beyond 10^±{MAX_EXPONENT}", code="json_number")
    return number


def _check_length(text: str) -> None:
    if len(text) > MAX_NUMBER:
        raise Malformed(f"JSON number has over {MAX_NUMBER} characters", code="json_number")


def _no_constant(_text: str) -> NoReturn:
    raise Malformed("JSON text holds NaN or Infinity", code="json_constant")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant
)
_ENCODER = json.JSONEncoder(ensure_ascii=False)
