"""The table of stores."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from bitloot.settings import Settings
from bitloot.stores import STORES, open_store

VALUES = {
    "buyer_token_secret": "b" * 32,
    "admin_token_secret": "a" * 32,
    "link_secret": "l" * 32,
    "s3_endpoint_url": "http://127.0.0.1:9",
    "s3_bucket": "bucket",
    "s3_access_key_id": "AKID",
    "s3_secret_access_key": "secret",
}


def test_every_store_that_settings_allow_is_in_the_table_and_opens(tmp_path: Path) -> None:
    allowed = get_args(Settings.model_fields["store"].annotation)
    assert set(STORES) == set(allowed)
    for name in allowed:
        settings = Settings.model_validate(VALUES | {"store": name, "store_directory": tmp_path})
        assert open_store(settings).name == name
