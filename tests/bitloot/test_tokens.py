"""Tokens: each kind gives its own right only, and a token that we did not issue gives none."""

from __future__ import annotations

import base64
import copy
import hmac
import json
import pickle
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bitloot.errors import UnsafeSettings
from bitloot.settings import Settings
from bitloot.tokens import LEEWAY, BadToken, Tokens

BUYER, ADMIN, LINK = "b" * 40, "a" * 40, "l" * 40
ORDER = "5f0c8a3e-1d2b-4c7f-9a60-3b1e8f7d2c54"


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(buyer_secret=BUYER, admin_secret=ADMIN, link_secret=LINK, buyer_seconds=3600)


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


def test_a_buyer_token_says_which_order(tokens: Tokens) -> None:
    read = tokens.read_buyer(tokens.buyer(ORDER))
    assert read.order_id == ORDER
    assert abs(read.expires - time.time() - 3600) < 5
    assert tokens.read_buyer(signed()).token_id == "x1"


def test_an_admin_token_says_who_and_what(tokens: Tokens) -> None:
    for role in ("owner", "operator", "read-only"):
        read = tokens.read_admin(tokens.admin("ada", role, 60))
        assert (read.name, read.role) == ("ada", role)


def test_a_link_token_says_which_order_and_generation(tokens: Tokens) -> None:
    order = uuid4()
    read = tokens.read_link(tokens.link(order, 3))
    assert (read.order_id, read.generation) == (str(order), 3)


def test_every_token_has_an_id_of_its_own(tokens: Tokens) -> None:
    assert len({tokens.read_buyer(tokens.buyer(ORDER)).token_id for _ in range(200)}) == 200


def test_no_kind_opens_what_another_kind_guards(tokens: Tokens) -> None:
    issued = {
        "buyer": tokens.buyer(ORDER),
        "admin": tokens.admin("ada", "owner", 60),
        "link": tokens.link(ORDER, 1),
    }
    readers: dict[str, Callable[[str], object]] = {
        "buyer": tokens.read_buyer,
        "admin": tokens.read_admin,
        "link": tokens.read_link,
    }
    for kind, token in issued.items():
        for other, read in readers.items():
            if kind != other:
                with pytest.raises(BadToken):
                    read(token)


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


def _bad_tokens() -> dict[str, str]:
    private, public = _rsa_key()
    now = int(time.time())
    true = signed()
    head, body, mac = true.split(".")
    none = _b64('{"alg":"none","typ":"JWT"}')
    bad = {
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
        "not yet (iat)": signed(iat=now + LEEWAY + 60),
        "not yet (nbf)": signed(nbf=now + LEEWAY + 60),
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
        "claims in a list": f"{head}.{_b64(json.dumps([claims()]))}.{mac}",
    }
    for name in ("exp", "iat", "aud", "sub", "iss", "jti"):
        missing: dict[str, Any] = {name: None}
        bad[f"without {name}"] = signed(**missing)
    return bad


BAD = _bad_tokens()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_gives_no_right(tokens: Tokens, name: str) -> None:
    with pytest.raises(BadToken) as caught:
        tokens.read_buyer(BAD[name])
    assert caught.value.code in {"bad_token", "expired_token"}
    if len(BAD[name]) > 10:
        assert BAD[name] not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_there_are_many_bad_tokens_and_the_hand_made_true_one_is_good(tokens: Tokens) -> None:
    """Otherwise the table above could pass because the hand that makes them errs."""
    assert len(BAD) >= 40
    assert tokens.read_buyer(signed()).order_id == ORDER
    assert tokens.read_buyer(jwt.encode(claims(), BUYER, algorithm="HS256")).order_id == ORDER


def test_every_changed_character_is_noticed(tokens: Tokens) -> None:
    token = tokens.buyer(ORDER)
    # The last character of each part carries bits that base64 drops, so it alone may be read alike.
    free = {index - 1 for index, letter in enumerate(token + ".") if letter == "."}
    for index, letter in enumerate(token):
        if index in free:
            continue
        with pytest.raises(BadToken):
            tokens.read_buyer(token[:index] + ("B" if letter == "A" else "A") + token[index + 1 :])


