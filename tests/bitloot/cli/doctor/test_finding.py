"""How a part is asked."""

from __future__ import annotations

import threading

import peewee
import pytest

from bitloot.cli.doctor.finding import Said, State, examined, off, warn, well, wrong
from bitloot.errors import Permanent, UnsafeSettings
from bitloot.settings import Settings, load_settings

NOTHING = load_settings({}, check=False)


def test_what_is_said_is_found_with_its_part_and_time() -> None:
    found = examined("store", lambda _: warn("Slow.", "Wait."), NOTHING)
    assert (found.part, found.state, found.answer, found.todo) == ("store", State.WARNING, "Slow.", "Wait.")
    assert found.ok
    assert found.ms >= 0
    assert [said("x").state for said in (well, off, wrong)] == [State.OK, State.OFF, State.PROBLEM]


@pytest.mark.parametrize(
    ("error", "state", "answer"),
    [
        (ValueError("hunter22"), State.PROBLEM, "Does not answer: ValueError."),
        (Permanent("store: refused"), State.PROBLEM, "store: refused."),
        (UnsafeSettings(["One.", "Two."]), State.PROBLEM, "One.\nTwo."),
        (peewee.ProgrammingError("no table x"), State.OFF, "Not to be seen before `bitloot migrate`."),
    ],
)
def test_what_goes_wrong_is_found_without_a_drivers_words(
    error: Exception, state: State, answer: str
) -> None:
    def check(_: Settings) -> Said:
        raise error

    found = examined("part", check, NOTHING)
    assert (found.state, found.answer) == (state, answer)


def test_who_does_not_answer_in_time_is_not_waited_for() -> None:
    go = threading.Event()

    def check(_: Settings) -> Said:
        go.wait(30)
        return well("late")

    try:
        found = examined("part", check, NOTHING, seconds=0.05)
    finally:
        go.set()
    assert (found.state, found.answer) == (State.PROBLEM, "No answer within 0.05 s.")
