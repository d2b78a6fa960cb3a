"""Who is asking, and whether they may."""

from __future__ import annotations

import secrets
import uuid

import pytest
from falcon import Request
from falcon.testing import create_environ

from bitloot.tokens import BadToken, Tokens
from db.revocations import revoke_admin
from web.auth import MAY_ACT, Gate, address_of, not_found
from web.errors import Problem

TOKENS = Tokens(**{f"{kind}_secret": secrets.token_hex(32) for kind in ("buyer", "admin", "link")})  # type: ignore[arg-type]
GATE = Gate(TOKENS)
ORDER = uuid.uuid4()

pytestmark = pytest.mark.usefixtures("database")


def request(token: str | None = None, peer: str = "203.0.113.9", **headers: str) -> Request:
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return Request(create_environ(headers=headers, remote_addr=peer))


def refusal(req: Request, order_id: uuid.UUID = ORDER) -> tuple[int, str]:
    with pytest.raises(Problem) as caught:
        GATE.viewer_of(req, order_id)
    return caught.value.status_code, caught.value.document["code"]


def test_a_buyer_sees_the_own_order() -> None:
    viewer = GATE.viewer_of(request(TOKENS.buyer(ORDER)), ORDER)
    assert (viewer.is_admin, viewer.label) == (False, "buyer")


def test_another_order_is_not_there() -> None:
    assert refusal(request(TOKENS.buyer(uuid.uuid4()))) == (404, "not_found")
    assert not_found().document["code"] == "not_found"


def test_a_revoked_token_gives_no_right() -> None:
    token, later = TOKENS.admin("mallory", "owner", 60), TOKENS.buyer(ORDER)
    GATE.viewer(request(token))
    revoke_admin("mallory", who="tester", reason="left us")
    with pytest.raises(BadToken) as caught:
        GATE.viewer(request(token))
    assert caught.value.code == "revoked_token"
    GATE.viewer(request(later))


def test_an_admin_sees_every_order() -> None:
    viewer = GATE.viewer_of(request(TOKENS.admin("olga", "read-only", 60)), ORDER)
    assert (viewer.is_admin, viewer.label) == (True, "admin:olga")


def test_a_role_gives_what_it_gives() -> None:
    GATE.admin(request(TOKENS.admin("olga", "operator", 60)), MAY_ACT)
    for token in (TOKENS.admin("olga", "read-only", 60), TOKENS.buyer(ORDER)):
        with pytest.raises(Problem) as caught:
            GATE.admin(request(token), MAY_ACT)
        assert caught.value.status_code == 403


def test_without_a_token_nobody_is_anybody() -> None:
    assert refusal(request()) == (401, "token_missing")
    assert refusal(request(" ")) == (401, "token_missing")


def test_an_expired_token_is_told_so() -> None:
    for token in (TOKENS.buyer(ORDER, -60), TOKENS.admin("olga", "owner", -60)):
        with pytest.raises(BadToken) as caught:
            GATE.viewer(request(token))
        assert caught.value.code == "expired_token"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("8.8.8.8", "1.2.3.4", "8.8.8.8"),  # a stranger may claim anything
        ("127.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.2", "6.6.6.6, 1.2.3.4", "1.2.3.4"),  # what our proxy added stands last
        ("10.0.0.2", "nonsense", "10.0.0.2"),
        ("::1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_address_is_what_our_own_proxy_says(peer: str, forwarded: str, address: str) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert address_of(request(peer=peer, **headers)) == address
