"""Who acts: one option, and one way in which records name people at a terminal."""

from __future__ import annotations

import getpass

import click
from click.testing import CliRunner

from bitloot.cli.who import by_option, reason_option


@click.command()
@by_option
def act(who: str) -> None:
    click.echo(who)


def test_a_person_is_named_by_an_option_by_its_older_name_or_by_the_user() -> None:
    ways: tuple[list[str], ...] = ([], ["--by", "olga"], ["--as", "olga"])
    told = [CliRunner().invoke(act, way).output.strip() for way in ways]
    assert told == [f"cli:{getpass.getuser()}", "cli:olga", "cli:olga"]
    shown = CliRunner().invoke(act, ["--help"]).output
    assert ("--by" in shown, "--as" in shown) == (True, False)


@click.command()
@click.argument("number", type=int)
@reason_option("Why.")
def change(number: int, reason: str) -> None:
    click.echo(f"{number} {reason}")


def test_a_reason_says_something_and_is_asked_for_before_anything_else() -> None:
    assert CliRunner().invoke(change, ["7", "--reason", "  lost laptop "]).output == "7 lost laptop\n"
    for reason in ("", "  x ", "x" * 501):
        said = CliRunner().invoke(change, ["no number", "--reason", reason])
        assert (said.exit_code, "say why, in 3 to 500 characters" in said.output) == (2, True)
