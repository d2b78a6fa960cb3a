"""Secrets do not leave in texts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bitloot.scrub import LONGEST, forget_secrets, hide, hide_settings, scrubbed, scrubbed_text
from bitloot.settings import load_settings

VALUE = "DKWMtEnYjIjZcu-KWGJd05lAAMQA3g_p"  # fixed: xdist wants the same test names everywhere


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    forget_secrets()


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {VALUE}",
        f"authorization=Basic {VALUE}",
        f'{{"X-Api-Key": "{VALUE}"}}',
        f"x-nowpayments-sig: {VALUE}",
        f"GET /o/1?token={VALUE}&page=2",
        f"https://shop.example/o/1#token={VALUE}",
        f"https://bucket/x?X-Amz-Signature={VALUE}",
        f"postgresql://shop:{VALUE}@db:5432/shop",
        f"redis://:{VALUE}@127.0.0.1:6379/0",
        f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{VALUE}",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    assert VALUE not in scrubbed_text(text)
    assert "[hidden]" in scrubbed_text(text)


def test_an_innocent_text_stays_as_it_is() -> None:
    text = "order 0f0e moved from paid to waiting in 12 ms, see https://shop.example/orders?page=2"
    assert scrubbed_text(text) == text


def test_known_values_are_hidden_wherever_they_stand() -> None:
    hide([VALUE, VALUE + "-longer"])
    assert scrubbed_text(f"a {VALUE}-longer b {VALUE} c") == "a [hidden] b [hidden] c"


def test_short_values_do_not_blot_out_texts() -> None:
    hide(["", "paid"])
    assert scrubbed_text("order paid") == "order paid"


def test_every_secret_setting_is_hidden(environ: dict[str, str]) -> None:
    hide_settings(load_settings(environ))
    for name, value in environ.items():
        if name.endswith(("_SECRET", "_API_KEY")):
            assert value not in scrubbed_text(f"it is {value}!"), name
    assert environ["MASTER_KEYS"].split(":")[1] not in scrubbed_text(
        environ["MASTER_KEYS"].replace("1:", "9 ")
    )
    password = environ["DATABASE_URL"].split(":")[2].split("@")[0]
    assert password not in scrubbed_text(f"wrong password {password}")


def test_telling_names_hide_what_stands_under_them_however_deep() -> None:
    event = {
        "headers": [{"Cookie": VALUE}],
        "code": VALUE,
        "idempotency_key": "order-1",
        "body": VALUE.encode(),
    }
    assert scrubbed(event) == {
        "headers": [{"Cookie": "[hidden]"}],
        "code": "[hidden]",
        "idempotency_key": "order-1",
        "body": "[hidden]",
    }


def test_an_error_code_is_no_key() -> None:
    assert scrubbed({"code": "no_balance"}) == {"code": "no_balance"}
    assert scrubbed({"code": "BLKEY-1234"}) == {"code": "[hidden]"}


def test_bytes_are_counted_and_not_shown() -> None:
    assert scrubbed({"object": VALUE.encode()}) == {"object": f"({len(VALUE)} bytes)"}


def test_a_long_text_is_cut() -> None:
    assert scrubbed_text("x" * (LONGEST + 1)).endswith(f"… ({LONGEST + 1} characters)")
