"""Migrations and models say the same."""

from __future__ import annotations

from typing import Any

import psycopg2

import db
from bitloot.states import OrderState
from db import base
from db.base import Model
from tests.servers import Servers, drop_database, fresh_database, with_database

COLUMNS = (
    "SELECT table_name, column_name, data_type, is_nullable, coalesce(numeric_precision, 0), coalesce(numeric_scale, 0)"
    " FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> ALL(%s) ORDER BY 1, 2"
)
UNIQUE = (
    "SELECT t.relname, array_agg(a.attname::text ORDER BY a.attname) FROM pg_index i"
    " JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace"
    " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(i.indkey)"
    " WHERE n.nspname = 'public' AND i.indisunique AND i.indpred IS NULL AND t.relname <> ALL(%s)"
    " GROUP BY i.indexrelid, t.relname ORDER BY 1, 2"
)
REFERENCES = (
    "SELECT c.conrelid::regclass::text, a.attname::text, c.confrelid::regclass::text FROM pg_constraint c"
    " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)"
    " WHERE c.contype = 'f' AND c.conrelid::regclass::text <> ALL(%s) ORDER BY 1, 2"
)
#: Tables that only SQL speaks to.
WITHOUT_MODEL = [
    *("schema_migrations", "journal_epoch", "revocations"),
    *("rights", "tries", "guest_codes", "doomed_objects", "letters_due", "letters_cursor"),
    *("refusals", "answered", "sayings"),
    *("admins", "admin_sessions", "admin_links", "living_sessions"),
]


def _models() -> list[type[Model]]:
    return [
        value
        for value in vars(db).values()
        if isinstance(value, type) and issubclass(value, Model) and value is not Model
    ]


def _described(url: str) -> dict[str, list[tuple[Any, ...]]]:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            found = {}
            for name, query in {"columns": COLUMNS, "unique": UNIQUE, "references": REFERENCES}.items():
                cursor.execute(query, (WITHOUT_MODEL,))
                found[name] = cursor.fetchall()
            return found
    finally:
        connection.close()


def test_migrations_and_models_agree(servers: Servers, database_url: str) -> None:
    name = fresh_database(servers.database_url)
    url = with_database(servers.database_url, name)
    try:
        base.connect_url(url, max_connections=2, application="schema test")
        with base.scope():
            base.database.create_tables(_models(), safe=False)
        from_models, from_migrations = _described(url), _described(database_url)
    finally:
        base.dispose()
        drop_database(servers.database_url, name)
    assert len(from_migrations["columns"]) > 100
    assert from_models == from_migrations


def test_the_state_column_knows_exactly_our_states(database_url: str) -> None:
    connection = psycopg2.connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'orders_state_check'"
            )
            row = cursor.fetchone()
    finally:
        connection.close()
    assert row is not None
    named = {state for state in OrderState if f"'{state}'" in row[0]}
    assert named == set(OrderState)
    assert row[0].count("'") == 2 * len(OrderState)
