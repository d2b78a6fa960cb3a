"""Rights that travel: JWTs for buyers, admins and links in letters; signed paths for the directory store."""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, get_args
from uuid import UUID

import jwt

from bitloot.errors import Permanent, UnsafeSettings

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["AdminClaims", "BadToken", "BuyerClaims", "LinkClaims", "RelayClaims", "Role", "Tokens"]

Role = Literal["owner", "operator", "read-only"]

ISSUER = "bitloot"
#: Clocks of two hosts may differ by this much (seconds); beyond it RELIABILITY §0 #5 rings an alarm anyway.
LEEWAY = 5
#: Longer texts (characters) are no token of ours and are not parsed at all.
MAX_LENGTH = 2048

_REQUIRED = ["exp", "iat", "aud", "sub", "iss", "jti"]


class BadToken(Permanent):
    """This token gives no right here. The code is expired_token for a true one past its time, else bad_token."""

    default_code = "bad_token"


@dataclass(frozen=True)
class BuyerClaims:
    """May read and reveal one order; a higher generation on the order ends what it reveals."""

    order_id: str
    token_id: str
    expires: int  # seconds since 1970
    generation: int = 1


@dataclass(frozen=True)
class AdminClaims:
    name: str
    role: Role
    token_id: str
    expires: int
    issued: int


@dataclass(frozen=True)
class RelayClaims:
    """May follow everything at the relay, as long as a session of the console lives; gives no right elsewhere."""

    name: str
    session: UUID
    token_id: str
    expires: int
    issued: int


@dataclass(frozen=True)
class LinkClaims:
    """Came with a letter about one order; a higher generation on the order revokes it."""

    order_id: str
    generation: int
    token_id: str
    expires: int


