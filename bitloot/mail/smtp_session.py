"""One SMTP session: opened, secured, logged in, and ended in time."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import SecretStr

from bitloot.errors import BitLootError, Blocked, Retryable

__all__ = ["Access", "open_session"]


@dataclass(frozen=True)
class Access:
    """Where letters are handed in. `timeout` (seconds) is for each step, `deadline` for the whole session."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str = ""
    password: SecretStr = field(default_factory=lambda: SecretStr(""))
    timeout: float = 10
    deadline: float = 60
    context: ssl.SSLContext | None = None  # None: the system's authorities, names checked


@contextmanager
def open_session(access: Access, own_name: str) -> Iterator[smtplib.SMTP]:
    """A session that is ready for MAIL FROM. Raises Retryable or Blocked while it opens; closes it in any case."""
    with _Deadline(access.deadline) as deadline:
        server = _opened(access, own_name, deadline)
        try:
            yield server
            with suppress(OSError, smtplib.SMTPException):  # a rude good-bye changes nothing
                server.quit()
        finally:
            server.close()


def _opened(access: Access, own_name: str, deadline: _Deadline) -> smtplib.SMTP:
    opening: list[smtplib.SMTP] = []
    try:
        opening.append(server := _connected(access, own_name, deadline))
        if access.security == "starttls":
            server.starttls(context=access.context or ssl.create_default_context())
        server.ehlo_or_helo_if_needed()
        if access.user:
            server.login(access.user, access.password.get_secret_value())
        return server
    except (OSError, smtplib.SMTPException, ValueError) as error:
        failure = _sorted(error)
    for server in opening:
        server.close()
    raise failure  # outside `except`: the error's frames hold the password


def _connected(access: Access, own_name: str, deadline: _Deadline) -> smtplib.SMTP:
    where = (access.host, access.port, own_name)
    if access.security == "tls":
        context = access.context or ssl.create_default_context()
        return _TlsServer(deadline, *where, timeout=access.timeout, context=context)
    return _Server(deadline, *where, timeout=access.timeout)


def _sorted(error: Exception) -> BitLootError:
    """What a failure before MAIL FROM means. Nothing was sent, so the letter may go again in any case."""
    kind = type(error).__name__
    if isinstance(error, ssl.SSLError):
        return Blocked(f"smtp: no trust in the server ({kind})", code="smtp_tls")
    if isinstance(error, smtplib.SMTPNotSupportedError | ValueError):
        return Blocked(f"smtp: the server cannot do what is configured ({kind})", code="smtp_settings")
    if isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600:
        denied = isinstance(error, smtplib.SMTPAuthenticationError)
        code = "smtp_denied" if denied else "smtp_refused"
        return Blocked(f"smtp: the server will not have us ({error.smtp_code})", code=code)
    return Retryable(f"smtp: no session ({kind})", code="smtp_unreachable")


class _Deadline:
    """Cuts the session's socket when its time is over, however busy the other side keeps it."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._over = False

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()

    def watch(self, watched: socket.socket | None) -> None:
        with self._lock:
            self._socket = watched
            over = self._over
        if over:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self._over = True
            if self._socket is not None:
                with suppress(OSError):
                    # The plain method: SSLSocket's own would forget its TLS state under the reader's hands.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Watched:
    """Tells the deadline which socket to cut, again for each reply, since STARTTLS changes it."""

    sock: socket.socket | None

    def __init__(self, deadline: _Deadline, *where: Any, **how: Any) -> None:
        self._deadline = deadline
        super().__init__(*where, **how)

    def getreply(self) -> tuple[int, bytes]:
        self._deadline.watch(self.sock)
        reply: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        return reply


class _Server(_Watched, smtplib.SMTP):
    pass


class _TlsServer(_Watched, smtplib.SMTP_SSL):
    pass
