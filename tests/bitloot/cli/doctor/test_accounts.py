"""Who may sign in to the console, as the doctor tells it."""

from __future__ import annotations

from bitloot.cli.doctor.accounts import check_accounts
from bitloot.cli.doctor.finding import State
from bitloot.settings import Settings
from db.admins import add_admin, set_disabled, set_role


def test_that_nobody_may_sign_in_is_told_with_the_command_that_changes_it(database: Settings) -> None:
    said = check_accounts(database)
    assert (said.state, said.answer) == (
        State.WARNING,
        "Nobody may sign in to the console: there is no account.",
    )
    assert "bitloot admin add you@shop.example --role owner" in said.todo
    olga = add_admin("olga@shop.example", "operator", None)
    assert olga is not None
    assert "bitloot admin role olga@shop.example owner," in check_accounts(database).todo
    set_role(olga, "owner", who="tester")
    well = check_accounts(database)
    assert (well.state, well.answer) == (State.OK, "1 may sign in to the console, 1 of them as owner.")
    set_disabled(olga, True, who="tester")
    assert check_accounts(database).answer.endswith("all accounts are disabled.")
