"""Lets the library `responses` answer for a provider: what it knows is asked by requests, for which it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import requests
import responses

from bitloot.channel import Channel, Reply

__all__ = ["over_requests"]


@pytest.fixture(autouse=True)
def over_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of one adapter's words; what the client does with real bytes is test_fetch's and test_channel's."""
    real: Any = Channel.exchange

    def exchange(
        self: Channel, method: str, path: str, headers: Mapping[str, str], body: bytes | None, *, fresh: bool
    ) -> Reply:
        if not responses.registered():
            return real(self, method, path, headers, body, fresh=fresh)  # type: ignore[no-any-return]
        answer = requests.request(method, self._base_url + path, headers=dict(headers), data=body, timeout=5)
        told = {name.lower(): text for name, text in answer.headers.items()}
        return Reply(answer.status_code, told, answer.content)

    monkeypatch.setattr(Channel, "exchange", exchange)
