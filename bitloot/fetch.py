"""The one outgoing HTTP client: time limits, a size cap, and every failure sorted by what happens next."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from pydantic import SecretStr

from bitloot import strict_json
from bitloot.answer import Answer, by_status, doubt
from bitloot.attempt import Attempt, OddFraming, attempted
from bitloot.calls import calling
from bitloot.channel import FAILURES, Channel, TooLargeError
from bitloot.errors import BitLootError, Permanent, Retryable

__all__ = ["Answer", "Classify", "Fetch", "Gate", "Headers", "path_part"]

Headers = Mapping[str, str | SecretStr]
Classify = Callable[[Answer], BitLootError | None]

PATH_PART = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Gate(Protocol):
    """Whoever decides when a provider may be called; asked before each call, told after it."""

    def admit(self, method: str, path: str) -> None:
        """Returns when the call may go out, soon; raises Retryable or Blocked where it may not. No byte has left."""

    def report(self, method: str, status: int | None, failure: BitLootError | None) -> None:
        """How it ended: the answer's status, None where no whole answer came, and the error that is raised for it."""


#: Headers of every call, of one with JSON, and of one with a form.
PLAIN = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "BitLoot"}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Fetch:
    """Talks to one provider. Threads may share it; it opens nothing before the first call.

    `connect_timeout`, `read_timeout` and `deadline` are seconds: for the TCP and TLS hand-shake, between two
    pieces of the answer, and for the whole call, however slowly the other side drips. `max_bytes` caps the
    body after decompression. `classify` sees every answer of 400 and above first and may name its error;
    None leaves it to `by_status`. `gate` may refuse a call before it begins.

    Raises Retryable (it certainly did not happen, or it was a GET), Ambiguous (a POST that may have happened),
    Blocked or Permanent. Texts hold nothing of what was sent or received. Nothing is retried or redirected,
    and neither proxy variables nor `.netrc` are looked at.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str = "fetch",
        headers: Headers | None = None,
        connect_timeout: float = 3,
        read_timeout: float = 10,
        deadline: float = 15,
        max_bytes: int = 1024 * 1024,
        classify: Classify | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._name = name
        self._headers = {**PLAIN, **(headers or {})}
        self._deadline = deadline
        self._classify = classify
        self._gate = gate
        self._channel = Channel(
            base_url.rstrip("/"),
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_bytes=max_bytes,
        )

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, headers: Headers | None = None
    ) -> Answer:
        """Reads `path`, which is put behind the base URL as it is."""
        return self._send("GET", f"{path}?{urlencode(params)}" if params else path, headers or {})

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Headers | None = None,
        harmless: bool = False,
    ) -> Answer:
        """Sends `json` (Decimals as plain numbers) or `form`, or no body at all.

        `harmless`: whoever is in doubt about it may send it again and has lost nothing, so that a busy process need not
        shake hands anew for each.
        """
        fresh = not harmless
        if form is not None:
            return self._send("POST", path, {**FORM, **(headers or {})}, urlencode(form).encode(), fresh)
        if json is None:
            return self._send("POST", path, headers or {}, None, fresh)
        return self._send("POST", path, {**JSON, **(headers or {})}, strict_json.dumps(json), fresh)

    def close(self) -> None:
        self._channel.close()

    def _send(
        self, method: str, path: str, headers: Headers, body: bytes | None = None, fresh: bool = False
    ) -> Answer:
        if self._gate is not None:
            self._gate.admit(method, path)
        with calling(self._name, method, path) as call:
            answer, failure = self._attempt(method, path, headers, body, fresh)
            call.status = None if answer is None else answer.status
            if self._gate is not None:
                self._gate.report(method, call.status, failure)
            if failure is not None or answer is None:
                raise failure or RuntimeError("a call ended without an answer and without a failure")
            return answer

    def _attempt(
        self, method: str, path: str, headers: Headers, body: bytes | None, fresh: bool
    ) -> tuple[Answer | None, BitLootError | None]:
        """The whole answer, if there was one, and what is to be raised for it: by the caller and not inside `except`,
        since the library's error holds our headers and must not ride along."""
        # A POST that matters has a connection of its own: the peer may close an idle one at the moment we write,
        # and the reset that follows cannot be told from a lost answer. A hand-shake costs less than a purchase that
        # nobody can tell about.
        attempt = Attempt(self._deadline, fresh=fresh)
        try:
            with attempted(attempt):
                told = self._told(method, headers, body, fresh)
                answer = self._exchange(method, path, told, body, fresh)
        except FAILURES as error:
            return None, self._failure(method, attempt, error)
        return answer, self._sort(answer)

    def _exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, fresh: bool
    ) -> Answer:
        reply = self._channel.exchange(method, path, headers, body, fresh=fresh)
        return Answer(reply.status, reply.headers, reply.body, method, self._name)

    def _told(self, method: str, headers: Headers, body: bytes | None, fresh: bool) -> dict[str, str]:
        """All headers of one call, secrets revealed at last."""
        framing = {} if method == "GET" else {"Content-Length": str(len(body or b""))}
        ending = {"Connection": "close"} if fresh else {}
        return _revealed({**self._headers, **headers, **framing, **ending})

    def _sort(self, answer: Answer) -> BitLootError | None:
        named = self._classify(answer) if self._classify and answer.status >= 400 else None
        return named or by_status(answer)

    def _failure(self, method: str, attempt: Attempt, error: Exception) -> BitLootError:
        """A call without a whole answer. Unless we saw that no byte had left, a POST may have happened."""
        code = "deadline" if attempt.over else next(code for kind, code in CODES if isinstance(error, kind))
        if attempt.unsent:
            return Retryable(f"{self._name}: {method} failed before it was sent ({code})", code=code)
        return doubt(method)(f"{self._name}: {method} brought no whole answer ({code})", code=code)


def path_part(reference: str) -> str:
    """A reference of a provider, safe as one part of a path. Raises Permanent(code="bad_reference")."""
    if PATH_PART.fullmatch(reference):
        return reference
    raise Permanent("a reference holds characters that no address may hold", code="bad_reference")


#: The first match names the failure.
CODES: tuple[tuple[type[Exception], str], ...] = (
    (TooLargeError, "too_large"),
    (OddFraming, "framing"),
    (ssl.SSLError, "tls"),
    (TimeoutError, "timeout"),
    (Exception, "connection"),
)


def _revealed(headers: Headers) -> dict[str, str]:
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in headers.items()
    }
