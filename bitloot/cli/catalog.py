"""`bitloot catalog`: what the shop sells."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say, show_rows
from bitloot.errors import Malformed
from bitloot.suppliers import SUPPLIERS
from db import Product, put_products
from web.standins.catalog import catalog_rows

__all__ = ["command", "seed_rows"]

#: Columns of a CSV; those with a default may be left out or empty.
REQUIRED = ("sku", "name", "price", "supplier", "supplier_ref", "max_cost")
DEFAULTS = {"currency": "", "cost_currency": "eur", "text_only": "true", "active": "true"}

#: Of the bad rows of a file so many are named.
NAMED = 20


class BadCatalog(Malformed):
    """A product cannot be read; the text names the line and the column."""


@click.group("catalog")
def command() -> None:
    """What the shop sells: add, list, import, seed."""


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what is no longer sold.")
@as_json_option
def list_products(everything: bool, as_json: bool) -> None:
    """List the products."""
    with open_database():
        query = Product.select().order_by(Product.sku)
        rows = [_row(product) for product in (query if everything else query.where(Product.active))]
    if as_json:
        print_json(rows)
        return
    shown = [
        {name: row[name] for name in ("sku", "name", "price", "currency", "supplier", "max_cost")}
        for row in rows
    ]
    show_rows(
        shown,
        numbers=("price", "max_cost"),
        spare=("max_cost", "supplier"),
        empty="Nothing is sold yet. Try `bitloot catalog seed`.",
    )


@command.command("add")
@click.argument("sku")
@click.option("--name", required=True)
@click.option("--price", required=True, help="What a buyer pays, in --currency.")
@click.option("--currency", default="", help="The shop's own (SHOP_CURRENCY); no other is sold in.")
@click.option("--supplier", required=True, type=click.Choice(list(SUPPLIERS)))
@click.option("--supplier-ref", required=True, help="The supplier's id of the product.")
@click.option("--max-cost", required=True, help="The most that is ever paid to the supplier.")
@click.option("--cost-currency", default="eur", show_default=True)
@click.option("--images/--text-only", default=False, help="Whether keys may be pictures.")
@click.option("--inactive", is_flag=True, help="Not for sale.")
@as_json_option
def add(as_json: bool, images: bool, inactive: bool, **fields: str) -> None:
    """Add the product SKU, or change it if it is known."""
    given = {**fields, "text_only": str(not images), "active": str(not inactive)}
    with open_database() as settings:
        product = read_product(given, "the command line", settings.shop_currency)
        put_products([product])
    _report([product], as_json)


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json_option
def import_csv(file: Path, as_json: bool) -> None:
    """Add or change the products of a CSV FILE; all or none.

    Columns: sku, name, price, supplier, supplier_ref, max_cost; and if they differ from the defaults: currency
    (SHOP_CURRENCY), cost_currency (eur), text_only (true), active (true).
    """
    rows = _read_csv(file)
    if not rows:
        raise BadCatalog(f"{file.name} holds no product.")
    with open_database() as settings:
        products = _read_rows(rows, settings.shop_currency)
        twice = [sku for sku, count in Counter(product["sku"] for product in products).items() if count > 1]
        if twice:
            raise BadCatalog(f"{file.name} names {twice[0]} more than once.")
        put_products(products)
    _report(products, as_json)


def _read_rows(rows: Sequence[Mapping[str, str | None]], currency: str) -> list[dict[str, Any]]:
    """All of them. Raises BadCatalog, which names every bad line as far as a screen goes."""
    products, bad = [], []
    for number, row in enumerate(rows, start=2):
        try:
            products.append(read_product(row, f"line {number}", currency))
        except BadCatalog as error:
            bad.append(str(error))
    if bad:
        rest = [f"and {len(bad) - NAMED} more lines"] if len(bad) > NAMED else []
        raise BadCatalog("\n  ".join([*bad[:NAMED], *rest]))
    return products


def _read_csv(file: Path) -> list[dict[str, str | None]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            rows = list(csv.DictReader(text, restkey="surplus", strict=True))
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise BadCatalog(f"{file.name} is no CSV in UTF-8 ({type(error).__name__}).") from None
    for number, row in enumerate(rows, start=2):
        if "surplus" in row or any("\0" in (value or "") for value in row.values()):
            raise BadCatalog(f"line {number}: more fields than columns, or a character that no text has.")
    return rows


@command.command("seed")
@as_json_option
def seed(as_json: bool) -> None:
    """Add the made-up games that the stand-ins sell. Development only."""
    with open_database() as settings:
        if not settings.development:
            raise BadCatalog("The seed sells made-up games; it is for development only.")
        products = seed_rows(settings.shop_currency)
        put_products(products)
    _report(products, as_json)


def seed_rows(currency: str) -> list[dict[str, Any]]:
    """The stand-ins' games as products, sold in `currency`."""
    found = [
        {
            **row,
            "currency": currency,
            "max_cost": row["max_price"],
            "text_only": str("lanterns" not in row["sku"]),
        }
        for row in catalog_rows()
    ]
    return [read_product(row, row["sku"], currency) for row in found]


