"""The table of mailers."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from bitloot.mail import MAILERS, open_mailer
from bitloot.settings import Settings


def test_every_mailer_that_settings_allow_is_in_the_table_and_opens(tmp_path: Path) -> None:
    allowed = get_args(Settings.model_fields["mailer"].annotation)
    assert set(MAILERS) == set(allowed)
    for name in allowed:
        settings = Settings.model_validate(
            {"mailer": name, "mail_directory": tmp_path, "resend_api_key": "re_x"}
        )
        assert open_mailer(settings).name == name
