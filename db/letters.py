"""Letters: rendered once, kept sealed, each once per order, kind and generation."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import nullcontext

from peewee import BlobField, ForeignKeyField, IntegerField, TextField, UUIDField

from bitloot.mail.base import Letter as RenderedLetter
from bitloot.vault import Vault
from db.base import Model, now, rows, transaction
from db.fields import TimeField
from db.orders import Order

__all__ = ["FINAL_FATES", "Letter", "keep_letter", "letter_of", "note_fate"]

#: What became of a letter and does not change any more: a late `delivered` does not take a complaint back.
FINAL_FATES = ("bounced", "complained", "failed", "suppressed")


class Letter(Model):
    order_id: uuid.UUID
    rendered: RenderedLetter | None = None  # in a copy that was kept just now, for whoever sends it at once
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    order = ForeignKeyField(Order, backref="letters", index=False)
    kind = TextField()
    generation = IntegerField()
    state = TextField(default="kept")
    idempotency_key = TextField(unique=True)
    recipient = TextField()
    subject = TextField()
    data_key = BlobField()
    content = BlobField()
    attempts = IntegerField(default=0)
    provider = TextField(null=True)  # the mailer that sent it or, before that, began to
    provider_id = TextField(null=True)
    error = TextField(null=True)
    created_at = TimeField(default=now)
    sending_at = TimeField(null=True)
    doubt_at = TimeField(null=True)  # since when it may have gone without our knowing
    sent_at = TimeField(null=True)
    fate = TextField(null=True)
    fate_at = TimeField(null=True)

    class Meta:
        table_name = "letters"
        indexes = ((("order", "kind", "generation"), True),)

    def start_sending(self, by: str | None = None) -> bool:
        """kept → sending, before the first byte; whether we got it. One that is `sending` already may be under way."""
        changes = "attempts = attempts + 1, sending_at = now(), provider = %s"
        return self._move(("kept",), "sending", changes, by)

    def take_over(self, seconds: float) -> bool:
        """sending → sending, if the last try began over `seconds` ago and so is dead."""
        stale = "sending_at < now() - %s * interval '1 second'"
        return self._move(
            ("sending",),
            "sending",
            "attempts = attempts + 1, doubt_at = coalesce(doubt_at, sending_at), sending_at = now()",
            only=stale,
            only_values=(seconds,),
        )

    def may_be_out(self, seconds: float, alive: float) -> bool:
        """Whether it may have gone over `seconds` ago without our knowing, and no try of the last `alive` lives."""
        return bool(
            rows(
                "SELECT 1 FROM letters WHERE id = %s AND (state = 'kept' OR (state = 'sending'"
                " AND sending_at < now() - %s * interval '1 second'))"
                " AND coalesce(doubt_at, CASE WHEN state = 'sending' THEN sending_at END)"
                " < now() - %s * interval '1 second'",
                *(self.id, alive, seconds),
            )
        )

    def put_back(self, error: str, *, unheard: bool = False) -> bool:
        """sending → kept: certainly not sent, or `unheard`: it may be, and only a repeat under its key is safe."""
        doubt = "coalesce(doubt_at, sending_at)" if unheard else "doubt_at"
        return self._move(("sending",), "kept", f"doubt_at = {doubt}, error = %s", error)

    def sent(self, provider: str, provider_id: str) -> bool:
        """→ sent, final; after the keys' letter its order rests, in the same commit: nothing else is due there."""
        won = rows(
            "WITH won AS (UPDATE letters SET sent_at = now(), error = NULL, provider = %s, provider_id = %s,"
            " state = 'sent' WHERE id = %s AND state = 'sending' RETURNING order_id, kind),"
            " rested AS (UPDATE orders SET due_at = NULL WHERE id = (SELECT order_id FROM won"
            " WHERE kind = 'keys_ready') AND state = 'fulfilled') SELECT order_id FROM won",
            *(provider, provider_id, self.id),
        )
        if won:
            self.state = "sent"
        return bool(won)

    def fail(self, error: str) -> bool:
        """→ failed, final: a person may send another generation."""
        return self._move(("kept", "sending"), "failed", "error = %s", error)

    def _move(
        self,
        src: tuple[str, ...],
        dst: str,
        changes: str,
        *values: str | None,
        only: str = "true",
        only_values: tuple[float, ...] = (),
    ) -> bool:
        won = rows(
            f"UPDATE letters SET {changes}, state = %s"  # noqa: S608
            f" WHERE id = %s AND state = ANY(%s) AND {only} RETURNING id",
            *(*values, dst, self.id, list(src), *only_values),
        )
        if won:
            self.state = dst
        return bool(won)

    def open(self, vault: Vault, sender: str) -> RenderedLetter:
        """The letter as it was rendered. Raises SealBroken."""
        if self.rendered is not None:
            return self.rendered
        plain = vault.open(bytes(self.data_key), _context(self.id), self.kind, bytes(self.content))
        texts = json.loads(plain)
        return RenderedLetter(
            to=self.recipient, sender=sender, subject=self.subject, text=texts["text"], html=texts["html"]
        )


