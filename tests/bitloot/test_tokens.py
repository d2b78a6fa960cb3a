"""Tokens: each kind gives its own right only, and a token that we did not issue gives none."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable
from uuid import uuid4

import jwt
import pytest

from bitloot.errors import UnsafeSettings
from bitloot.settings import Settings
from bitloot.tokens import LEEWAY, BadToken, Tokens
from tests.bitloot.bad_tokens import ADMIN, BAD, BUYER, LINK, ORDER, claims, signed


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(buyer_secret=BUYER, admin_secret=ADMIN, link_secret=LINK, buyer_seconds=3600)


def test_a_buyer_token_says_which_order(tokens: Tokens) -> None:
    read = tokens.read_buyer(tokens.buyer(ORDER))
    assert read.order_id == ORDER
    assert abs(read.expires - time.time() - 3600) < 5
    assert tokens.read_buyer(signed()).token_id == "x1"


def test_an_admin_token_says_who_and_what(tokens: Tokens) -> None:
    for role in ("owner", "operator", "read-only"):
        read = tokens.read_admin(tokens.admin("ada", role, 60))
        assert (read.name, read.role) == ("ada", role)


def test_a_relay_token_says_which_session_and_opens_nothing_else(tokens: Tokens) -> None:
    session = uuid4()
    token = tokens.relay("ada@shop.example", session, 60)
    read = tokens.read_relay(token)
    assert (read.name, read.session) == ("ada@shop.example", session)
    for reader in (tokens.read_admin, tokens.read_buyer, tokens.read_link):
        with pytest.raises(BadToken):
            reader(token)
    with pytest.raises(BadToken):
        tokens.read_relay(tokens.admin("ada", "owner", 60))
    with pytest.raises(BadToken):  # its own key, though it derives from the admins' secret
        tokens.read_relay(jwt.encode(claims(aud="bitloot:relay", sid=str(session)), ADMIN, "HS256"))


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


def test_a_buyer_token_carries_its_generation_and_an_older_one_is_of_the_first(tokens: Tokens) -> None:
    assert tokens.read_buyer(tokens.buyer(ORDER, generation=4)).generation == 4
    assert tokens.read_buyer(signed()).generation == 1
    with pytest.raises(BadToken):
        tokens.read_buyer(signed(gen="2"))


def test_a_codes_digest_belongs_to_its_order(tokens: Tokens) -> None:
    digest = tokens.code_digest(ORDER, "12345678")
    assert digest == tokens.code_digest(ORDER, "12345678")
    assert digest not in {tokens.code_digest(uuid4(), "12345678"), tokens.code_digest(ORDER, "12345679")}
