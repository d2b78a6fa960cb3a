"""The kinds of letters, which are named apart from their templates."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bitloot.mail import letters
from bitloot.mail.kinds import KINDS


@pytest.mark.parametrize("ending", ["txt.j2", "html.j2", "de.txt.j2", "de.html.j2"])
def test_each_has_its_templates(ending: str) -> None:
    there = set(letters._TEMPLATES.list_templates())
    assert {f"{kind}.{ending}" for kind in KINDS} <= there


def test_the_settings_name_them_without_what_writes_letters() -> None:
    """Each process reads the settings, and few write: the engine of the templates costs a start 50 ms."""
    script = "import sys, bitloot.settings; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
