"""Tokens that end before their time."""

from __future__ import annotations

import time
import uuid

from bitloot.settings import Settings
from db.admin_sessions import begin_session, end_session
from db.admins import add_admin
from db.base import planned_rows
from db.migrate import migrations
from db.revocations import Grant, ended, revoke_admin, revoke_token
from db.rights import give_right_anew
from tests.factories import an_order


def test_an_operators_tokens_end_and_later_ones_hold(database: Settings) -> None:
    now = int(time.time())
    old, new = Grant("a", now - 60, admin="mallory"), Grant("b", now + 60, admin="mallory")
    other, buyer = Grant("c", now - 60, admin="alice"), Grant("d", 0, order_id=uuid.uuid4())
    everyone = [old, new, other, buyer]
    assert ended(everyone) == ended([]) == set()
    revoke_admin("mallory", who="tester", reason="left us")
    assert ended(everyone) == {old}
    revoke_admin("Mallory", who="tester", reason="again")
    assert ended(everyone) == {old}
    assert ended([Grant("e", now - 60, admin="MALLORY")])


def test_what_was_revoked_with_capitals_before_names_were_folded_stays_revoked(database: Settings) -> None:
    now = int(time.time())
    for name, ago in (("Mallory", 30), ("MALLORY", 90), ("mallory", 60), ("Eve", 30)):
        planned_rows(
            "INSERT INTO revocations VALUES (%s, clock_timestamp() - %s * interval '1 second', 'tester', %s)"
            " RETURNING 1",
            *(f"admin:{name}", ago, name),
        )
    tokens = [Grant(name, now - 45, admin=name) for name in ("mallory", "Eve")]
    assert ended(tokens) == set()
    [folding] = [item for item in migrations() if item.name == "folded_names"]
    planned_rows(folding.sql.replace("%", "%%").rstrip().removesuffix(";") + " RETURNING 1")
    assert ended(tokens) == set(tokens)
    kept = planned_rows("SELECT subject, reason FROM revocations ORDER BY subject")
    assert kept == [("admin:eve", "Eve"), ("admin:mallory", "Mallory")]


def test_one_token_ends_and_its_bearers_others_hold(database: Settings) -> None:
    order = uuid.uuid4()
    leaked, kept = Grant("a", 0, order_id=order), Grant("b", 0, order_id=order)
    revoke_token("a", who="tester", reason="leaked")
    assert ended([leaked, kept]) == {leaked}
    assert ended([Grant("x", int(time.time()), admin="token:a")]) == set()


def test_a_buyers_older_tokens_end_when_the_right_is_given_anew(database: Settings) -> None:
    order = an_order().id
    old, new = Grant("a", 0, order_id=order, generation=1), Grant("b", 0, order_id=order, generation=2)
    unasked = Grant("c", 0, order_id=order)
    assert ended([old, new, unasked]) == set()
    assert give_right_anew(order) == 2
    assert ended([old, new, unasked]) == {old}


def test_what_a_session_was_given_ends_with_it(database: Settings) -> None:
    olga = add_admin("olga@shop.example", "owner", None)
    assert olga is not None
    session = begin_session(olga, b"cookie", idle=60, seconds=60, address="", user_agent="")
    assert session is not None
    alive, invented = (Grant("a", 0, admin="x", session=id) for id in (session.id, uuid.uuid4()))
    assert ended([alive, invented]) == {invented}
    end_session(session.id)
    assert ended([alive]) == {alive}
