"""Signing in: who somebody is, how often he may try, and the session that comes of it."""

from __future__ import annotations

import hashlib
import secrets
from threading import BoundedSemaphore
from typing import Any, Literal

import structlog
from falcon import Request, Response
from pydantic import SecretStr

from bitloot.passwords import hash_password, holds, outworn
from bitloot.shop import Shop
from bitloot.totp import matching_step
from db import record_access
from db.admin_links import take_link, whose_link
from db.admin_sessions import AdminSession, begin_session, end_session, session_of
from db.admins import Admin, admin_context, find_admin, renew_hash, take_step
from db.base import transaction
from db.tries import count_try, forgive_tries, tried
from web.addresses import neighbourhood
from web.auth import address_of, user_agent_of
from web.cookies import ConsoleCookie, digest_of
from web.deadline import database
from web.errors import Problem

__all__ = ["Entrance", "mail_subject"]

log = structlog.get_logger(__name__)

#: The window (seconds) in which tries are counted, and so how long a lock holds.
WINDOW = 900.0

#: Letters that one address is sent while the link of the first of them is good, at most.
MOST_LETTERS = 3

#: An address may stand for an office: so many times the tries of one account.
OFFICE = 5

#: Each check of a password takes 64 MiB and a core for a moment: so many at once, and so long (seconds) in line.
AT_ONCE, PATIENCE = 2, 5.0

How = Literal["password", "mail"]


