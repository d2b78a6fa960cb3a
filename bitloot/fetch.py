"""The one outgoing HTTP client: time limits, a size cap, and every failure sorted by what happens next."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

import requests
import urllib3
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from bitloot import strict_json
from bitloot.answer import Answer, by_status, doubt
from bitloot.attempt import Attempt, DeadlinePools, attempted
from bitloot.errors import BitLootError, Permanent, Retryable

__all__ = ["Answer", "Classify", "Fetch", "Gate", "Headers", "path_part"]

Headers = Mapping[str, str | SecretStr]
Classify = Callable[[Answer], BitLootError | None]

PATH_PART = re.compile(r"[A-Za-z0-9_-]{1,128}")

#: Bytes asked for at a time while reading a body.
CHUNK = 16 * 1024

#: Kept-alive connections per host: as many threads as one process may run.
POOL = 64


class Gate(Protocol):
    """Whoever decides when a provider may be called; asked before each call, told after it."""

    def admit(self, method: str, path: str) -> None:
        """Returns when the call may go out, soon; raises Retryable or Blocked where it may not. No byte has left."""

    def report(self, method: str, status: int | None, failure: BitLootError | None) -> None:
        """How it ended: the answer's status, None where no whole answer came, and the error that is raised for it."""


#: Headers of every call, of one with JSON, and of one with a form.
PLAIN = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "BitLoot"}
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
        self._base_url = base_url.rstrip("/")
        self._name = name
        self._headers = dict(headers or {})
        self._timeout = (connect_timeout, read_timeout)
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._classify = classify
        self._gate = gate
        self._reads = _Adapter(pool_maxsize=POOL, max_retries=0)
        # A POST has a connection of its own: the peer may close an idle one at the moment we write, and the
        # reset that follows cannot be told from a lost answer. A hand-shake costs less than a purchase that
        # nobody can tell about.
        self._writes = _Adapter(pool_maxsize=POOL, max_retries=0)

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
    ) -> Answer:
        """Sends `json` (Decimals as plain numbers) or `form`, or no body at all."""
        if form is not None:
            return self._send("POST", path, {**FORM, **(headers or {})}, urlencode(form).encode())
        if json is None:
            return self._send("POST", path, headers or {})
        return self._send("POST", path, {**JSON, **(headers or {})}, strict_json.dumps(json))

    def close(self) -> None:
        self._reads.close()
        self._writes.close()

    def _send(self, method: str, path: str, headers: Headers, body: bytes | None = None) -> Answer:
        if self._gate is not None:
            self._gate.admit(method, path)
        status: int | None = None
        attempt = Attempt(self._deadline, fresh=method != "GET")
        try:
            with attempted(attempt), self._exchange(method, path, headers, body) as response:
                answer = self._read(method, response)
        except FAILURES as error:
            failure: BitLootError | None = self._failure(method, attempt, error)
        else:
            failure, status = self._sort(answer), answer.status
        if self._gate is not None:
            self._gate.report(method, status, failure)
        if failure is not None:
            raise failure  # not inside `except`: the library's error holds our headers and must not ride along
        return answer

    def _exchange(self, method: str, path: str, headers: Headers, body: bytes | None) -> requests.Response:
        """One request by the adapter alone: what a session would add (redirects, cookies, proxies, its merging of
        them all) is what we do not want, and costs as much as the call."""
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, self._base_url + path, body
        request.headers = CaseInsensitiveDict(_revealed({**PLAIN, **self._headers, **headers}))
        if method != "GET":
            request.headers["Connection"] = "close"
            request.headers["Content-Length"] = str(len(body or b""))
        adapter = self._reads if method == "GET" else self._writes
        return adapter.send(request, stream=True, timeout=self._timeout)

    def _read(self, method: str, response: requests.Response) -> Answer:
        """Reads the body, counting what comes out of the decompressor."""
        body = bytearray()
        while piece := response.raw.read(CHUNK, decode_content=True):
            body += piece
            if len(body) > self._max_bytes:
                raise TooLargeError
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(body), method, self._name)

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


class TooLargeError(Exception):
    """The body passed the size cap."""


FAILURES = (
    TooLargeError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,  # a header or address that HTTP cannot carry
)

#: The first match names the failure.
CODES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (TooLargeError, "too_large"),
    ((requests.exceptions.SSLError, urllib3.exceptions.SSLError), "tls"),
    ((requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError), "timeout"),
    (urllib3.exceptions.IncompleteRead, "truncated"),
    (Exception, "connection"),
)


class _Adapter(HTTPAdapter):
    """requests' adapter over connections that know the deadline of the call they carry."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
        self.poolmanager = DeadlinePools(num_pools=connections, maxsize=maxsize, block=block, **more)


def _revealed(headers: Headers) -> dict[str, str]:
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in headers.items()
    }
