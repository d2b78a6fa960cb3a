"""The model's hands on rows and notices: which tables have times, how they move, what an IPN says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bitloot.gateways.base import PaymentNews
from db import base

__all__ = ["CHAINED", "UNFINISHED", "anew", "ipn", "shift", "tables_with_times"]

#: Orders that have not come to the happy end.
UNFINISHED = (
    "SELECT 1 FROM orders o WHERE state <> 'fulfilled' OR NOT EXISTS"
    " (SELECT 1 FROM letters l WHERE l.order_id = o.id AND l.kind = 'keys_ready' AND l.state = 'sent') LIMIT 1"
)

#: Rows that stay from story to story, or whose times mean nothing to any step.
KEPT = frozenset({"schema_migrations", "journal_epoch", "products", "master_keys", "shop_keys"})

#: Rows that nobody may change, their times included: each is bound to the one before.
CHAINED = frozenset({"access_records"})


def ipn(news: PaymentNews) -> Mapping[str, Any]:
    """The body of a notice (PROVIDERS.md §3.5); numbers as text, which the adapter reads as well."""
    amounts = {
        "price_amount": news.price,
        "pay_amount": news.pay_amount,
        "actually_paid": news.actually_paid,
    }
    return {
        "payment_id": news.payment_id,
        "payment_status": str(news.state),
        "order_id": news.order_id,
        "parent_payment_id": news.parent_payment_id,
        "price_currency": news.currency,
        "pay_currency": news.pay_currency,
        **{name: str(amount) for name, amount in amounts.items() if amount is not None},
    }


def tables_with_times() -> dict[str, list[str]]:
    """Table -> its times, for every table that is not kept."""
    found = base.rows(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t"
        " USING (table_schema, table_name) WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
        " AND c.data_type = 'timestamp with time zone' ORDER BY 1, 2"
    )
    tables: dict[str, list[str]] = {}
    for table, column in found:
        if table not in KEPT:
            tables.setdefault(table, []).append(column)
    return tables


def shift(table: str, columns: list[str]) -> str:
    parts = ", ".join(f"{column} = {column} - %s * interval '1 second'" for column in columns)
    return f"UPDATE {table} SET {parts}"


def anew(table: str, columns: list[str]) -> str:
    return f"UPDATE {table} SET {', '.join(f'{column} = now()' for column in columns)}"
