"""What clients may say."""

from __future__ import annotations

import secrets
import traceback
import uuid

import pytest

from web.relay.messages import Close, Cut, Hello, Subscribe, understand


def test_each_message_is_understood() -> None:
    order = uuid.uuid4()
    hello = understand('{"type":"hello","token":"abc","cursor":"def"}')
    assert isinstance(hello, Hello)
    assert (hello.token.get_secret_value(), hello.cursor) == ("abc", "def")
    one = understand(f'{{"type":"subscribe","order":"{order}"}}')
    assert isinstance(one, Subscribe)
    assert one.key == order
    assert understand('{"type":"unsubscribe","topic":"jobs"}').model_dump()["topic"] == "jobs"
    assert understand('{"type":"ping"}').type == "ping"


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{}",
        '{"type":"Hello","token":"x"}',
        '{"type":"hello","token":1}',
        '{"type":"subscribe","order":null,"topic":null}',
        '{"type":"subscribe","order":"f9a0dd31-0d0c-4ac5-9a35-3cf4d0ed2f17","topic":"orders"}',
        '{"type":"ping","more":1}',
    ],
)
def test_anything_else_is_a_bad_message(frame: str) -> None:
    with pytest.raises(Cut) as cut:
        understand(frame)
    assert cut.value.code is Close.BAD_MESSAGE


def test_binary_has_its_own_code() -> None:
    with pytest.raises(Cut) as cut:
        understand(b'{"type":"ping"}')
    assert cut.value.code is Close.BINARY


def test_a_refused_message_does_not_ride_along_in_the_error() -> None:
    secret = secrets.token_hex(16)
    with pytest.raises(Cut) as cut:
        understand(f'{{"type":"hello","token":"{secret}","extra":"{secret}"}}')
    assert secret not in "".join(traceback.format_exception(cut.value))
    assert secret not in repr(understand(f'{{"type":"hello","token":"{secret}"}}'))
