"""The canonical form against the provider's own algorithm, run by Node over documents that nobody thought of."""

from __future__ import annotations

import json
import shutil
import subprocess

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitloot.gateways.ipn_canonical import canonical
from tests.bitloot.gateways.vectors import NESTED

#: Prints each document as JSON.stringify made it, and sorted as NOWPayments signs it; one pair of lines for each.
NODE = """
  const order = v => Array.isArray(v) ? v.map(order) : v && typeof v === 'object'
    ? Object.keys(v).sort().reduce((o, k) => (Object.defineProperty(o, k,
        {value: order(v[k]), enumerable: true}), o), {}) : v;
  for (const document of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
    console.log(JSON.stringify(document)); console.log(JSON.stringify(order(document)));
  }
"""

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["10", "9", "01", "__proto__"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)
DOCUMENTS = st.dictionaries(
    NAMES,
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
    ),
    max_size=6,
)


def test_whatever_javascript_signs_has_the_same_form_here() -> None:
    """One run of Node for each batch; where there is no Node the published vector holds the place."""
    node = shutil.which("node")
    if node is None:
        assert canonical(NESTED.body).startswith(b'{"actually_paid":0.00041,')
        return

    @settings(
        max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )  # on a busy machine
    @given(st.lists(DOCUMENTS, min_size=20, max_size=60))
    def check(documents: list[object]) -> None:
        told = subprocess.run(
            [node, "-e", NODE],
            input=json.dumps(documents).encode(),
            capture_output=True,
            check=True,
            timeout=30,
        )
        lines = told.stdout.split(b"\n")[:-1]
        for sent, signed in zip(lines[::2], lines[1::2], strict=True):
            assert canonical(sent) == signed

    check()
