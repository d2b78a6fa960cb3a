"""Sessions of the console: signing in by password or by a mailed link, who it is, signing out, following live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import falcon
from falcon import Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from actors.courier import post
from actors.mail_sign_in import mail_sign_in
from bitloot.shop import Shop
from bitloot.tokens import Role
from db.admin_links import ask_link
from db.admin_sessions import AdminSession, end_session
from db.base import transaction
from web.admin.entrance import Entrance
from web.answers import Answer, Ok, answer
from web.auth import Gate, Viewer
from web.body import read_model
from web.cookies import ConsoleCookie
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record

__all__ = ["MailLink", "Redeem", "RelayToken", "SignIn"]

#: How long (seconds) a token for the relay holds; it ends with its session all the same.
RELAY_SECONDS = 300


class Asked(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", strict=True, hide_input_in_errors=True
    )


class Address(Asked):
    email: str = Field(
        min_length=3, max_length=254, pattern=r"^[\x21-\x7e]+$", examples=["olga@shop.example"]
    )


class Code(Asked):
    totp: str | None = Field(
        default=None,
        max_length=12,
        description="The one-time code, where the account asks for one.",
        examples=["123456"],
    )


class Credentials(Code, Address):
    password: SecretStr = Field(min_length=1, max_length=256, examples=["correct horse battery"])


class LinkToken(Code):
    token: SecretStr = Field(
        min_length=1, max_length=200, description="From the fragment of the mailed link."
    )


class Who(Answer):
    email: str = Field(description="Of the account; for a bearer token, the name in it.")
    role: Role
    expires_at: datetime


class RelayPass(Answer):
    token: str = Field(description="For the relay's first message; good for nothing else.")
    expires_at: datetime


class SignIn:
    """The session. Its cookie is HttpOnly: pages act by it, and no script reads it."""

    def __init__(self, gate: Gate, cookie: ConsoleCookie, entrance: Entrance) -> None:
        self._gate = gate
        self._cookie = cookie
        self._entrance = entrance

    @describe(
        "Sign in with a password",
        who="anyone",
        tag="session",
        body=Credentials,
        answers={200: Who},
        codes={401: ["bad_credentials", "totp_needed", "bad_totp"], 403: ["cross_site"], 503: ["busy"]},
        refusals=[400, 401, 403, 413, 415, 422, 429, 503],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        asked = read_model(req, Credentials)
        answer(resp, _who(self._entrance.by_password(req, resp, asked.email, asked.password, asked.totp)))

    @describe("Who is signed in", who="admin", tag="session", answers={200: Who}, refusals=[401, 403, 503])
    def on_get(self, req: Request, resp: Response) -> None:
        viewer = self._gate.admin(req)
        expires = datetime.fromtimestamp(viewer.expires, UTC)
        answer(resp, Who(email=viewer.name, role=viewer.role or "read-only", expires_at=expires))

    @describe(
        "Sign out",
        who="admin",
        role="read-only",
        tag="session",
        answers={204: None},
        codes={409: ["no_session"]},
        refusals=[401, 403, 409, 503],
    )
    def on_delete(self, req: Request, resp: Response) -> None:
        viewer = self._gate.admin(req)
        session = _session_of(viewer)
        with database(), transaction():
            end_session(session.id)
            record(req, viewer, None, "sign_out", "granted", {"session": str(session.id)})
        self._cookie.take_back(resp)
        resp.status = falcon.HTTP_204


class MailLink:
    """Mails a link to sign in by. The answer says nothing, and takes as long for an address that nobody has."""

    def __init__(self, entrance: Entrance, cookie: ConsoleCookie) -> None:
        self._entrance = entrance
        self._cookie = cookie

    @describe(
        "Ask for a link by mail to sign in with",
        who="anyone",
        tag="session",
        body=Address,
        answers={202: Ok},
        codes={403: ["cross_site"]},
        refusals=[400, 403, 413, 415, 422, 429, 503],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        self._cookie.refuse_foreign(req)
        email = read_model(req, Address).email
        with database():
            self._entrance.limit(req, "sign-in-mail")
            asked = ask_link(email) if self._entrance.may_mail(email) else None
            record(req, Viewer("guest"), None, "sign_in_link", "asked" if asked else "too_often", {})
        if asked is not None:
            post(mail_sign_in, str(asked))
        answer(resp, Ok(), 202)


class Redeem:
    """Exchanges the link's token, which stood in a fragment that no server sees, for a session. Once."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    @describe(
        "Sign in with a mailed link",
        who="anyone",
        tag="session",
        body=LinkToken,
        answers={200: Who},
        codes={401: ["bad_link", "totp_needed", "bad_totp"], 403: ["cross_site"]},
        refusals=[400, 401, 403, 413, 415, 422, 429, 503],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        asked = read_model(req, LinkToken)
        answer(resp, _who(self._entrance.by_link(req, resp, asked.token.get_secret_value(), asked.totp)))


class RelayToken:
    """The cookie does not reach the relay; this does, and follows only."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._shop = shop
        self._gate = gate

    @describe(
        "A short token for the relay",
        who="admin",
        role="read-only",
        tag="session",
        answers={200: RelayPass},
        codes={409: ["no_session"]},
        refusals=[401, 403, 409, 413, 503],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        session = _session_of(self._gate.admin(req))
        token = self._shop.tokens.relay(session.email, session.id, RELAY_SECONDS)
        answer(resp, RelayPass(token=token, expires_at=datetime.now(UTC) + timedelta(seconds=RELAY_SECONDS)))


def _who(session: AdminSession) -> Who:
    return Who(email=session.email, role=session.role, expires_at=session.expires_at)


def _session_of(viewer: Viewer) -> AdminSession:
    """Raises Problem 409 for a bearer token, which has no session."""
    if viewer.session is None:
        raise Problem(409, "no_session", "This is for sessions; a bearer token stands for itself.")
    return viewer.session
