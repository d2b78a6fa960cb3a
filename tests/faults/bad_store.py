"""An object store that answers wrongly: it stands in front of the bucket, and each object meets one fault."""

from __future__ import annotations

import hashlib
import io
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.bitloot.stores.moto_server import Application

__all__ = ["KINDS", "BadStore"]

#: Seconds that a slow store takes for its answer.
SLOW = 3.0

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


@dataclass
class Told:
    """One whole answer."""

    status: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def give(self, start_response: StartResponse) -> Iterable[bytes]:
        headers = [item for item in self.headers if item[0].lower() != "content-length"]
        start_response(self.status, [*headers, ("Content-Length", str(len(self.body)))])
        return [self.body]


class BadStore:
    """`around` goes to `open_shop(around_s3=…)`. Of all objects `share` meet a fault, each kind in its turn.

    `bites`: how often each kind bit. `broken` are those that lie in the bucket otherwise than they were put, until
    somebody removes them; `hidden` those that it took and does not show, until `calm`.
    """

    def __init__(self, chance: random.Random, share: float = 1.0) -> None:
        self.bites: Counter[str] = Counter()
        self.broken: set[str] = set()
        self.hidden: set[str] = set()
        self._chance, self._share = chance, share
        self._faults: dict[str, str] = {}
        self._last = b"no object at all"
        self._over = False
        self._lock = threading.Lock()

    def around(self, application: Application) -> Application:
        self._application = application
        return self._serve

    def calm(self) -> None:
        """It shows what it has, and answers as it should from now on."""
        self._over = True
        self.hidden.clear()

    def _serve(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        name, method = (
            str(environ["PATH_INFO"]).partition("/")[2].partition("/")[2],
            environ["REQUEST_METHOD"],
        )
        if not name.endswith(".sealed") or method not in {"PUT", "GET", "HEAD"}:
            return self._application(environ, start_response)
        if method == "PUT":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            return self._put(environ, name, body).give(start_response)
        if name in self.hidden or self._bites(name, "get_missing"):
            return _refusal("404 Not Found", "NoSuchKey").give(start_response)
        if method == "GET" and self._bites(name, "get_500"):
            return _refusal("500 Internal Server Error", "InternalError").give(start_response)
        if method == "GET" and self._bites(name, "get_cut"):
            told = self._ask(environ)
            told.body = told.body[: len(told.body) // 2]
            return told.give(start_response)
        return self._application(environ, start_response)

    def _put(self, environ: Environ, name: str, body: bytes) -> Told:
        """Raises ConnectionResetError where nothing is answered: the server then hangs up."""
        match kind := self._next_fault(name):
            case "put_unheard":
                raise ConnectionResetError
            case "put_500":
                return _refusal("500 Internal Server Error", "InternalError")
            case "put_503":
                return _refusal("503 Service Unavailable", "SlowDown")
            case "put_lost":
                return _taken(body)
            case "put_cut" | "put_mixed_up":
                self.broken.add(name)
                self._ask(environ, body[: len(body) // 2] if kind == "put_cut" else self._last)
                return _taken(body)
            case "put_hidden":
                self.hidden.add(name)
        told = self._ask(environ, body)
        self._last = body
        match kind:
            case "put_reply_lost":
                raise ConnectionResetError
            case "put_500_after":
                return _refusal("500 Internal Server Error", "InternalError")
            case "put_slow":
                time.sleep(SLOW)
        return told

    def _next_fault(self, name: str) -> str:
        """What becomes of this put; those of a get wait for the first one."""
        with self._lock:
            if self._over or name in self._faults:
                return ""
            spared = self._chance.random() >= self._share
            kind = "" if spared else KINDS[sum(map(bool, self._faults.values())) % len(KINDS)]
            self._faults[name] = kind
            if kind.startswith("put"):
                self.bites[kind] += 1
            return kind

    def _bites(self, name: str, kind: str) -> bool:
        with self._lock:
            if self._over or self._faults.get(name) != kind:
                return False
            self._faults[name] = "over"
            self.bites[kind] += 1
            return True

    def _ask(self, environ: Environ, body: bytes | None = None) -> Told:
        """What the bucket itself says, to another body if one is given."""
        if body is not None:
            environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
            environ.pop("HTTP_CONTENT_MD5", None)
        told = Told("")

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            told.status, told.headers = status, headers

        told.body = b"".join(self._application(environ, start_response))
        return told


#: put: before and after it took effect, and with an answer that is not true; get: for once.
KINDS = (
    *("put_cut", "put_reply_lost", "get_missing", "put_500", "put_hidden", "put_500_after", "put_lost"),
    *("put_slow", "put_mixed_up", "get_cut", "put_503", "put_unheard", "get_500"),
)


def _taken(body: bytes) -> Told:
    """As if it lay there, ETag and all."""
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return Told("200 OK", [("ETag", f'"{digest}"')])


def _refusal(status: str, code: str) -> Told:
    text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>planted</Message></Error>'
    return Told(status, [("Content-Type", "application/xml")], text.encode())
