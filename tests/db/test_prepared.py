"""What a connection runs often is planned once, and nothing else about it changes."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from peewee import DataError

from bitloot.settings import Settings
from db import base, prepared
from db.base import rows

KNOWN = "SELECT statement FROM pg_prepared_statements ORDER BY prepare_time"


@pytest.fixture(autouse=True)
def fresh_connection(database: Settings) -> None:
    base.database.close()
    base.dispose()
    base.database.connect()  # type: ignore[no-untyped-call]


def test_what_runs_often_is_prepared_and_answers_the_same() -> None:
    sql = "SELECT state, %s::int + 1 FROM orders RIGHT JOIN (VALUES (1)) v ON true"
    answers = [rows(sql, number) for number in range(prepared.OFTEN + 2)]
    assert answers == [[(None, number + 1)] for number in range(prepared.OFTEN + 2)]
    assert [statement for (statement,) in rows(KNOWN)] == [
        f"PREPARE {name_of()} AS {sql.replace('%s', '$1')}"
    ]


def name_of() -> str:
    return str(rows("SELECT name FROM pg_prepared_statements WHERE statement LIKE %s", "%VALUES%")[0][0])


def test_a_statement_whose_parameters_have_no_type_runs_as_it_is() -> None:
    for _ in range(prepared.OFTEN + 1):
        assert rows("SELECT jsonb_build_object('a', %s)->>'a'", "x") == [("x",)]
    assert rows(KNOWN) == []


def test_several_statements_in_one_text_all_run() -> None:
    for _ in range(prepared.OFTEN + 2):
        assert rows("SELECT %s::int; SELECT %s::text", 1, "last") == [("last",)]
    for number in range(prepared.OFTEN + 2):
        assert rows("SELECT pg_advisory_xact_lock(1); SELECT %s::int", number) == [(number,)]
    assert rows(KNOWN) == []


def test_lists_are_read_as_ever() -> None:
    known = uuid.uuid4()
    odd = ["a", "", "null", 'quo"te', "back\\slash", "{curly}", "com,ma", "Ü ✓", " "]
    for _ in range(prepared.OFTEN + 1):
        assert rows("SELECT %s = ANY(%s::uuid[])", str(known), [str(known)]) == [(True,)]
        assert rows("SELECT count(*) FROM orders WHERE seq = ANY(%s)", [1, 2]) == [(0,)]
        assert rows("SELECT count(*) FROM orders WHERE email = ANY(%s)", list[str]()) == [(0,)]
        assert rows("SELECT %s::text[]", odd) == [(odd,)]
        assert rows("SELECT count(*) FROM unnest(%s)", odd) == [(len(odd),)]  # of a type that nothing tells
    assert len(rows(KNOWN)) == 4


def test_a_list_of_other_things_is_not_prepared() -> None:
    for _ in range(prepared.OFTEN + 1):
        assert rows("SELECT count(*) FROM orders WHERE price = ANY(%s)", [Decimal("1.5")]) == [(0,)]
        assert rows("SELECT count(*) FROM orders WHERE email = ANY(%s)", ["a", None]) == [(0,)]
    assert rows(KNOWN) == []


def test_nothing_is_prepared_in_a_transaction_but_what_was_is_used() -> None:
    with base.transaction():
        for _ in range(prepared.OFTEN + 1):
            rows("SELECT count(*) FROM orders WHERE email = %s", "a")
        assert rows(KNOWN) == []
    rows("SELECT count(*) FROM orders WHERE email = %s", "a")
    assert len(rows(KNOWN)) == 1
    with base.transaction():
        assert rows("SELECT count(*) FROM orders WHERE email = %s", "a") == [(0,)]


def test_a_bad_value_is_the_same_error_and_harms_nothing() -> None:
    sql = "SELECT count(*) FROM orders WHERE id = %s"
    for _ in range(prepared.OFTEN):
        rows(sql, "00000000-0000-0000-0000-000000000000")
    with pytest.raises(DataError):
        rows(sql, "no uuid")
    assert rows(sql, "00000000-0000-0000-0000-000000000000") == [(0,)]


def test_statements_of_their_own_kind_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MOST", 2)
    for number in range(4):
        for _ in range(prepared.OFTEN):
            rows(f"SELECT {number}")
    assert len(rows(KNOWN)) == 2


def test_a_name_that_another_client_prepared_through_a_pooler_is_no_danger() -> None:
    """The name is made of the text, so that whoever prepared it prepared the same."""
    sql = "SELECT count(*) FROM orders WHERE email = %s"
    for _ in range(prepared.OFTEN):
        rows(sql, "a")
    connection = base.database.connection()  # type: ignore[no-untyped-call]
    connection._worded.clear()
    assert rows(sql, "a") == [(0,)]
