"""The planted bugs: what each changes in the text of a module as it is read, and which tests must go red."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["BUGS", "Bug", "Change"]

NET = "tests/faults/test_net.py::test_"


@dataclass(frozen=True)
class Change:
    """In the text of `module` `old`, which must be there exactly once, becomes `new`."""

    module: str
    old: str
    new: str


@dataclass(frozen=True)
class Bug:
    """`caught_by`: the tests that are run against it."""

    name: str
    what: str
    changes: tuple[Change, ...]
    caught_by: tuple[str, ...]


def _sql(old: str, new: str) -> Change:
    """The same for the text of every migration."""
    reading = 'path.read_text(encoding="utf-8")'
    return Change("db.migrate", reading, f"{reading}.replace({old!r}, {new!r})")


_ALL = (
    Bug(
        "no-unique-index",
        "two live purchases of one line fit into the table",
        (
            _sql("    UNIQUE (line_id, generation),\n", ""),
            Change(
                "db.migrate",
                "cursor.execute(migration.sql)",
                "cursor.execute(migration.sql.replace('UNIQUE INDEX purchases_live', 'INDEX purchases_live'))",
            ),
        ),
        (f"{NET}a_line_has_one_purchase_of_a_generation_and_one_that_lives",),
    ),
    Bug(
        "sent-before-commit",
        "a step is one transaction: it sends and calls before its commit",
        (
            Change(
                "actors.step",
                "base.scope():\n        try:",
                "base.scope(), base.transaction():\n        try:",
            ),
        ),
        (f"{NET}nobody_is_called_and_nothing_sent_before_the_commit",),
    ),
    Bug(
        "retry-on-timeout",
        "a purchase whose answer was lost is taken for one that was not made",
        (
            Change(
                "actors.buying",
                "except Retryable as error:\n        take_answer(purchase, PurchaseState.INTENT",
                "except (Retryable, Ambiguous) as error:\n        take_answer(purchase, PurchaseState.INTENT",
            ),
        ),
        (f"{NET}a_purchase_whose_answer_was_lost_is_not_made_again",),
    ),
    Bug(
        "no-compare-and-set",
        "an order moves wherever it stands",
        (_sql("WHERE id = p_order AND state = p_src", "WHERE id = p_order"),),
        (f"{NET}of_two_copies_of_an_order_one_moves",),
    ),
    Bug(
        "answered-before-commit",
        "an IPN is acknowledged before it is stored",
        (
            Change("web.intake", "while not waiting.sleeper.wait(NOTICE_SECONDS):", "while not waiting:"),
            Change("web.intake", "        return waiting.answer()\n", '        return Taken("noted")\n'),
        ),
        (f"{NET}a_notice_that_was_not_stored_is_not_acknowledged",),
    ),
    Bug(
        "empty-aad",
        "a sealed key is bound to no place",
        (Change("bitloot.envelope", "return bound", 'return b"" and bound'),),
        (
            f"{NET}an_order_is_bought_sealed_and_told_once",
            "tests/bitloot/test_vault.py::test_a_sealed_key_opens_for_its_own_order_and_label_only",
        ),
    ),
    Bug(
        "compared-by-equals",
        "a signature is compared byte by byte until one differs",
        (
            Change(
                "bitloot.gateways.ipn_signature",
                "hmac.compare_digest(_digest(signed, key), given)",
                "_digest(signed, key) == given",
            ),
        ),
        (f"{NET}no_proof_is_compared_by_equals",),
    ),
    Bug(
        "signature-not-looked-at",
        "any signature of the right length will do",
        (
            Change(
                "bitloot.gateways.ipn_signature",
                'raise BadSignature("nowpayments: the signature does not match")',
                'return "raw"',
            ),
        ),
        (f"{NET}a_forged_notice_pays_nothing",),
    ),
    Bug(
        "lease-ignored",
        "a call that is under way is taken for one whose process died",
        (Change("actors.giving", "if not (outlook.lease_over and outlook.due):", "if not outlook.due:"),),
        (f"{NET}a_call_that_is_under_way_is_not_made_beside",),
    ),
    Bug(
        "strangers-order-adopted",
        "the first order that the search shows is taken for ours",
        (
            Change(
                "bitloot.suppliers.kinguin_search",
                'if order.get("orderExternalId") == purchase_ref else None',
                "if order else None",
            ),
        ),
        ("tests/bitloot/suppliers/test_kinguin.py::test_strangers_orders_are_never_adopted",),
    ),
    Bug(
        "letter-without-its-key",
        "each try to send a letter has a key of its own",
        (
            Change(
                "actors.mailing", "letter.idempotency_key\n", 'f"{letter.idempotency_key}/{id(object())}"\n'
            ),
        ),
        (f"{NET}a_letter_whose_answer_was_lost_arrives_once",),
    ),
    Bug(
        "gate-trusts-the-notice",
        "what an IPN says is not asked of the gateway",
        (
            Change(
                "actors.gate", "    if payment.confirmed_at is not None:\n", "    if payment is not None:\n"
            ),
        ),
        (f"{NET}nothing_is_bought_by_a_notices_word_alone",),
    ),
    Bug(
        "sweep-skips-a-state",
        "orders that are ready are not looked for",
        (
            Change(
                "actors.sweep",
                "in STEP.items():\n        claimed",
                "in STEP.items():\n        if state == 'ready':\n            continue\n        claimed",
            ),
        ),
        (f"{NET}what_redis_lost_is_found_in_every_state",),
    ),
    Bug(
        "key-in-an-exception",
        "what leaves an actor quotes what went wrong",
        (Change("actors.step", '{type(error).__name__} in {name}"', '{error} in {name}"'),),
        (f"{NET}an_error_that_quotes_a_key_is_not_passed_on",),
    ),
)

BUGS: Mapping[str, Bug] = MappingProxyType({bug.name: bug for bug in _ALL})
