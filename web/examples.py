"""An example of whatever a schema describes: the field's own where it has one, else words of the trade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ID", "TIME", "example_of"]

Schemas = Mapping[str, Any]

ID = "5f0c8a3e-6b1d-4c2f-9a7e-3d5b8c1f2e4a"
TIME = "2026-11-21T18:00:00Z"

#: Deeper than this nothing is shown (a model may hold itself).
DEPTH = 8

#: By the name of a member; what is not here is called by its own name.
WORDS: Mapping[str, Any] = {
    "email": "olga@shop.example",
    "currency": "eur",
    "payCurrency": "btc",
    "price": "19.99",
    "amount": "19.99",
    "productId": "orbit-drifters",
    "quantity": 1,
    "reason": "asked for by the buyer",
    "status": "fulfilled",
    "state": "fulfilled",
    "supplier": "kinguin",
    "source": "nowpayments",
    "actor": "admin:olga@shop.example",
    "address": "203.0.113.7",
    "url": "wss://shop.example/fulfillment",
    "accessToken": "eyJhbGciOiJIUzI1NiJ9.e30.x",
    "token": "eyJhbGciOiJIUzI1NiJ9.e30.x",
    "linkToken": "eyJhbGciOiJIUzI1NiJ9.e30.x",
    "code": "1234 5678",
    "page": 1,
    "limit": 25,
    "total": 1,
    "totalPages": 1,
}


def example_of(schema: Mapping[str, Any], schemas: Schemas, name: str = "", depth: int = 0) -> Any:
    """A value that fits. `schemas` are the document's, by name."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, name, depth)
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        real = [one for one in choices if one.get("type") != "null"]
        return example_of((real or choices)[0], schemas, name, depth)
    return _by_type(schema, schemas, name, depth)


def _by_type(schema: Mapping[str, Any], schemas: Schemas, name: str, depth: int) -> Any:
    match schema.get("type"):
        case "object":
            return _object(schema, schemas, depth)
        case "array":
            inside = schema.get("items", {})
            return [] if depth > DEPTH else [example_of(inside, schemas, name.removesuffix("s"), depth + 1)]
        case "string":
            return _text(schema, name)
        case "integer" | "number":
            known = WORDS.get(name)
            return known if isinstance(known, int) else schema.get("minimum", 1)
        case "boolean":
            return True
    return None


def _object(schema: Mapping[str, Any], schemas: Schemas, depth: int) -> dict[str, Any]:
    if depth > DEPTH:
        return {}
    parts = schema.get("properties", {})
    return {name: example_of(part, schemas, name, depth + 1) for name, part in parts.items()}


def _text(schema: Mapping[str, Any], name: str) -> str:
    known = {"uuid": ID, "date-time": TIME, "date": TIME[:10]}.get(schema.get("format", ""))
    if known is not None:
        return known
    word = WORDS.get(name)
    text = word if isinstance(word, str) else name or "text"
    return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 200)]
