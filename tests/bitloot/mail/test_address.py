"""Addresses: what people have is taken, what could smuggle something is not."""

from __future__ import annotations

import pytest

from bitloot.errors import Malformed
from bitloot.mail.address import parse_address, parse_sender


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("buyer@shop.example", "buyer@shop.example"),
        ("  buyer@shop.example ", "buyer@shop.example"),
        ("Buyer.Name+games@Shop.Example", "Buyer.Name+games@shop.example"),
        ("o'brien@shop.example", "o'brien@shop.example"),
        ("a!#$%&'*+/=?^_`{|}~-b@shop.example", "a!#$%&'*+/=?^_`{|}~-b@shop.example"),
        ("x@a-b.example", "x@a-b.example"),
        ("x@1.2.example", "x@1.2.example"),
        ("me@bücher.example", "me@xn--bcher-kva.example"),
        ("me@BÜCHER.example", "me@xn--bcher-kva.example"),
        ("me@xn--bcher-kva.example", "me@xn--bcher-kva.example"),
        ("me@例え.テスト", "me@xn--r8jz45g.xn--zckzah"),
        ("me@faß.example", "me@xn--fa-hia.example"),
        ("1@q.example", "1@q.example"),
        ("x" * 64 + "@shop.example", "x" * 64 + "@shop.example"),
    ],
)
def test_an_address_is_read(text: str, address: str) -> None:
    assert parse_address(text) == address
    assert parse_address(address) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "@", "buyer", "buyer@", "@shop.example", "a@b", "a@localhost", "buyer@shop..example"),
        *("buyer@.shop.example", "buyer@shop.example.", ".buyer@shop.example", "buyer.@shop.example"),
        *("bu..yer@shop.example", "bu yer@shop.example", "buyer@shop .example", "buyer @shop.example"),
        *(
            "a@b@shop.example",
            "a@b.example,c@d.example",
            "a@b.example;c@d.example",
            "a@b.example c@d.example",
        ),
        *(
            "Buyer <buyer@shop.example>",
            "<buyer@shop.example>",
            '"buyer"@shop.example',
            "buyer(x)@shop.example",
        ),
        *(
            "buyer@[127.0.0.1]",
            "buyer@127.0.0.1",
            "buyer@shop.123",
            "buyer@-shop.example",
            "buyer@shop-.example",
        ),
        *(
            "buyer@shop_x.example",
            "buyer@shop.example\n",
            "\nbuyer@shop.example",
            "buyer@shop.example\r\nBcc: x@y.z",
        ),
        *(
            "buyer\r\n@shop.example",
            "buyer@shop.example\0",
            "buyer\t@shop.example",
            "\u202ebuyer@shop.example",
        ),
        *(
            "büyer@shop.example",
            "buyer@shop\u200b.example\u200e",
            "buyer@\ud800.example",
            "buyer＠shop.example",
        ),
        *("x" * 65 + "@shop.example", "x@" + "a" * 64 + ".example", "x@" + ".".join(["abcdefgh"] * 29)),
        *(
            "buyer@xn--a.example",
            "mailto:buyer@shop.example",
            "buyer@shop.example?subject=x",
            "buyer@shop.example/x",
        ),
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_address(text)
    assert caught.value.code == "bad_address"
    assert len(text) < 4 or text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BitLoot <keys@localhost>", "BitLoot <keys@localhost>"),
        ("keys@shop.example", "keys@shop.example"),
        ("<keys@shop.example>", "keys@shop.example"),
        ('"Games, Inc." <keys@shop.example>', '"Games, Inc." <keys@shop.example>'),
        ("Games, Inc. <keys@shop.example>", '"Games, Inc." <keys@shop.example>'),
        ("Café <keys@bücher.example>", "Café <keys@xn--bcher-kva.example>"),
    ],
)
def test_a_sender_is_read(text: str, shown: str) -> None:
    assert str(parse_sender(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "BitLoot",
            "BitLoot <>",
            "BitLoot <keys>",
            "A <a@b.example> B <c@d.example>",
            "A\n <a@b.example>",
        ),
        *("A <a@b.example>\n", "ceo@bank.example <a@b.example>", 'A "B" <a@b.example>', "A <a@b.example"),
        *("A\r\nBcc: x@y.z <a@b.example>", "A\u2028 <a@b.example>", "A <a@b.example\r>"),
    ],
)
def test_what_is_no_sender_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_sender(text)
