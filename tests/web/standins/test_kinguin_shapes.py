"""How Kinguin writes down an order."""

from __future__ import annotations

import re

from tests.web.standins.caller import ORBIT, Caller

# PROVIDERS.md §1.4
ORDER = {
    *(
        "orderId",
        "orderExternalId",
        "kinguinOrderId",
        "status",
        "totalPrice",
        "requestTotalPrice",
        "paymentPrice",
    ),
    *("totalQty", "isPreorder", "preorderReleaseDate", "createdAt", "storeId", "userEmail", "products"),
}
ITEM = {
    *(
        "kinguinId",
        "productId",
        "offerId",
        "qty",
        "name",
        "price",
        "totalPrice",
        "requestPrice",
        "isPreorder",
    ),
    *("releaseDate", "keyType", "keys"),
}


def test_an_order_has_every_documented_field(caller: Caller) -> None:
    order = caller.order("BL-1", quantity=2, price=13).json()
    assert set(order) == ORDER
    assert re.fullmatch(r"[A-Z0-9]{11}", order["orderId"])
    assert (order["totalPrice"], order["requestTotalPrice"], order["paymentPrice"]) == (24.68, 26, 24.68)
    [item] = order["products"]
    assert set(item) == ITEM
    assert (item["productId"], item["qty"], item["price"], item["requestPrice"]) == (ORBIT, 2, 12.34, 13)
    assert [key["status"] for key in item["keys"]] == ["PROCESSING"] * 2


def test_an_order_without_our_reference_does_not_make_one_up(caller: Caller) -> None:
    answer = caller.kinguin(
        "POST", "/v2/order", json={"products": [{"productId": ORBIT, "qty": 1, "price": 13}]}
    )
    assert answer.status_code == 201
    assert "orderExternalId" not in answer.json()
