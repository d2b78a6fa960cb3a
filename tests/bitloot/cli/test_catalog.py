"""`bitloot catalog`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitloot.cli.catalog import BadCatalog, read_product, seed_rows
from tests.bitloot.cli.conftest import Bitloot

ROW = {
    "sku": "moss",
    "name": "Moss",
    "price": "9.90",
    "supplier": "kinguin",
    "supplier_ref": "5c9b",
    "max_cost": "7.00",
}
ADD = [
    "--name",
    "Moss",
    "--price",
    "9.90",
    "--supplier",
    "kinguin",
    "--supplier-ref",
    "5c9b",
    "--max-cost",
    "7",
]

pytestmark = pytest.mark.usefixtures("in_environ")


def test_a_product_is_added_and_listed(bitloot: Bitloot) -> None:
    assert bitloot("catalog", "add", "moss", *ADD).out == "✓ 1 product in the catalog: moss.\n"
    (product,) = bitloot("catalog", "list", "--json").document
    assert product["price"] == "9.90"
    assert product["text_only"] is True
    assert "moss" in bitloot("catalog", "list").out


def test_adding_a_known_sku_changes_it(bitloot: Bitloot) -> None:
    bitloot("catalog", "add", "moss", *ADD)
    bitloot("catalog", "add", "moss", *ADD, "--inactive", "--images")
    assert bitloot("catalog", "list", "--json").document == []
    (product,) = bitloot("catalog", "list", "--all", "--json").document
    assert (product["active"], product["text_only"]) == (False, False)


def test_the_shops_own_currency_is_taken_and_a_loss_is_warned_of(
    bitloot: Bitloot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_CURRENCY", "usd")
    dear = ["--max-cost", "10", "--cost-currency", "usd"]
    told = bitloot("catalog", "add", "moss", *ADD, *dear)
    loss = "moss: it may cost 10 USD, more than its price of 9.90 USD."
    assert (told.code, told.err) == (0, f"! {loss}\n")
    document = bitloot("catalog", "add", "moss", *ADD, *dear, "--json").document
    assert document == {"products": ["moss"], "warnings": [loss]}
    [product] = bitloot("catalog", "list", "--json").document
    assert product["currency"] == "usd"
    assert bitloot("catalog", "add", "moss", *ADD, "--currency", "eur").code == 1


def test_an_empty_catalog_says_what_to_do(bitloot: Bitloot) -> None:
    assert "Try `bitloot catalog seed`" in bitloot("catalog", "list").out


def test_a_csv_is_imported_whole(bitloot: Bitloot, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text(
        "sku,name,price,currency,supplier,supplier_ref,max_cost\n"
        "moss,Moss,9.90,EUR,kinguin,5c9b,7\n"
        'iron,"Iron, Zażółć",12.5,eur,reservations,r-1,9.99\n',
        encoding="utf-8",
    )
    assert bitloot("catalog", "import", str(file), "--json").document == {
        "products": ["moss", "iron"],
        "warnings": [],
    }
    listed = {row["sku"]: row for row in bitloot("catalog", "list", "--json").document}
    assert listed["iron"]["name"] == "Iron, Zażółć"
    assert listed["moss"]["currency"] == "eur"


def test_bad_lines_import_nothing_and_are_named(bitloot: Bitloot, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text(
        "sku,name,price,supplier,supplier_ref,max_cost\nmoss,Moss,9.90,kinguin,5c9b,7\n"
        + "iron,Iron,x,kinguin,1,7\n" * 22
    )
    said = bitloot("catalog", "import", str(file))
    first, *others, last = said.err.splitlines()
    assert (said.code, first, len(others)) == (1, "✗ line 3: price is not a number.", 19)
    assert (others[-1], last) == ("  line 22: price is not a number.", "  and 2 more lines")
    assert bitloot("catalog", "list", "--json").document == []


def test_an_empty_csv_is_refused(bitloot: Bitloot, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text("sku,name\n")
    assert bitloot("catalog", "import", str(file)).err == "✗ products.csv holds no product.\n"


def test_the_seed_sells_what_the_standins_have(bitloot: Bitloot) -> None:
    skus = bitloot("catalog", "seed", "--json").document["products"]
    assert {"orbit-drifters", "tin-parade"} <= set(skus)
    assert bitloot("catalog", "seed").code == 0
    assert len(bitloot("catalog", "list", "--json").document) == len(skus)


def test_the_seed_is_refused_outside_development(bitloot: Bitloot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    said = bitloot("catalog", "seed")
    assert said.code == 1
    assert "for development only" in said.err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sku": " "}, "here: sku is missing."),
        ({"supplier": "ebay"}, "here: supplier is none of kinguin, reservations."),
        ({"price": "0"}, "here: price must be above zero with two decimals at most."),
        ({"price": "NaN"}, "here: price must be above zero with two decimals at most."),
        ({"price": "1e400"}, "here: price must be above zero with two decimals at most."),
        ({"max_cost": "1.005"}, "here: max_cost must be above zero with two decimals at most."),
        ({"active": "perhaps"}, "here: active must be true or false."),
        ({"sku": "a b"}, "here: sku must be without blanks, as orbit-drifters."),
        ({"currency": "usd"}, "here: currency is usd, this shop sells in eur only."),
    ],
)
def test_what_cannot_be_sold_is_named(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadCatalog) as refused:
        read_product(ROW | change, "here", "eur")
    assert str(refused.value) == sentence


def test_a_games_picture_key_is_allowed_by_the_seed() -> None:
    assert {row["sku"] for row in seed_rows("eur") if not row["text_only"]} == {"paper-lanterns"}


HEAD = "sku,name,price,supplier,supplier_ref,max_cost,currency\n"
LINE = "moss,Moss,9.90,kinguin,5c9b,7,eur"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (HEAD.encode() + b"moss,\xff\xfe,9.90,kinguin,5c9b,7,eur\n", "no CSV in UTF-8"),
        (f'{HEAD}"moss\n'.encode(), "no CSV in UTF-8"),
        (f"{HEAD}moss,{'x' * 200_000},9.90,kinguin,5c9b,7,eur\n".encode(), "no CSV in UTF-8"),
        (f"{HEAD}{LINE},more\n".encode(), "more fields than columns"),
        (f"{HEAD}{LINE}\n{LINE}\n".encode(), "names moss more than once"),
        (f"{HEAD}moss,Moss,9.90,kinguin,5c9b,7,zzz9\n".encode(), "currency must be a code"),
    ],
    ids=["bytes", "quote", "huge", "surplus", "twice", "currency"],
)
def test_a_file_that_is_no_catalog_is_a_sentence_and_changes_nothing(
    bitloot: Bitloot, tmp_path: Path, content: bytes, why: str
) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes(content)
    said = bitloot("catalog", "import", str(file))
    assert said.code == 1
    assert why in said.err
    assert "Traceback" not in said.err
    assert bitloot("catalog", "list", "--json").document == []