def note_fate(provider: str, provider_id: str, fate: str) -> Letter | None:
    """What the provider says became of a letter; None if no letter has this id there, or worse is known already."""
    found = Letter.load("WHERE t.provider_id = %s AND t.provider = %s", provider_id, provider)
    noted = found and rows(
        "UPDATE letters SET fate = %s, fate_at = now() WHERE id = %s AND (fate IS NULL OR fate <> ALL(%s))"
        " AND fate IS DISTINCT FROM %s RETURNING 1",
        *(fate, found[0].id, list(FINAL_FATES), fate),
    )
    return found[0] if noted else None


def letter_of(order_id: uuid.UUID, kind: str, generation: int = 1) -> Letter | None:
    tail = "WHERE t.order_id = %s AND t.kind = %s AND t.generation = %s"
    found = Letter.load(tail, order_id, kind, generation)
    return found[0] if found else None


def keep_letter(
    vault: Vault,
    order_id: uuid.UUID,
    kind: str,
    rendered: RenderedLetter,
    generation: int = 1,
    *,
    sending: bool = False,
    by: str | None = None,
    then: Callable[[], None] | None = None,
) -> Letter | None:
    """Keeps a rendered letter, with `sending` as one that the caller sends now, `by` that mailer; None if one was kept
    already.

    One commit for both: what dies after it is a try that died, as after `start_sending`. So for what `then` writes,
    which is called if this call kept the letter.
    """
    letter_id = uuid.uuid4()
    plain = json.dumps({"text": rendered.text, "html": rendered.html}).encode()
    data_key, sealed = vault.seal_anew(_context(letter_id), kind, plain)
    with transaction() if then is not None else nullcontext():
        kept = _insert(letter_id, order_id, kind, generation, rendered, data_key, sealed, sending, by)
        if kept is not None and then is not None:
            then()
    return kept


def _insert(
    letter_id: uuid.UUID,
    order_id: uuid.UUID,
    kind: str,
    generation: int,
    rendered: RenderedLetter,
    data_key: bytes,
    sealed: bytes,
    sending: bool,
    by: str | None,
) -> Letter | None:
    values = {
        "id": letter_id,
        "order": order_id,
        "kind": kind,
        "generation": generation,
        "state": "sending" if sending else "kept",
        "idempotency_key": f"{kind}/{order_id}/{generation}",
        "recipient": rendered.to,
        "subject": rendered.subject,
        "data_key": data_key,
        "content": sealed,
        "attempts": int(sending),
        "provider": by,
    }
    kept = rows(
        "INSERT INTO letters (id, order_id, kind, generation, state, idempotency_key, recipient, subject, data_key,"
        " content, attempts, provider, created_at, sending_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now(), CASE WHEN %s THEN now() END)"
        " ON CONFLICT DO NOTHING RETURNING created_at, sending_at",
        *(*values.values(), sending),
    )
    if not kept:
        return None
    letter = Letter(**values, created_at=kept[0][0], sending_at=kept[0][1])
    letter.rendered = rendered
    return letter


def _context(letter_id: uuid.UUID) -> str:
    return f"letter:{letter_id}"
