"""What may go wrong in the model: which call of which stranger, and how."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.faults.model.world import SUPPLIERS

__all__ = [
    "CALLED_BY",
    "LINES",
    "LONGEST",
    "MOODS",
    "MOST_ORDERS",
    "OTHERS",
    "STEPS",
    "SUBJECTS",
    "TIMES",
    "TROUBLES",
    "some",
]

#: What actors that are not about an order are about, in an order that is the same in each run.
SUBJECTS = {
    "check_payment": "SELECT id::text FROM payments ORDER BY gateway_payment_id",
    "check_purchase": "SELECT id::text FROM purchases ORDER BY created_at, supplier, quantity",
    "replay": "SELECT id::text FROM notices ORDER BY received_at, id",
}

STEPS = ("reserve", "finalize", "encrypt_store", "notify")

#: Two more than the search ladder of the default settings is long (seconds), each rung once.
TIMES = (1.0, 6.0, 21.0, 61.0, 301.0, 901.0, 4_000.0)

MOST_ORDERS = 3

#: A payment is watched for seven days; a story is shorter.
LONGEST = 5 * 86_400.0

some = st.integers(0, 11)  # which one, modulo how many there are

BEFORE = ("retryable", "blocked", "permanent", "lost_before", "killed_before")
AFTER = ("lost_after", "broken_after", "killed_after")
READ = ("retryable", "blocked", "killed_before")
MOODS = st.one_of(
    st.tuples(st.just("begin"), st.sampled_from((*BEFORE, *AFTER, "duplicate"))),
    st.tuples(st.just("commit"), st.sampled_from((*BEFORE, *AFTER))),
    st.tuples(st.sampled_from(("find", "status", "fetch_keys")), st.sampled_from(READ)),
    st.tuples(st.just("status"), st.sampled_from(("permanent", "lost_before"))),
    st.tuples(st.just("fetch_keys"), st.sampled_from(("permanent", "broken_after"))),
)
OTHERS = (
    *(("gateway", "read_payment", mood) for mood in (*BEFORE[:4], "stale", "less")),
    *(
        ("store", "put_once", mood)
        for mood in ("retryable", "blocked", "lost_after", "killed_before", "killed_after")
    ),
    ("store", "get", "retryable"),
    *(("mailer", "send", mood) for mood in (*BEFORE, *AFTER)),
)
CALLED_BY = {
    "begin": "reserve",
    "commit": "reserve",
    "find": "reserve",
    "status": "finalize",
    "fetch_keys": "encrypt_store",
}
#: What an order meets as soon as it is paid.
TROUBLES = st.lists(
    st.tuples(st.sampled_from(("begin", "commit")), st.sampled_from((*AFTER, *BEFORE))), max_size=2
)
LINES = st.lists(st.tuples(st.sampled_from(sorted(SUPPLIERS)), st.integers(1, 2)), min_size=1, max_size=3)
