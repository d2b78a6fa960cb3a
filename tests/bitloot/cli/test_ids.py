"""An id is taken whole or short; what is not there is said in one way."""

from __future__ import annotations

import uuid

import click
import pytest

from bitloot.cli.ids import ID, known_id
from bitloot.cli.opening import open_database
from bitloot.errors import Permanent
from db import base
from db.cases import open_case
from tests.factories import an_order

ONE, TWO = (uuid.UUID(f"1234abcd-{rest}000-4000-8000-000000000000") for rest in "ab")


@pytest.mark.usefixtures("in_environ")
def test_a_short_id_is_taken_where_it_names_one() -> None:
    with open_database():
        order = an_order()
        for wanted in (ONE, TWO):
            open_case(order.id, wanted, "stuck", {})
            base.rows("UPDATE cases SET id = %s WHERE subject = %s RETURNING 1", wanted, str(wanted))
        for text in (str(TWO), TWO.hex.upper(), "1234abcd-b"):
            assert known_id("cases", ID.convert(text, None, None)) == TWO
        with pytest.raises(Permanent, match=r"More than one case begins with 1234abcd; give more") as several:
            known_id("cases", ID.convert("1234abcd", None, None))
        with pytest.raises(Permanent, match=r"^There is no such notice\.$") as nothing:
            known_id("notices", ID.convert(str(ONE), None, None))
    assert (several.value.code, nothing.value.code) == ("ambiguous_id", "not_found")


@pytest.mark.parametrize("text", ["", "1234abc", "1234abcz", str(ONE) + "0"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no id: a UUID, or its first 8 digits"):
        ID.convert(text, None, None)
