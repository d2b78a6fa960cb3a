"""Made-up games that both suppliers sell; the shop's seed comes from the same list."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["CATALOG", "Game", "catalog_rows", "game_at"]


@dataclass(frozen=True)
class Game:
    """One product at one supplier. In EUR: `cost` is what the supplier takes, `price` what the shop asks."""

    sku: str
    name: str
    supplier: str  # kinguin or reservations
    supplier_ref: str
    cost: Decimal
    price: Decimal
    platform: str = "Steam"
    kinguin_id: int = 0
    stock: int = 100_000
    picture: bool = False

    @property
    def offer_id(self) -> str:
        return f"f{self.supplier_ref[1:]}"


CATALOG: tuple[Game, ...] = (
    Game(
        "orbit-drifters",
        "Orbit Drifters",
        "kinguin",
        "65b1f0a2c3d4e5f601020301",
        Decimal("12.34"),
        Decimal("14.90"),
        kinguin_id=910001,
    ),
    Game(
        "moss-and-iron",
        "Moss & Iron",
        "kinguin",
        "65b1f0a2c3d4e5f601020302",
        Decimal("24.10"),
        Decimal("29.90"),
        "GOG",
        910002,
    ),
    Game(
        "zazolc-city",
        "Zażółć City – Édition „Or“",
        "kinguin",
        "65b1f0a2c3d4e5f601020303",
        Decimal("3.49"),
        Decimal("4.99"),
        kinguin_id=910003,
    ),
    Game(
        "paper-lanterns",
        "Paper Lanterns",
        "kinguin",
        "65b1f0a2c3d4e5f601020304",
        Decimal("7.80"),
        Decimal("9.90"),
        kinguin_id=910004,
        picture=True,
    ),
    Game(
        "lost-lighthouse",
        "The Lost Lighthouse",
        "kinguin",
        "65b1f0a2c3d4e5f601020305",
        Decimal("18.00"),
        Decimal("21.50"),
        kinguin_id=910005,
        stock=0,
    ),
    Game("tin-parade", "Tin Parade", "reservations", "rsv-tin-parade", Decimal("5.20"), Decimal("6.90")),
    Game(
        "saltwater-kings",
        "Saltwater Kings",
        "reservations",
        "rsv-saltwater-kings",
        Decimal("31.00"),
        Decimal("36.50"),
        "Xbox",
    ),
    Game(
        "quiet-engines",
        "Quiet Engines",
        "reservations",
        "rsv-quiet-engines",
        Decimal("9.99"),
        Decimal("12.50"),
        stock=0,
    ),
)


def game_at(supplier: str, ref: str | int) -> Game | None:
    """The game by its supplier's reference (a text, or Kinguin's number)."""
    for game in CATALOG:
        if game.supplier == supplier and ref in (game.supplier_ref, game.kinguin_id or None):
            return game
    return None


def catalog_rows() -> list[dict[str, str]]:
    """The shop's products, as `bitloot catalog` takes them; amounts are text in whole EUR."""
    return [
        {
            "sku": game.sku,
            "name": game.name,
            "price": str(game.price),
            "currency": "eur",
            "supplier": game.supplier,
            "supplier_ref": game.supplier_ref,
            "max_price": str(game.cost),
        }
        for game in CATALOG
    ]
