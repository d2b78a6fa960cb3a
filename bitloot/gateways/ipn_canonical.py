"""The bytes that NOWPayments signs: keys sorted at every depth, lexemes as received (PROVIDERS.md §3.6)."""

from __future__ import annotations

import json
import re
from operator import itemgetter

from bitloot.errors import Malformed
from bitloot.strict_json import MAX_DEPTH

__all__ = ["canonical"]

_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'

# The last alternative catches any character that starts no lexeme, so that nothing is skipped unseen.
# Possessive repeats (`*+`) keep hostile input linear, and so does that a quote without its fellow takes all the rest:
# anybody may send this, and to look for the fellow of each `\"` behind it took a 64 KiB body 20 s of every thread.
_LEXEME = re.compile(
    _STRING + r"|[,:{}\[\]]|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
    r'|true|false|null|"(?s:.)*+|[^ \t\r\n]'
)

_WHOLE_STRING = re.compile(_STRING)

_PLAIN_NAMES = re.compile(r'(?:"[A-Za-z_][A-Za-z0-9_]*+")++')
_unquoted = itemgetter(slice(1, -1))

_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_LAST_INDEX = 2**32 - 2

_DIGITS = frozenset("0123456789")  # a number, and no other lexeme, ends in one

_SCALARS = frozenset({"true", "false", "null"})


def canonical(body: bytes) -> bytes:
    """Re-emits `body` with sorted keys and no white space between lexemes. Raises Malformed (code json_…).

    Number and string lexemes come out exactly as they came in, so it does not matter how the sender prints
    small floats or non-ASCII text. Keys stand as `JSON.stringify` puts them after `Object.keys(…).sort()`:
    array indices first, by number, since a JavaScript object cannot keep them elsewhere; then all others by
    UTF-16 code units.
    """
    try:
        lexemes = _LEXEME.findall(body.decode("utf-8"))
    except UnicodeDecodeError:
        lexemes = ["\ufeff"]
    if lexemes and lexemes[-1][:1] == '"' and not _WHOLE_STRING.fullmatch(lexemes[-1]):
        raise _unreadable()
    lexemes.append("")  # the end: no rule below takes it for anything
    text, after = _value(lexemes, 0, 0)
    if lexemes[after] != "":
        raise _unreadable()
    return text.encode("utf-8")


def _value(lexemes: list[str], at: int, depth: int) -> tuple[str, int]:
    """The canonical text of the value at `at`, and where the next lexeme stands."""
    lexeme = lexemes[at]
    if lexeme == "{" or lexeme == "[":
        if depth >= MAX_DEPTH:
            raise Malformed(f"JSON text is nested deeper than {MAX_DEPTH}", code="json_depth")
        return _object(lexemes, at + 1, depth + 1) if lexeme == "{" else _array(lexemes, at + 1, depth + 1)
    if _is_string(lexeme) or lexeme in _SCALARS or lexeme[-1:] in _DIGITS:
        return lexeme, at + 1
    raise _unreadable()


def _object(lexemes: list[str], at: int, depth: int) -> tuple[str, int]:
    members: dict[str, str] = {}  # name as received → `name:value`
    if lexemes[at] == "}":
        return "{}", at + 1
    while True:
        # A string is spelled out here, and what nearly all members are is taken as it is: no call for each of them.
        name = lexemes[at]
        if name[:1] != '"' or name == '"' or name in members or lexemes[at + 1] != ":":
            raise _unreadable()
        text = lexemes[at + 2]
        if text[-1:] in _DIGITS or (text[:1] == '"' and text != '"'):
            at += 3
        else:
            text, at = _value(lexemes, at + 2, depth)
        members[name] = f"{name}:{text}"
        if lexemes[at] == "}":
            return "{" + ",".join(_sorted(members)) + "}", at + 1
        if lexemes[at] != ",":
            raise _unreadable()
        at += 1


def _array(lexemes: list[str], at: int, depth: int) -> tuple[str, int]:
    items: list[str] = []
    if lexemes[at] == "]":
        return "[]", at + 1
    while True:
        text, at = _value(lexemes, at, depth)
        items.append(text)
        if lexemes[at] == "]":
            return "[" + ",".join(items) + "]", at + 1
        if lexemes[at] != ",":
            raise _unreadable()
        at += 1


def _sorted(members: dict[str, str]) -> list[str]:
    """The members in JavaScript's order; usual names are plain words and need no decoding."""
    if _PLAIN_NAMES.fullmatch("".join(members)):
        return [members[name] for name in sorted(members, key=_unquoted)]
    decoded: dict[str, str] = {json.loads(name): member for name, member in members.items()}
    if len(decoded) != len(members):  # `"a"` and `"\u0061"`
        raise _unreadable()
    return [decoded[name] for name in sorted(decoded, key=_javascript_order)]


def _javascript_order(name: str) -> tuple[int, int, bytes]:
    if _INDEX.fullmatch(name) and int(name) <= _LAST_INDEX:
        return 0, int(name), b""
    return 1, 0, name.encode("utf-16-be", "surrogatepass")


def _is_string(lexeme: str) -> bool:
    return len(lexeme) > 1 and lexeme[0] == '"'


def _unreadable() -> Malformed:
    return Malformed("JSON text has no canonical form", code="json_syntax")
