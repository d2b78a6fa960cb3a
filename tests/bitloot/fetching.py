"""What the tests of the outgoing client share."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr

from bitloot.answer import Answer
from bitloot.errors import BitLootError
from bitloot.fetch import Fetch

__all__ = ["SECRET", "client", "failure"]

SECRET = "api-key-that-must-not-show"


def client(url: str, **limits: Any) -> Fetch:
    return Fetch(url, name="shop", headers={"X-Api-Key": SecretStr(SECRET)}, **limits)


def failure(method: str, fetch: Fetch) -> BitLootError:
    calls: dict[str, Callable[[str], Answer]] = {
        "GET": fetch.get,
        "POST": partial(fetch.post, json={"price": Decimal("0.10")}),
    }
    with pytest.raises(BitLootError) as raised:
        calls[method]("/thing")
    fetch.close()
    error = raised.value
    assert SECRET not in "".join(traceback.format_exception(error))
    assert error.__context__ is None
    return error