@pytest.mark.parametrize("ago", [LEEWAY + 30, 10**9])
def test_an_expired_token_says_so(tokens: Tokens, ago: int) -> None:
    with pytest.raises(BadToken) as caught:
        tokens.read_buyer(signed(exp=int(time.time()) - ago))
    assert caught.value.code == "expired_token"


def test_a_forged_expired_token_does_not_say_that_it_was_true(tokens: Tokens) -> None:
    with pytest.raises(BadToken) as caught:
        tokens.read_buyer(signed(secret="z" * 40, exp=1))
    assert caught.value.code == "bad_token"


def test_an_expired_admin_is_out(tokens: Tokens) -> None:
    with pytest.raises(BadToken) as caught:
        tokens.read_admin(tokens.admin("ada", "owner", -LEEWAY - 1))
    assert caught.value.code == "expired_token"


@pytest.mark.parametrize("role", ["", "root", "Owner", "owner ", None, ["owner"], 1])
def test_an_unknown_role_is_no_role(tokens: Tokens, role: object) -> None:
    with pytest.raises(BadToken):
        tokens.read_admin(signed(secret=ADMIN, aud="bitloot:admin", sub="ada", role=role))
    with pytest.raises((ValueError, TypeError)):
        tokens.admin("ada", role, 60)  # type: ignore[arg-type]


@pytest.mark.parametrize("generation", [None, "1", True, 1.0])
def test_a_link_needs_a_whole_generation(tokens: Tokens, generation: object) -> None:
    with pytest.raises(BadToken):
        tokens.read_link(signed(secret=LINK, aud="bitloot:link", gen=generation))


def test_only_an_order_id_gets_a_token(tokens: Tokens) -> None:
    for wrong in ("", "1", "order", ORDER + "0"):
        with pytest.raises(ValueError, match="UUID"):
            tokens.buyer(wrong)


def test_a_signed_path_opens_until_its_time(tokens: Tokens) -> None:
    expires = int(time.time()) + 60
    tokens.check_path("/objects/a", expires, tokens.sign_path("/objects/a", expires))
    past = int(time.time()) - 1
    with pytest.raises(BadToken) as caught:
        tokens.check_path("/objects/a", past, tokens.sign_path("/objects/a", past))
    assert caught.value.code == "expired_token"


def test_a_changed_path_time_or_signature_opens_nothing(tokens: Tokens) -> None:
    expires = int(time.time()) + 60
    good = tokens.sign_path("/objects/a", expires)
    other = Tokens(buyer_secret=BUYER, admin_secret=ADMIN, link_secret="m" * 40)
    for path, until, signature in [
        ("/objects/b", expires, good),
        ("/objects/a/", expires, good),
        ("/objects/a", expires + 1, good),
        ("/objects/a", expires, ""),
        ("/objects/a", expires, good[:-1]),
        ("/objects/a", expires, good + "="),
        ("/objects/a", expires, "\ud800"),
        ("/objects/a", expires, other.sign_path("/objects/a", expires)),
        (f"{expires}\n/objects/a", 0, good),
    ]:
        with pytest.raises(BadToken) as caught:
            tokens.check_path(path, until, signature)
        assert caught.value.code == "bad_token"


def test_secrets_that_are_short_or_shared_are_refused() -> None:
    for buyer, admin, link in [("", ADMIN, LINK), ("b" * 31, ADMIN, LINK), (ADMIN, ADMIN, LINK)]:
        with pytest.raises(UnsafeSettings):
            Tokens(buyer_secret=buyer, admin_secret=admin, link_secret=link)


def test_secrets_do_not_show_and_do_not_travel(tokens: Tokens) -> None:
    assert repr(tokens) == "Tokens()"
    for carry in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            carry(tokens)


def test_tokens_come_from_settings() -> None:
    values = {"buyer_token_secret": BUYER, "admin_token_secret": ADMIN, "link_secret": LINK}
    settings = Settings.model_validate(values | {"buyer_token_seconds": 90})
    read = Tokens.from_settings(settings).read_buyer(Tokens.from_settings(settings).buyer(ORDER))
    assert 85 <= read.expires - time.time() <= 90
