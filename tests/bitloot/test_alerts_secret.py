"""What may sign alerts."""

from __future__ import annotations

import base64

import pytest

from bitloot.alerts_secret import parse_alerts_secret
from bitloot.errors import Malformed

KEY = bytes(range(32))


def test_its_form_is_that_of_standard_webhooks() -> None:
    assert parse_alerts_secret("whsec_" + base64.b64encode(KEY).decode()) == KEY


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "whsec_???", base64.b64encode(KEY).decode()])
def test_a_secret_of_another_form_is_refused(secret: str) -> None:
    with pytest.raises(Malformed):
        parse_alerts_secret(secret)
