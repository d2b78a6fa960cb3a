"""Resend's API as documented: send once per idempotency key, read back (PROVIDERS.md §4)."""

from __future__ import annotations

import hmac
from email.utils import parseaddr
from typing import Any, ClassVar

import falcon
from falcon import Request, Response

from web.standins.answers import Refusal, iso, object_of, say
from web.standins.mails import Mail, Mails, Pace

__all__ = ["add_routes"]

_PREFIX = "/resend"
_MOST_RECIPIENTS, _LONGEST_KEY = 50, 256


def add_routes(app: falcon.App[Any, Any], mails: Mails) -> None:
    app.add_route(f"{_PREFIX}/emails", Send(mails))
    app.add_route(f"{_PREFIX}/emails/{{mail_id}}", Read(mails))


def error(status: int, name: str, message: str) -> Refusal:
    return Refusal(status, {"statusCode": status, "name": name, "message": message})


class _Keyed:
    """A call that needs the API key and counts towards the rate."""

    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    def _admit(self, req: Request, resp: Response) -> None:
        pace = self._mails.pace()
        resp.set_headers(_rate_headers(pace))
        if not pace.admitted:
            no = error(429, "rate_limit_exceeded", "Too many requests.")
            no.headers["retry-after"] = str(pace.reset)
            raise no
        scheme, _, token = (req.get_header("Authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise error(401, "missing_api_key", "Missing API key in the authorization header")
        right = self._mails.floor.config.resend_api_key
        if not right or not hmac.compare_digest(token.encode(), right.encode()):
            raise error(403, "invalid_api_key", "API key is invalid")


class Send(_Keyed):
    points: ClassVar = {"POST": "resend.send"}

    def on_post(self, req: Request, resp: Response) -> None:
        self._admit(req, resp)
        key = req.get_header("Idempotency-Key")
        if key is not None and not 1 <= len(key) <= _LONGEST_KEY:
            raise error(400, "invalid_idempotency_key", "The key must be between 1-256 chars")
        try:
            payload = object_of(req)
        except ValueError:
            raise error(400, "validation_error", "The body is not a JSON object") from None
        _check(payload)
        match self._mails.accept(payload, key):
            case Mail() as mail:
                say(resp, 200, {"id": mail.id})
            case name:
                raise error(409, name, "This idempotency key was used before or is in use")


class Read(_Keyed):
    points: ClassVar = {"GET": "resend.read"}

    def on_get(self, req: Request, resp: Response, mail_id: str) -> None:
        self._admit(req, resp)
        mail = self._mails.get(mail_id)
        if mail is None:
            raise error(404, "not_found", "Email not found")
        said = {name: mail.payload.get(name) for name in ("subject", "html", "text", "cc", "bcc", "reply_to")}
        answer = {"object": "email", "id": mail.id, "to": mail.to, "from": mail.payload["from"]}
        say(resp, 200, answer | said | {"created_at": iso(mail.accepted), "last_event": "delivered"})


def _check(payload: dict[str, Any]) -> None:
    """Raises Refusal for a mail that cannot be sent."""
    for name in ("from", "to", "subject"):
        if not payload.get(name):
            raise error(422, "missing_required_field", f"Missing `{name}` field.")
    if not any(payload.get(name) for name in ("html", "text", "template")):
        raise error(422, "missing_required_field", "Missing `html` or `text` field.")
    if not _is_address(payload["from"]):
        raise error(422, "invalid_from_address", "Invalid `from` field.")
    to = payload["to"] if isinstance(payload["to"], list) else [payload["to"]]
    if len(to) > _MOST_RECIPIENTS or not all(_is_address(address) for address in to):
        raise error(422, "invalid_parameter", "Invalid `to` field.")
    for name in ("subject", "html", "text"):
        if not isinstance(payload.get(name), str | None):
            raise error(422, "invalid_parameter", f"Invalid `{name}` field.")


def _is_address(value: Any) -> bool:
    address = parseaddr(value)[1] if isinstance(value, str) else ""
    local, at, domain = address.rpartition("@")
    return bool(local and at and domain) and " " not in address


def _rate_headers(pace: Pace) -> dict[str, str]:
    return {
        "ratelimit-limit": str(pace.limit),
        "ratelimit-remaining": str(pace.remaining),
        "ratelimit-reset": str(pace.reset),
    }
