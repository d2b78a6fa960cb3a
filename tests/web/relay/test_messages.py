"""What clients may say."""

from __future__ import annotations

import json
import secrets
import traceback
import uuid
from typing import Any

import pytest

from tests.web.relay.schemas import FROM_CLIENT
from web.relay.messages import Close, Cut, Hello, Refresh, Subscribe, understand


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
    renewed = understand('{"type":"refresh","token":"abc"}')
    assert isinstance(renewed, Refresh)
    assert "abc" not in repr(renewed)


@pytest.mark.parametrize(
    "said",
    [
        {"type": "hello", "token": "abc"},
        {"type": "hello", "token": "abc", "cursor": "def"},
        {"type": "subscribe", "order": str(uuid.uuid4()), "cursor": "def"},
        {"type": "subscribe", "topic": "orders"},
        {"type": "unsubscribe", "order": str(uuid.uuid4())},
        {"type": "unsubscribe", "topic": "webhooks"},
        {"type": "refresh", "token": "abc"},
        {"type": "ping"},
    ],
)
def test_the_written_protocol_and_the_relay_agree(said: dict[str, str]) -> None:
    FROM_CLIENT.validate(said)
    assert understand(json.dumps(said)).type == said["type"]
    for name in said:
        less = {key: value for key, value in said.items() if key != name}
        assert FROM_CLIENT.is_valid(less) is is_understood(less)
    for more in ({"extra": "x"}, {"type": "publish"}, {"order": "x"}, {"topic": "keys"}, {"token": 7}):
        assert not FROM_CLIENT.is_valid(said | more)
        assert not is_understood(said | more)


def is_understood(said: dict[str, Any]) -> bool:
    try:
        return bool(understand(json.dumps(said)))
    except Cut:
        return False


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
