"""Every place where something comes to rest is searched, and the search is shown to work in each."""

from __future__ import annotations

import secrets

import redis

from bitloot.cli.house import House
from bitloot.cli.places import places, planted
from bitloot.cli.plaintext import search
from bitloot.cli.sale import Sale

CONTROL = f"CONTROL-{secrets.token_hex(16)}"


def test_a_sold_key_is_found_nowhere_and_the_control_everywhere(house: House, sale: Sale) -> None:
    needles = [key.text for key in sale.keys if key.text]
    with planted(house, CONTROL):
        findings = search(places(house), needles, CONTROL)
    assert [found.haystack for found in findings] == [
        "database dump",
        "Valkey, all values",
        "objects",
        "letters",
        "logs",
    ]
    assert all(found.works for found in findings)
    assert all(found.clean for found in findings)


def test_what_lies_in_plain_is_found(house: House, sale: Sale) -> None:
    """The order's mail address does, in the database."""
    assert sale.letter
    found = {f.haystack: f.hits for f in search(places(house), [sale.letter.to], CONTROL)}
    assert found["database dump"] == ("plain",)
    assert found["letters"] == ("plain",)
    assert found["objects"] == ()


def test_the_control_is_taken_away_again(house: House) -> None:
    with planted(house, CONTROL):
        pass
    findings = search(places(house), [CONTROL], CONTROL)
    assert all(found.clean for found in findings)


def test_every_kind_of_value_is_read(house: House) -> None:
    texts = {
        kind: f"{kind}-{secrets.token_hex(8)}" for kind in ("list", "hash", "set", "zset", "stream", "name")
    }
    with redis.Redis.from_url(house.settings.redis_url.get_secret_value()) as client:
        names = [f"places:{kind}" for kind in texts] + [texts["name"]]
        client.rpush("places:list", texts["list"])
        client.hset("places:hash", "field", texts["hash"])
        client.sadd("places:set", texts["set"])
        client.zadd("places:zset", {texts["zset"]: 1})
        client.xadd("places:stream", {"field": texts["stream"]})
        client.set(texts["name"], "value")
        values = next(place for place in places(house) if place.name == "Valkey, all values")
        missed = [kind for kind, text in texts.items() if not search([values], [text], CONTROL)[0].hits]
        client.delete(*names)
    assert missed == []
