"""notify: one letter per order, with a link and never a key."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import requests

from actors import workshop
from actors.encrypt_store import encrypt_store
from actors.notify import notify
from bitloot.errors import Retryable
from bitloot.mail.resend import ResendMailer
from bitloot.settings import Settings
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Case, Letter, Order, base
from db.base import now
from tests.actors.conftest import KINGUIN, PaidOrder, fault
from tests.actors.test_finalize import finalized, waiting
from tests.factories import again
from tests.waiting import until
from web.standins.ledger import plaintext_keys
from web.standins.server import RunningStandins


@pytest.fixture
def fulfilled(paid_order: PaidOrder) -> Order:
    order = waiting(paid_order, (KINGUIN, 1))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    encrypt_store(str(order.id))
    return again(order)


@pytest.fixture
def resend(shop: Shop, standins: RunningStandins) -> ResendMailer:
    """The mailer against Resend's stand-in, as the shop's own."""
    key = standins.shop.config.resend_api_key
    settings = shop.settings.model_copy(
        update={
            "mailer": "resend",
            "resend_base_url": standins.resend_url,
            "resend_api_key": type(shop.settings.resend_api_key)(key),
            "mail_from": "Shop <shop@example.test>",
        }
    )
    mailer = ResendMailer.from_settings(settings)
    workshop.use(type(shop)(**{**vars(shop), "mailer": mailer, "settings": settings}))
    return mailer


def mails(standins: RunningStandins) -> list[dict[str, str]]:
    found: list[dict[str, str]] = requests.get(f"{standins.control_url}/mail", timeout=10).json()["data"]
    return found


def letters_on_disk(shop: Shop) -> list[Path]:
    return [path for path in Path(shop.settings.mail_directory).rglob("*.eml") if path.is_file()]


def test_the_letter_has_the_link_and_no_key(shop: Shop, fulfilled: Order, standins: RunningStandins) -> None:
    notify(str(fulfilled.id))
    (path,) = letters_on_disk(shop)
    letter = Letter.get()
    text = letter.open(shop.vault, shop.settings.mail_from).text
    assert f"{shop.settings.public_url}/o/{fulfilled.id}#" in text
    token = text.split(f"/o/{fulfilled.id}#")[1].split()[0]
    assert shop.tokens.read_link(token).order_id == str(fulfilled.id)
    for key in plaintext_keys(standins.shop.config.ledger_dir):
        assert key not in text
        assert key.encode() not in path.read_bytes()
    assert letter.state == "sent"
    assert again(fulfilled).due_at is None


def test_run_five_times_it_sends_one(shop: Shop, fulfilled: Order) -> None:
    for _ in range(5):
        notify(str(fulfilled.id))
    assert len(letters_on_disk(shop)) == 1
    assert Letter.get().attempts == 1


def test_run_by_eight_workers_it_sends_one(
    fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        notify(str(fulfilled.id))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mails(standins)) == 1


def test_a_letter_whose_acceptance_was_not_heard_is_repeated_under_the_same_key(
    fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    fault(standins, "resend.send", "drop_after_effect")
    with pytest.raises(Retryable):
        notify(str(fulfilled.id))
    notify(str(fulfilled.id))
    assert len(mails(standins)) == 1
    assert Letter.get().state == "sent"


def test_a_worker_that_died_while_sending_is_followed_by_one_letter(
    fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    notify(str(fulfilled.id))
    base.rows("UPDATE letters SET state = 'sending', sending_at = now() - interval '1 hour' RETURNING id")
    notify(str(fulfilled.id))
    assert len(mails(standins)) == 1
    assert Letter.get().state == "sent"


def test_a_try_is_dead_after_its_lease_where_the_mailer_knows_the_letter_by_its_key(
    fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    notify(str(fulfilled.id))
    base.rows("UPDATE letters SET state = 'sending', sending_at = now() - interval '20 seconds' RETURNING id")
    notify(str(fulfilled.id))
    assert Letter.get().state == "sending"  # it may be on its way at this moment
    base.rows("UPDATE letters SET sending_at = now() - interval '31 seconds' RETURNING id")
    notify(str(fulfilled.id))
    assert Letter.get().state == "sent"
    assert len(mails(standins)) == 1


def test_while_the_mailer_is_left_alone_the_letter_waits_by_its_orders_row(
    fulfilled: Order, standin_settings: Settings
) -> None:
    away = {"mailer": "smtp", "smtp_port": 9, "breaker_pause": 20.0}
    house = workshop.shared_shop(standin_settings.model_copy(update=away))
    for _ in range(house.settings.breaker_threshold):
        house.turnstiles["smtp"].report("POST", None, Retryable("away"))
    workshop.use(house)
    notify(str(fulfilled.id))  # no error: nothing was tried
    assert Letter.get().state == "kept"
    due = again(fulfilled).due_at
    assert due is not None
    assert 15 < (due - now()).total_seconds() <= 20


def test_a_blocked_mail_account_waits_and_asks_nobody(
    fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    fault(
        standins,
        "resend.send",
        "status",
        status=401,
        body='{"statusCode":401,"name":"invalid_api_key","message":"no"}',
    )
    notify(str(fulfilled.id))
    assert Letter.get().state == "kept"
    assert again(fulfilled).due_at is not None
    notify(str(fulfilled.id))
    assert len(mails(standins)) == 1


def test_a_letter_that_is_refused_is_a_case(
    fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    body = '{"statusCode":422,"name":"invalid_parameter","message":"no"}'
    fault(standins, "resend.send", "status", status=422, body=body)
    notify(str(fulfilled.id))
    assert (Letter.get().state, Case.get().kind) == ("failed", "letter_failed")
    assert again(fulfilled).due_at is None


def test_where_a_repeat_is_not_safe_a_dead_try_asks_a_person(shop: Shop, fulfilled: Order) -> None:
    class Unsure(type(shop.mailer)):  # type: ignore[misc]
        repeats_safely = False

    notify(str(fulfilled.id))
    base.rows("UPDATE letters SET state = 'sending', sending_at = now() - interval '1 hour' RETURNING id")
    shop.mailer.__class__ = Unsure
    notify(str(fulfilled.id))
    assert (Letter.get().state, Case.get().kind) == ("failed", "letter_in_doubt")


def test_a_letter_that_may_have_gone_by_one_mailer_is_not_sent_by_another(
    shop: Shop, fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    """MAILER was changed while the answer to a try was unheard."""
    fault(standins, "resend.send", "drop_after_effect")
    with pytest.raises(Retryable):
        notify(str(fulfilled.id))
    resend.repeats_safely = False
    notify(str(fulfilled.id))
    assert len(mails(standins)) == 1
    assert (Letter.get().state, Case.get().kind) == ("failed", "letter_in_doubt")


@pytest.mark.parametrize(
    "ended",
    ["state = 'sending', sending_at = now() - interval '5 minutes'", "state = 'kept', doubt_at = now()"],
)
def test_a_letter_that_may_have_gone_is_unknown_to_another_mailer_whatever_that_one_remembers(
    shop: Shop, fulfilled: Order, standins: RunningStandins, request: pytest.FixtureRequest, ended: str
) -> None:
    """It went; the worker died before it could say so, or did not hear the answer; then MAILER was changed."""
    notify(str(fulfilled.id))
    base.rows(f"UPDATE letters SET sent_at = NULL, provider_id = NULL, {ended} RETURNING id")
    request.getfixturevalue("resend")
    notify(str(fulfilled.id))
    assert (len(letters_on_disk(shop)), mails(standins)) == (1, [])
    assert (Letter.get().state, Case.get().kind) == ("failed", "letter_in_doubt")


def test_a_try_that_the_provider_has_forgotten_asks_a_person(
    fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    notify(str(fulfilled.id))
    base.rows("UPDATE letters SET state = 'sending', sending_at = now() - interval '2 days' RETURNING id")
    notify(str(fulfilled.id))
    assert len(mails(standins)) == 1
    assert (Letter.get().state, Case.get().kind) == ("failed", "letter_in_doubt")


def test_an_unheard_letter_is_not_sent_again_once_its_key_is_forgotten(
    fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    """Our account was refused for more than a day after the answer was lost."""
    fault(standins, "resend.send", "drop_after_effect")
    with pytest.raises(Retryable):
        notify(str(fulfilled.id))
    base.rows("UPDATE letters SET doubt_at = doubt_at - interval '1 day', sending_at = NULL RETURNING id")
    notify(str(fulfilled.id))
    assert len(mails(standins)) == 1
    assert (Letter.get().state, Case.get().kind) == ("failed", "letter_in_doubt")


def test_a_letter_that_certainly_did_not_go_goes_however_late(
    fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    fault(
        standins, "resend.send", "status", status=429, body='{"statusCode":429,"name":"rate_limit_exceeded"}'
    )
    with pytest.raises(Retryable):
        notify(str(fulfilled.id))
    aged = "created_at = created_at - interval '2 days', sending_at = sending_at - interval '2 days'"
    base.rows(f"UPDATE letters SET {aged} RETURNING id")
    notify(str(fulfilled.id))
    assert len(mails(standins)) == 1
    assert Letter.get().state == "sent"


def test_tries_that_die_one_after_another_do_not_make_the_provider_remember_longer(
    fulfilled: Order, resend: ResendMailer, standins: RunningStandins
) -> None:
    notify(str(fulfilled.id))
    base.rows("UPDATE letters SET state = 'sending', sending_at = now() - interval '15 hours' RETURNING id")
    assert Letter.get().take_over(60)
    aged = "sending_at = now() - interval '1 hour', doubt_at = doubt_at - interval '6 hours'"
    base.rows(f"UPDATE letters SET {aged} RETURNING id")
    notify(str(fulfilled.id))
    assert len(mails(standins)) == 1
    assert (Letter.get().state, Case.get().kind) == ("failed", "letter_in_doubt")


def test_an_order_without_keys_gets_no_letter(shop: Shop, paid_order: PaidOrder) -> None:
    notify(str(paid_order().id))
    assert Letter.select().count() == 0
