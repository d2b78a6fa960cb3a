"""Tokens that give no right, by what is wrong with them, and the hand that makes them."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bitloot.tokens import LEEWAY

__all__ = ["ADMIN", "BAD", "BUYER", "LINK", "ORDER", "claims", "signed"]

BUYER, ADMIN, LINK = "b" * 40, "a" * 40, "l" * 40
ORDER = "5f0c8a3e-1d2b-4c7f-9a60-3b1e8f7d2c54"


def claims(**changes: object) -> dict[str, Any]:
    """What a true buyer token says, with changes; None takes a claim away."""
    now = int(time.time())
    true: dict[str, Any] = {
        "iss": "bitloot",
        "aud": "bitloot:buyer",
        "sub": ORDER,
        "iat": now,
        "exp": now + 600,
        "jti": "x1",
    }
    return {name: value for name, value in (true | changes).items() if value is not None}


def signed(secret: str = BUYER, header: dict[str, Any] | None = None, **changes: object) -> str:
    """A token put together by hand, so that also what PyJWT refuses to write can be tried."""
    parts = [_b64(json.dumps(header or {"alg": "HS256", "typ": "JWT"})), _b64(json.dumps(claims(**changes)))]
    digest = {"HS384": "sha384", "HS512": "sha512"}.get(str((header or {}).get("alg")), "sha256")
    mac = hmac.digest(secret.encode(), ".".join(parts).encode(), digest)
    return ".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=").decode()])


def _b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _rsa_key() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def _misshapen() -> dict[str, str]:
    true = signed()
    head, body, mac = true.split(".")
    return {
        "empty": "",
        "space": " ",
        "a word": "garbage",
        "one dot": "a.b",
        "dots only": "..",
        "four dots": f"{true}.x",
        "not base64": "!!.??.##",
        "no JSON": f"{_b64('hello')}.{_b64('world')}.{mac}",
        "a list": f"{_b64('[]')}.{_b64('[]')}.{mac}",
        "null bytes": "\0.\0.\0",
        "a lone surrogate": "\ud800",
        "not ASCII": "žluť.oučký.kůň",
        "far too long": "a" * 100_000,
        "long but well signed": signed(jti="j" * 3000),
        "bearer in front": f"Bearer {true}",
        "line feed behind": f"{true}\n",
        "no signature": f"{head}.{body}.",
        "half a signature": f"{head}.{body}.{mac[:20]}",
        "changed signature": f"{head}.{body}.{'B' if mac[0] == 'A' else 'A'}{mac[1:]}",
        "changed body": f"{head}.{_b64(json.dumps(claims(sub=str(uuid4()))))}.{mac}",
        "claims in a list": f"{head}.{_b64(json.dumps([claims()]))}.{mac}",
    }


def _other_algorithms() -> dict[str, str]:
    private, public = _rsa_key()
    _, body, mac = signed().split(".")
    none = _b64('{"alg":"none","typ":"JWT"}')
    return {
        "alg none": f"{none}.{body}.",
        "alg none, old signature": f"{none}.{body}.{mac}",
        "alg None": f"{_b64(json.dumps({'alg': 'None'}))}.{body}.",
        "alg NONE": f"{_b64(json.dumps({'alg': 'NONE'}))}.{body}.{mac}",
        "alg missing": f"{_b64(json.dumps({'typ': 'JWT'}))}.{body}.{mac}",
        "alg empty": signed(header={"alg": ""}),
        "alg null": signed(header={"alg": None}),
        "alg a list": signed(header={"alg": ["HS256"]}),
        "alg lower case": signed(header={"alg": "hs256"}),
        "HS384": signed(header={"alg": "HS384"}),
        "HS512": signed(header={"alg": "HS512"}),
        "RS256": jwt.encode(claims(), private, algorithm="RS256"),
        "HS256 with the public key as secret": signed(secret=public),
        "header says RS256, signed by HS256": signed(header={"alg": "RS256"}),
        "kid path": signed(header={"alg": "HS256", "kid": "../../../../dev/null"}),
        "kid SQL": signed(header={"alg": "HS256", "kid": "' UNION SELECT 'x"}),
        "jwk inside": signed(header={"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}),
        "jku": signed(header={"alg": "HS256", "jku": "https://evil.example/keys"}),
        "crit": signed(header={"alg": "HS256", "crit": ["exp"]}),
        "detached": signed(header={"alg": "HS256", "b64": False, "crit": ["b64"]}),
    }


def _wrong_claims() -> dict[str, str]:
    now = int(time.time())
    bad = {
        "other secret": signed(secret="z" * 40),
        "empty secret": signed(secret=""),
        "the admin's secret": signed(secret=ADMIN),
        "the link's secret": signed(secret=LINK),
        "audience of admins": signed(aud="bitloot:admin"),
        "audience empty": signed(aud=""),
        "audience a list": signed(aud=["bitloot:buyer"]),
        "audience in part": signed(aud="bitloot"),
        "other issuer": signed(iss="somebody"),
        "issuer a list": signed(iss=["bitloot"]),
        "not yet (iat)": signed(iat=now + LEEWAY + 86_400),
        "not yet (nbf)": signed(nbf=now + LEEWAY + 86_400),
        "iat a word": signed(iat="soon"),
        "iat a float": signed(iat=now - 0.5),
        "exp true": signed(exp=True),
        "exp text": signed(exp=str(now + 60)),
        "exp a word": signed(exp="never"),
        "exp for ever": signed(exp=1e400),
        "exp a float": signed(exp=now + 60.5),
        "subject no order": signed(sub="1"),
        "subject a number": signed(sub=1),
        "subject in upper case": signed(sub=ORDER.upper()),
        "subject in braces": signed(sub=f"{{{ORDER}}}"),
        "subject empty": signed(sub=""),
        "id empty": signed(jti=""),
        "id a number": signed(jti=7),
    }
    for name in ("exp", "iat", "aud", "sub", "iss", "jti"):
        missing: dict[str, Any] = {name: None}
        bad[f"without {name}"] = signed(**missing)
    return bad


BAD = _misshapen() | _other_algorithms() | _wrong_claims()
