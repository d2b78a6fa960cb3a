"""Proxies of the shop's own servers: which process is told which port, and which words are worth losing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit, urlunsplit

from tests.faults.proxy import Link

__all__ = ["commits", "committed", "port_of", "through"]

#: Statements that write, alone or inside a transaction: plain ones, those that begin with WITH, and the doors.
WRITES = re.compile(
    rb"^Q....(?:INSERT|UPDATE|DELETE|WITH\b.*?\b(?:INSERT INTO|UPDATE|DELETE FROM)\b"
    rb"|SELECT .*?\b(?:advance_order|take_news|take_notices|keep_notice|keep_keys|use_data_key|ask_about_money"
    rb"|claim_polls)\()",
    re.DOTALL | re.IGNORECASE,
)
COMMIT = re.compile(rb"^Q....COMMIT\b", re.DOTALL)

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


def commits(link: Link) -> bool:
    """Whether what was just asked of PostgreSQL makes something durable: COMMIT, or a writing statement by itself."""
    if COMMIT.match(link.asked):
        return True
    return not link.answered.endswith(INSIDE) and WRITES.match(link.asked) is not None


def committed(reply: bytes) -> bool:
    """Whether PostgreSQL's answer says that it is done, without an error."""
    return reply.endswith(IDLE) and reply[:1] != b"E"