def read_product(row: Mapping[str, str | None], where: str, currency: str) -> dict[str, Any]:
    """One product from texts, for a shop that sells in `currency`. Raises BadCatalog."""
    given = {name: (row.get(name) or DEFAULTS.get(name, "")).strip() for name in (*REQUIRED, *DEFAULTS)}
    for name in REQUIRED:
        if not given[name]:
            raise BadCatalog(f"{where}: {name} is missing.")
    if re.search(r"\s", given["sku"]):
        raise BadCatalog(f"{where}: sku must be without blanks, as orbit-drifters.")
    if given["supplier"] not in SUPPLIERS:
        raise BadCatalog(f"{where}: supplier is none of {', '.join(SUPPLIERS)}.")
    given["currency"] = given["currency"] or currency
    for name in ("currency", "cost_currency"):
        if not re.fullmatch(r"[A-Za-z]{3}", given[name]):
            raise BadCatalog(f"{where}: {name} must be a code of three letters, as eur.")
    if given["currency"].lower() != currency.lower():
        raise BadCatalog(f"{where}: currency is {given['currency']}, this shop sells in {currency} only.")
    return {
        **given,
        "currency": given["currency"].lower(),
        "cost_currency": given["cost_currency"].lower(),
        **{name: _amount(given[name], name, where) for name in ("price", "max_cost")},
        **{name: _flag(given[name], name, where) for name in ("text_only", "active")},
    }


def _amount(text: str, name: str, where: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise BadCatalog(f"{where}: {name} is not a number.") from None
    if not amount.is_finite() or not 0 < amount < 10**9 or amount != round(amount, 2):
        raise BadCatalog(f"{where}: {name} must be above zero with two decimals at most.")
    return amount


def _flag(text: str, name: str, where: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in known:
        raise BadCatalog(f"{where}: {name} must be true or false.")
    return known[text.lower()]


def _row(product: Product) -> dict[str, Any]:
    names = (*REQUIRED, *DEFAULTS)
    return {"id": product.id, **{name: getattr(product, name) for name in names}}


def _warnings(products: Sequence[Mapping[str, Any]]) -> list[str]:
    """What would be sold at a loss if its supplier took all that it may."""
    return [
        f"{product['sku']}: it may cost {product['max_cost']} {product['cost_currency'].upper()}, more than its price"
        f" of {product['price']} {product['currency'].upper()}."
        for product in products
        if product["cost_currency"] == product["currency"] and product["max_cost"] > product["price"]
    ]


def _report(products: list[dict[str, Any]], as_json: bool) -> None:
    warnings = _warnings(products)
    if as_json:
        print_json({"products": [product["sku"] for product in products], "warnings": warnings})
        return
    for warning in (*warnings[:NAMED], *([f"and {len(warnings) - NAMED} more"] if warnings[NAMED:] else [])):
        click.echo(f"! {warning}", err=True)
    say(
        f"{len(products)} product{'s' if len(products) != 1 else ''} in the catalog: "
        f"{', '.join(product['sku'] for product in products[:8])}{' …' if len(products) > 8 else ''}."
    )
