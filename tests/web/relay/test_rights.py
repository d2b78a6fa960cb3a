"""Who may see what: closed unless a token opens it."""

from __future__ import annotations

import time
import uuid

import pytest

from bitloot.tokens import Tokens
from web.relay.messages import Close, Cut
from web.relay.rights import Rights, rights_of

ORDER, OTHER = uuid.uuid4(), uuid.uuid4()


def test_a_buyer_may_see_the_own_order_only(tokens: Tokens) -> None:
    rights = rights_of(tokens, tokens.buyer(ORDER))
    now = time.time()
    assert not rights.admin
    assert [rights.may(key, now) for key in (ORDER, OTHER, "orders", "jobs", "webhooks")] == [True] + [
        False
    ] * 4


@pytest.mark.parametrize("role", ["owner", "operator", "read-only"])
def test_an_admin_may_see_all(tokens: Tokens, role: str) -> None:
    rights = rights_of(tokens, tokens.admin("tester", role, 600))  # type: ignore[arg-type]
    assert rights.admin
    assert all(rights.may(key, time.time()) for key in (ORDER, "orders", "jobs", "webhooks"))


def test_nobody_may_see_anything_once_expired() -> None:
    for rights in (Rights(ORDER, 1000.0), Rights(None, 1000.0)):
        assert rights.may(ORDER, 999.9)
        assert not rights.may(ORDER, 1000.0)


def test_a_link_token_or_none_gives_no_right(tokens: Tokens) -> None:
    for text in (tokens.link(ORDER, 1), "", "x", tokens.buyer(ORDER)[:-2]):
        with pytest.raises(Cut) as cut:
            rights_of(tokens, text)
        assert cut.value.code is Close.BAD_TOKEN


def test_an_expired_token_says_so_even_within_the_leeway(tokens: Tokens) -> None:
    for seconds in (-60, -1):
        with pytest.raises(Cut) as cut:
            rights_of(tokens, tokens.admin("tester", "owner", seconds))
        assert cut.value.code is Close.TOKEN_EXPIRED