class Entrance:
    """All refusals of a password look alike and take alike; only who knows it hears of a one-time code."""

    def __init__(self, shop: Shop, cookie: ConsoleCookie) -> None:
        self._shop = shop
        self._cookie = cookie
        self._hands = BoundedSemaphore(AT_ONCE)

    def by_password(
        self, req: Request, resp: Response, email: str, password: SecretStr, code: str | None
    ) -> AdminSession:
        """Raises Problem 401, 403, 429, 503."""
        self._cookie.refuse_foreign(req)
        with database():
            self._count(req, email)
            found = find_admin(email)
        admin = found if found is not None and found.disabled_at is None else None
        proven = self._holds(admin, password)
        with database():
            if admin is None or not proven:
                why = "password" if admin else "disabled" if found else "unknown"
                raise self._refused(req, found, "password", why)
            if admin.password_hash and outworn(admin.password_hash):
                renew_hash(admin, hash_password(password))
            return self._begin(req, resp, admin, "password", code)

    def by_link(self, req: Request, resp: Response, token: str, code: str | None) -> AdminSession:
        """A link is used up by the session that it opens, not by a wrong code. Raises Problem 401, 403, 429."""
        self._cookie.refuse_foreign(req)
        digest = digest_of(token)
        with database():
            self._count(req)
            admin = whose_link(digest)
            if admin is None:
                raise self._refused(req, None, "mail", "link")
            if admin.totp_sealed is not None:
                # Not by the count of wrong passwords: strangers raise that, this only who holds a true link.
                self._hold(req, _code_subject(admin.email), self._shop.settings.sign_in_tries)
            return self._begin(req, resp, admin, "mail", code, digest)

    def limit(self, req: Request, what: str) -> None:
        """Counts something else that anybody may ask for here, by network address. Raises Problem 429."""
        most = self._shop.settings.sign_in_tries * OFFICE
        self._hold(req, f"{what}:{neighbourhood(address_of(req))}", most)

    def may_mail(self, email: str) -> bool:
        """Counts a letter to this address, for as long as its link is good: whoever asks for them all in a stranger's
        place leaves that one with a link that opens, or with the next letter."""
        return count_try(mail_subject(email), MOST_LETTERS, self._shop.settings.sign_in_link_seconds) is None

    def _count(self, req: Request, email: str | None = None) -> None:
        """Before anything is compared, so that no crowd of guesses runs beside the count. Raises Problem 429."""
        self.limit(req, "sign-in")
        if email is not None:
            self._hold(req, _subject(email), self._shop.settings.sign_in_tries)

    def _hold(self, req: Request, subject: str, most: int) -> None:
        count, left = tried(subject, WINDOW)
        if count <= most:
            return
        if count == most + 1:  # once: whoever goes on fills no chain
            log.warning("signing in is locked for a while", action="sign_in_locked", seconds=round(left))
            self._record(req, None, "locked", {"seconds": round(left)})
        headers = {"Retry-After": str(max(1, round(left)))}
        raise Problem(429, "too_many_tries", "That was often. Please wait a while.", headers=headers)

    def _holds(self, admin: Admin | None, password: SecretStr) -> bool:
        if not self._hands.acquire(timeout=PATIENCE):
            raise Problem(503, "busy", "Too many sign in at once.", headers={"Retry-After": "5"})
        try:
            return holds(admin.password_hash if admin else None, password)
        finally:
            self._hands.release()

    def _begin(
        self,
        req: Request,
        resp: Response,
        admin: Admin,
        how: How,
        code: str | None,
        link: bytes | None = None,
    ) -> AdminSession:
        """The session and its record in one commit; one that this browser had before ends with it."""
        self._check_code(req, admin, how, code)
        settings, value = self._shop.settings, secrets.token_urlsafe(32)
        before = self._before(req)
        with transaction():
            session = begin_session(
                admin,
                digest_of(value),
                idle=settings.session_idle_seconds,
                seconds=settings.session_seconds,
                address=address_of(req),
                user_agent=user_agent_of(req),
            )
            if session is not None and (link is None or take_link(link)):
                if before is not None:
                    end_session(before.id)
                forgive_tries(_subject(admin.email))
                forgive_tries(_code_subject(admin.email))
                self._record(req, admin, "granted", {"by": how, "session": str(session.id)})
            elif session is not None:
                end_session(session.id)
                session = None
        if session is None:
            raise self._refused(req, admin, how, "changed")
        self._cookie.give(resp, value, settings.session_seconds)
        return session

    def _before(self, req: Request) -> AdminSession | None:
        digest = self._cookie.digest(req)
        return session_of(digest, self._cookie.idle) if digest is not None else None

    def _check_code(self, req: Request, admin: Admin, how: How, code: str | None) -> None:
        """A code counts once. Raises Problem 401."""
        if admin.totp_sealed is None or admin.data_key is None:
            return
        if code is None:
            raise self._refused(req, admin, how, "totp_needed")
        vault = self._shop.vault
        secret = vault.open(admin.data_key, admin_context(admin.id), "totp", admin.totp_sealed).decode()
        step = matching_step(secret, code, after=admin.totp_step)
        if step is None or not take_step(admin, step):
            raise self._refused(req, admin, how, "bad_totp")

    def _refused(self, req: Request, admin: Admin | None, how: How, why: str) -> Problem:
        """Recorded with the true reason, which the answer does not tell."""
        self._record(req, admin, "refused", {"by": how, "why": why})
        code, detail = REFUSALS.get(why, REFUSED)
        return Problem(401, code, detail, headers={"WWW-Authenticate": 'Bearer realm="bitloot"'})

    def _record(self, req: Request, admin: Admin | None, outcome: str, details: dict[str, Any]) -> None:
        """An unknown address is not kept: now and then somebody types a password there."""
        record_access(
            None,
            "sign_in",
            actor=admin.label if admin else "guest",
            outcome=outcome,
            address=address_of(req),
            user_agent=user_agent_of(req),
            details=details,
        )


REFUSED = ("bad_credentials", "This address and this password do not go together.")
REFUSALS = {
    "link": ("bad_link", "This link opens nothing, or no longer. Ask for another one."),
    "changed": ("bad_link", "This link opens nothing, or no longer. Ask for another one."),
    "totp_needed": ("totp_needed", "Send the one-time code as well."),
    "bad_totp": ("bad_totp", "This one-time code does not fit, or was used already."),
}


def mail_subject(email: str) -> str:
    """Letters are counted for addresses that nobody has as well."""
    return f"sign-in-mail-to:{_digest(email)}"


def _subject(email: str) -> str:
    """And so are tries."""
    return f"sign-in-as:{_digest(email)}"


def _code_subject(email: str) -> str:
    return f"sign-in-code-as:{_digest(email)}"


def _digest(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()
