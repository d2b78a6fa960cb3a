"""Mails an operator a link to sign in with. The link is made here, so that it is in no message and in no row."""

from __future__ import annotations

import hashlib
import secrets

import structlog

from actors.step import step
from actors.workshop import shop
from bitloot.errors import BitLootError
from bitloot.mail.letters import render
from db import record_access
from db.admin_links import keep_link, link_admin
from db.admins import Admin

__all__ = ["mail_sign_in"]

log = structlog.get_logger(__name__)


@step(queue="sign_in")
def mail_sign_in(link_id: str) -> None:
    """Once, and never again: whoever waits in vain asks anew, and an old link in the letter box helps nobody."""
    admin = link_admin(link_id)
    if admin is None:
        return
    tools, token = shop(), secrets.token_urlsafe(32)
    if not keep_link(link_id, hashlib.sha256(token.encode()).digest(), tools.settings.sign_in_link_seconds):
        return
    letter = render(
        "sign_in",
        to=admin.email,
        sender=tools.settings.mail_from,
        language=tools.settings.shop_language,
        shop_name=tools.settings.shop_name,
        order_ref=admin.email,
        link=f"{tools.settings.public_url}/console#sign-in={token}",
        minutes=str(tools.settings.sign_in_link_seconds // 60),
    )
    try:
        tools.mailer.send(letter, f"sign-in-{link_id}")
    except BitLootError as error:
        log.warning("a link to sign in with was not mailed", action="link_not_mailed", code=error.code)
        _record(admin, "failed")
    else:
        _record(admin, "granted")


def _record(admin: Admin, outcome: str) -> None:
    record_access(
        None,
        "sign_in_link",
        actor=admin.label,
        outcome=outcome,
        address="",
        user_agent="",
    )
