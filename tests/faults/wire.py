"""Proxies of the shop's own servers: which process is told which port, and which words are worth losing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit, urlunsplit

from tests.faults.proxy import Link

__all__ = ["Commits", "committed", "port_of", "through"]

#: Statements that write, alone or inside a transaction: plain ones, those that begin with WITH, and the doors.
WRITES = re.compile(
    rb"\s*(?:INSERT|UPDATE|DELETE|WITH\b.*?\b(?:INSERT INTO|UPDATE|DELETE FROM)\b"
    rb"|SELECT .*?\b(?:advance_order|take_news|take_notices|keep_notice|keep_refused|keep_keys|use_data_key"
    rb"|ready_order|take_answer|intend_purchases|place_purchase|buy_purchase"
    rb"|ask_about_money|claim_polls|gather_letters|withdraw_right|count_try)\()",
    re.DOTALL | re.IGNORECASE,
)
COMMIT = re.compile(rb"COMMIT\b", re.IGNORECASE)

#: What a connection runs often it prepares once, under a name made of its text (db/prepared.py).
PREPARE = re.compile(rb"PREPARE (\w+) AS (.*)", re.DOTALL | re.IGNORECASE)
EXECUTE = re.compile(rb"EXECUTE (\w+)", re.IGNORECASE)

#: A simple query begins with a letter and its length.
HEAD = 5

#: PostgreSQL's ReadyForQuery, which ends each answer: outside, or inside a transaction.
IDLE, INSIDE = b"Z\x00\x00\x00\x05I", b"Z\x00\x00\x00\x05T"


def port_of(url: str) -> int:
    """The port of a server's URL."""
    port = urlsplit(url).port
    if port is None:
        raise ValueError("the URL names no port")
    return port


def through(name: str, port: int) -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    """For `open_shop(overrides=…)`: the variable `name` with a proxy's port in its URL."""

    def override(environ: Mapping[str, str]) -> Mapping[str, str]:
        parts = urlsplit(environ[name])
        host = parts.netloc.rpartition(":")[0]
        return {name: urlunsplit(parts._replace(netloc=f"{host}:{port}"))}

    return override


class Commits:
    """Says of what was just asked of PostgreSQL whether it makes something durable: COMMIT, or a writing statement by
    itself, prepared before or not. One for all connections: they use the same names for the same texts."""

    def __init__(self) -> None:
        self._writing: set[bytes] = set()  # names

    def __call__(self, link: Link) -> bool:
        asked = link.asked[HEAD:] if link.asked[:1] == b"Q" else b""
        if told := PREPARE.match(asked):
            if WRITES.match(told[2]):
                self._writing.add(told[1])
            return False
        if COMMIT.match(asked):
            return True
        prepared = EXECUTE.match(asked)
        writes = prepared[1] in self._writing if prepared else WRITES.match(asked) is not None
        return writes and not link.answered.endswith(INSIDE)


def committed(reply: bytes) -> bool:
    """Whether PostgreSQL's answer says that it is done, without an error."""
    return reply.endswith(IDLE) and reply[:1] != b"E"
