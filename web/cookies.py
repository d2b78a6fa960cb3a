"""The console's cookie: who may read it, who may send it, and which pages may act by it."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from falcon import Request, Response

from bitloot.settings import Settings
from web.errors import Problem

__all__ = ["ConsoleCookie", "digest_of"]

#: Browsers take a name with this prefix from the host itself only, over TLS, for all of its paths.
HOST_ONLY = "__Host-bitloot"
PLAIN = "bitloot-session"

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: A header that no page of another origin can send without asking first, which we do not grant.
MARK, MARKED = "X-BitLoot", "console"

PORTS = {"https": 443, "http": 80}


def digest_of(secret: str) -> bytes:
    """What is kept of a cookie or a link: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).digest()


class ConsoleCookie:
    """HttpOnly, Secure, SameSite=Strict; only development over plain http does without Secure and the prefix."""

    def __init__(self, settings: Settings) -> None:
        self._secure = settings.public_url.startswith("https://") or not settings.development
        self._development = settings.development
        self._origin = _origin(settings.public_url)
        self.name = HOST_ONLY if self._secure else PLAIN
        self.idle = settings.session_idle_seconds

    def digest(self, req: Request) -> bytes | None:
        """Of the one cookie that came; of two, neither is trusted."""
        values = req.get_cookie_values(self.name) or []
        return digest_of(values[0]) if len(values) == 1 else None

    def give(self, resp: Response, value: str, seconds: float) -> None:
        self._set(resp, value, int(seconds))

    def take_back(self, resp: Response) -> None:
        self._set(resp, "", 0)

    def refuse_foreign(self, req: Request) -> None:
        """For signing in, where there is no cookie yet. Raises Problem 403 for a page of another origin."""
        if req.get_header("Origin") is not None and not self._is_own(req):
            raise _cross_site()

    def check_page(self, req: Request) -> None:
        """A browser sends the cookie whoever asks it to; what changes something must come from a page of ours.

        Raises Problem 403.
        """
        if req.method in SAFE_METHODS:
            return
        if req.get_header(MARK) != MARKED or not self._is_own(req):
            raise _cross_site()

    def _is_own(self, req: Request) -> bool:
        if req.get_header("Sec-Fetch-Site") not in {None, "same-origin"}:
            return False
        origin = (req.get_header("Origin") or "").lower()
        # In development the shop is called by several names of one machine.
        return origin == self._origin or (self._development and origin == _origin(req.prefix))

    def _set(self, resp: Response, value: str, seconds: int) -> None:
        resp.set_cookie(
            self.name,
            value,
            max_age=seconds,
            path="/",
            secure=self._secure,
            http_only=True,
            same_site="Strict",
        )


def _origin(url: str) -> str:
    """As browsers write it: without a port that goes without saying."""
    parts = urlsplit(url.lower())
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _cross_site() -> Problem:
    detail = f"A session acts from the shop's own pages only, with {MARK}: {MARKED}."
    return Problem(403, "cross_site", detail)
