"""The menu: what a supplier can do to a purchase, to its search, and to the keys."""

from __future__ import annotations

from web.standins.dishes import BUYS, dish, json_error

__all__ = ["KEYS", "PURCHASES"]

PURCHASES = (
    dish(
        "known_already",
        "422 duplicate external id, though nothing was ever bought with it",
        "kinguin.place_order",
        "known_already",
    ),
    dish(
        "known_already_after",
        "bought, and answered with 422 duplicate external id",
        "kinguin.place_order",
        "known_already",
        after=True,
    ),
    dish(
        "sells_again",
        "a second order with one external id, a second give: sold and charged again",
        BUYS,
        "sell_again",
        count=None,
    ),
    dish(
        "balance_empty",
        "no funds until POST /control/kinguin/balance refills them",
        BUYS,
        "no_balance",
        count=None,
    ),
    dish(
        "search_lags",
        "an order shows in the search `seconds` after it was placed",
        "kinguin.search_orders",
        "search_lag",
        seconds=5,
        count=None,
    ),
    dish(
        "search_empty",
        "the search finds nothing for `lasts` seconds from the first order that it hides",
        "kinguin.search_orders",
        "search_empty",
        lasts=5,
        count=None,
    ),
    dish(
        "search_strangers",
        "the search ignores its filter and adds strangers' orders (`only`: and hides ours)",
        "kinguin.search_orders",
        "search_strangers",
        count=None,
    ),
    dish(
        "search_twice",
        "the search shows an order of ours twice, with two ids",
        "kinguin.search_orders",
        "search_twice",
        count=None,
    ),
    dish(
        "no_lookup",
        "there is no search: 404",
        "kinguin.search_orders",
        "status",
        count=None,
        **json_error(404, "HttpClient", "Not found"),
    ),
    dish(
        "no_reading",
        "a reservation cannot be read: 404",
        "reservations.read|reservations.delivered",
        "status",
        count=None,
        **json_error(404, "not_found", "Not found"),
    ),
)

KEYS = (
    dish(
        "order_canceled",
        "the paid order goes `canceled`, the money comes back",
        "*.deliver",
        "order_ends",
        to="canceled",
    ),
    dish(
        "order_refunded",
        "the paid order goes `refunded`, the money comes back",
        "*.deliver",
        "order_ends",
        to="refunded",
    ),
    dish(
        "refunded_after_keys",
        "the keys come, then the order goes `refunded`",
        "*.deliver",
        "order_ends",
        to="refunded",
        after=True,
    ),
    dish("keys_one_by_one", "one key each `seconds`", "*.deliver", "keys_one_by_one", seconds=1),
    dish(
        "last_key_late", "all keys but one, the last after `seconds`", "*.deliver", "last_key_late", seconds=3
    ),
    dish("last_key_never", "completed with one key too few, for ever", "*.deliver", "last_key_never"),
    dish("same_key", "hands out a key that an order before it had already", "*.deliver", "same_key"),
    dish("image_key", "a picture instead of a text", "kinguin.deliver", "image_key"),
)
