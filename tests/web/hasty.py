"""For the worker's tests: a worker of little patience, and an application that echoes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from web.desk import Elsewhere, at_the_desk, sleeper
from web.worker import GatheringWorker

__all__ = ["HastyWorker", "PatientWorker", "application"]

#: More than a socket's buffers take (bytes).
LARGE = 64 * 1024 * 1024


class PatientWorker(GatheringWorker):
    """Waits longer for whoever sends than any test takes; not for who does not read."""

    head_seconds = 60.0
    request_seconds = 60.0
    write_seconds = 0.5
    linger_seconds = 0.5
    most_waiting = 54
    most_held = 300_000


class HastyWorker(PatientWorker):
    head_seconds = 0.2
    request_seconds = 0.2


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Says how long the body was; `/large` answers with more than anybody reads; `/wait/…` waits for that file;
    `/payments/ipn` takes 0.2 s, at the desk unless the body is `elsewhere`."""
    path = environ["PATH_INFO"]
    if path == "/large":
        answer = bytes(LARGE)
    else:
        if path.startswith("/wait"):
            _wait_for(Path(path.removeprefix("/wait")))
        body = environ["wsgi.input"].read()
        if path == "/payments/ipn":
            _take(body)
        answer = str(len(body)).encode()
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]


def _take(body: bytes) -> None:
    """As the true one: at the desk it waits for a thread; what wants the database is served by one."""
    if at_the_desk() == (body == b"elsewhere"):
        raise Elsewhere
    if at_the_desk():
        waiting = sleeper()
        threading.Timer(0.2, waiting.wake).start()
        waiting.wait(60)


def _wait_for(file: Path) -> None:
    file.with_suffix(".begun").touch()
    while not file.exists():
        time.sleep(0.01)