class Tokens:
    """Issues and reads tokens: HS256 only, its own secret and audience for each kind. Texts of at least 32 bytes."""

    def __init__(
        self, *, buyer_secret: str, admin_secret: str, link_secret: str, buyer_seconds: int = 30 * 86400
    ) -> None:
        self._secrets = {
            "buyer": buyer_secret.encode(),
            "admin": admin_secret.encode(),
            "link": link_secret.encode(),
        }
        if min(map(len, self._secrets.values())) < 32 or len(set(self._secrets.values())) < 3:
            raise UnsafeSettings(["Token secrets must have 32 bytes at least, and each kind its own."])
        self._buyer_seconds = buyer_seconds
        self._secrets["relay"] = hmac.digest(self._secrets["admin"], b"bitloot/relay/1", "sha256")
        # A key of its own, so that no signature of a link token is ever one of a path.
        self._path_key = hmac.digest(self._secrets["link"], b"bitloot/path/1", "sha256")

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(
            buyer_secret=settings.buyer_token_secret.get_secret_value(),
            admin_secret=settings.admin_token_secret.get_secret_value(),
            link_secret=settings.link_secret.get_secret_value(),
            buyer_seconds=settings.buyer_token_seconds,
        )

    def buyer(self, order_id: UUID | str, seconds: int | None = None, generation: int = 1) -> str:
        """The access token that a buyer gets with the order; `seconds` for a shorter one."""
        return self._issue("buyer", _uuid_text(order_id), seconds or self._buyer_seconds, gen=generation)

    def admin(self, name: str, role: Role, seconds: int) -> str:
        """A token for an operator, for `seconds` from now."""
        if role not in get_args(Role) or not name:
            raise ValueError("an admin has a name and one of the roles owner, operator, read-only")
        return self._issue("admin", name, seconds, role=role)

    def relay(self, name: str, session: UUID, seconds: int) -> str:
        """For the relay alone, for whoever has this session."""
        return self._issue("relay", name, seconds, sid=str(session))

    def link(self, order_id: UUID | str, generation: int) -> str:
        """The token for the fragment of a link in a letter; lives as long as a buyer's."""
        return self._issue("link", _uuid_text(order_id), self._buyer_seconds, gen=generation)

    def read_buyer(self, token: str) -> BuyerClaims:
        """Raises BadToken, as do the other readers."""
        claims = self._read("buyer", token)
        generation = claims.get("gen", 1)  # tokens of an older release name none
        if type(generation) is not int:
            raise BadToken("tokens: no such generation")
        return BuyerClaims(_order_of(claims), claims["jti"], claims["exp"], generation)

    def read_admin(self, token: str) -> AdminClaims:
        claims = self._read("admin", token)
        if claims.get("role") not in get_args(Role) or not claims["sub"]:
            raise BadToken("tokens: no such role")
        return AdminClaims(claims["sub"], claims["role"], claims["jti"], claims["exp"], claims["iat"])

    def read_relay(self, token: str) -> RelayClaims:
        claims = self._read("relay", token)
        try:
            session = UUID(claims["sid"])
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BadToken("tokens: a relay token without its session") from None
        return RelayClaims(claims["sub"], session, claims["jti"], claims["exp"], claims["iat"])

    def read_link(self, token: str) -> LinkClaims:
        claims = self._read("link", token)
        if type(claims.get("gen")) is not int:
            raise BadToken("tokens: a link without its generation")
        return LinkClaims(_order_of(claims), claims["gen"], claims["jti"], claims["exp"])

    def code_digest(self, order_id: UUID | str, code: str) -> str:
        """A keyed digest of a code that was mailed for this order: what is kept in its place."""
        told = f"bitloot/code/1\n{_uuid_text(order_id)}\n{code}".encode()
        return hmac.digest(self._secrets["link"], told, sha256).hex()

    def sign_path(self, path: str, expires: int) -> str:
        """A signature that opens `path` until `expires` (seconds since 1970)."""
        mac = hmac.digest(self._path_key, f"{expires}\n{path}".encode(), sha256)
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def check_path(self, path: str, expires: int, signature: str) -> None:
        """Raises BadToken unless `sign_path` gave this signature for both and the time has not passed."""
        if not hmac.compare_digest(
            self.sign_path(path, expires).encode(), signature.encode(errors="replace")
        ):
            raise BadToken("tokens: this signature does not belong to this path")
        if expires <= time.time():
            raise BadToken("tokens: this link has expired", code="expired_token")

    def _issue(self, kind: str, subject: str, seconds: int, **more: object) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": _audience(kind),
            "sub": subject,
            "iat": now,
            "exp": now + seconds,
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode(claims | more, self._secrets[kind], algorithm="HS256")

    def _read(self, kind: str, token: str) -> dict[str, Any]:
        if len(token) > MAX_LENGTH:
            raise BadToken("tokens: too long")
        try:
            decoded = jwt.decode_complete(
                token,
                self._secrets[kind],
                algorithms=["HS256"],
                audience=_audience(kind),
                issuer=ISSUER,
                leeway=LEEWAY,
                options={"require": _REQUIRED, "strict_aud": True},
            )
        except jwt.ExpiredSignatureError:
            raise BadToken("tokens: expired", code="expired_token") from None
        except (jwt.PyJWTError, ValueError):
            # from None: PyJWT's texts may quote the token.
            raise BadToken("tokens: not a token for this purpose") from None
        claims: dict[str, Any] = decoded["payload"]
        # Our tokens name no key and carry whole seconds; PyJWT would also take "1e9", true and a foreign header.
        plain = set(decoded["header"]) <= {"alg", "typ"} and claims["jti"]
        if not plain or any(type(claims[name]) is not int for name in ("iat", "exp")):
            raise BadToken("tokens: not in the form that we issue")
        return claims

    def __repr__(self) -> str:
        return "Tokens()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("tokens hold secrets and are neither pickled nor copied")


def _audience(kind: str) -> str:
    return f"bitloot:{kind}"


def _uuid_text(order_id: UUID | str) -> str:
    """Raises ValueError unless this is an order id."""
    return str(UUID(str(order_id)))


def _order_of(claims: dict[str, Any]) -> str:
    try:
        if _uuid_text(claims["sub"]) == claims["sub"]:
            return str(claims["sub"])
    except ValueError:
        pass
    raise BadToken("tokens: the subject is no order")
