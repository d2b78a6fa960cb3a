"""An example for whatever a schema describes; tests/web/test_openapi.py holds all of ours against their schemas."""

from __future__ import annotations

from typing import Any

from web.examples import ID, TIME, example_of


def test_a_fields_own_example_comes_first() -> None:
    assert example_of({"type": "string", "examples": ["mine"], "default": "other"}, {}) == "mine"
    assert [example_of(one, {}) for one in ({"const": 7}, {"enum": ["a", "b"]}, {"default": 3})] == [
        7,
        "a",
        3,
    ]


def test_what_has_none_is_told_in_words_of_the_trade() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "orderId": {"type": "string", "format": "uuid"},
            "at": {"type": "string", "format": "date-time"},
            "email": {"type": "string"},
            "notes": {"type": "array", "items": {"type": "string"}},
            "line": {"anyOf": [{"type": "null"}, {"$ref": "#/x/Line"}]},
            "count": {"type": "integer", "minimum": 5},
            "paid": {"type": "boolean"},
            "name": {"type": "string", "minLength": 6},
            "whatever": {},
        },
    }
    line = {"type": "object", "properties": {"quantity": {"type": "integer"}}}
    assert example_of(schema, {"Line": line}) == {
        "orderId": ID,
        "at": TIME,
        "email": "olga@shop.example",
        "notes": ["note"],
        "line": {"quantity": 1},
        "count": 5,
        "paid": True,
        "name": "namexx",
        "whatever": None,
    }


def test_a_model_that_holds_itself_ends() -> None:
    node = {"type": "object", "properties": {"child": {"$ref": "#/x/Node"}}}
    assert str(example_of(node, {"Node": node})).count("child") < 12
