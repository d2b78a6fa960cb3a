"""Who is asking, and whether they may. One answer for "not yours" and "not there"."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from falcon import Request

from bitloot.tokens import AdminClaims, BadToken, BuyerClaims, Role, Tokens
from db.admin_sessions import AdminSession, session_of
from db.revocations import Grant, ended
from web.addresses import client_address
from web.cookies import ConsoleCookie
from web.deadline import database
from web.errors import Problem

__all__ = ["ANY_ROLE", "MAY_ACT", "OWNER", "Gate", "Viewer", "address_of", "not_found", "user_agent_of"]

ANY_ROLE: frozenset[Role] = frozenset({"owner", "operator", "read-only"})
MAY_ACT: frozenset[Role] = frozenset({"owner", "operator"})
OWNER: frozenset[Role] = frozenset({"owner"})


@dataclass(frozen=True)
class Viewer:
    """Somebody with a true token, or a session of the console."""

    name: str  # "buyer", or the admin's name
    role: Role | None = None  # None: a buyer
    order_id: uuid.UUID | None = None  # a buyer's order
    generation: int = 1  # of the right that a buyer's token was given under
    expires: float = 0  # Unix time
    session: AdminSession | None = None

    @property
    def is_admin(self) -> bool:
        return self.role is not None

    def owns(self, order_id: uuid.UUID) -> bool:
        return self.order_id == order_id

    @property
    def label(self) -> str:
        """For records: who it was."""
        return f"admin:{self.name}" if self.is_admin else self.name


class Gate:
    """Reads bearer tokens, and where there is none the console's cookie.

    Refusals: 401 without a true one, 403 without the right or from a foreign page, 404 for a stranger's order.
    """

    def __init__(self, tokens: Tokens, cookie: ConsoleCookie | None = None) -> None:
        self._tokens = tokens
        self._cookie = cookie

    def viewer(self, req: Request) -> Viewer:
        """Whoever it is, unless the token was revoked (`bitloot token revoke`)."""
        if req.auth is None and self._cookie is not None and req.get_cookie_values(self._cookie.name):
            return self._signed_in(req, self._cookie)
        viewer, grant = self._read(_bearer(req))
        with database():
            if ended([grant]):
                raise BadToken("tokens: revoked", code="revoked_token")
        return viewer

    @staticmethod
    def _signed_in(req: Request, cookie: ConsoleCookie) -> Viewer:
        """Whose session it is; what changes something must come from a page of ours."""
        cookie.check_page(req)
        digest = cookie.digest(req)
        with database():
            session = session_of(digest, cookie.idle) if digest is not None else None
        if session is None:
            raise BadToken("sessions: over, or never begun", code="session_over")
        return Viewer(session.email, session.role, expires=session.expires_at.timestamp(), session=session)

    def _read(self, token: str) -> tuple[Viewer, Grant]:
        try:
            buyer = self._tokens.read_buyer(token)
            return _buyer(buyer), Grant(buyer.token_id, 0, order_id=uuid.UUID(buyer.order_id))
        except BadToken as error:
            if error.code == "expired_token":
                raise
        admin = self._tokens.read_admin(token)
        return _admin(admin), Grant(admin.token_id, admin.issued, admin=admin.name)

    def viewer_of(self, req: Request, order_id: uuid.UUID) -> Viewer:
        """The order's buyer, or an admin."""
        viewer = self.viewer(req)
        if not viewer.is_admin and not viewer.owns(order_id):
            raise not_found()
        return viewer

    def admin(self, req: Request, roles: frozenset[Role] = ANY_ROLE) -> Viewer:
        viewer = self.viewer(req)
        if viewer.role not in roles:
            raise Problem(403, "forbidden", "This role does not give that right.")
        return viewer

    def admin_of(self, req: Request, order_id: uuid.UUID, roles: frozenset[Role]) -> Viewer:
        """An admin, on a route of one order: for other buyers, the order is not there."""
        self.viewer_of(req, order_id)
        return self.admin(req, roles)


def not_found() -> Problem:
    return Problem(404, "not_found", "There is nothing here, or nothing for you.")


def _buyer(claims: BuyerClaims) -> Viewer:
    order_id = uuid.UUID(claims.order_id)
    return Viewer("buyer", order_id=order_id, generation=claims.generation, expires=claims.expires)


def _admin(claims: AdminClaims) -> Viewer:
    return Viewer(claims.name, role=claims.role, expires=claims.expires)


def _bearer(req: Request) -> str:
    scheme, _, token = (req.auth or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        headers = {"WWW-Authenticate": 'Bearer realm="bitloot"'}
        raise Problem(401, "token_missing", "Send Authorization: Bearer.", headers=headers)
    return token.strip()


def address_of(req: Request) -> str:
    """The client's network address."""
    return client_address(str(req.remote_addr), req.get_header("X-Forwarded-For") or "")


def user_agent_of(req: Request) -> str:
    return req.user_agent or ""
