"""A notice is believed for its signature alone (PROVIDERS.md §3.6, §3.8)."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess

import pytest

from bitloot.errors import BadSignature
from bitloot.gateways.ipn_canonical import canonical
from bitloot.gateways.ipn_signature import prove
from tests.bitloot.gateways.vectors import FLAT, NESTED, Vector, sign

VECTORS = pytest.mark.parametrize("vector", [FLAT, NESTED], ids=["flat", "nested"])


@VECTORS
def test_the_published_vector_is_accepted(vector: Vector) -> None:
    assert hashlib.sha256(vector.body).hexdigest() == vector.sha256
    assert prove(vector.signature, vector.body, vector.secret) == "sorted"


@VECTORS
def test_the_header_may_be_shouted_or_padded_and_the_secret_pasted_with_blanks(vector: Vector) -> None:
    assert prove(f" {vector.signature.upper()}\t", vector.body, f" {vector.secret}\n") == "sorted"


@VECTORS
def test_the_raw_body_is_the_second_candidate(vector: Vector) -> None:
    assert prove(sign(vector.secret, vector.body), vector.body, vector.secret) == "raw"


def test_the_raw_candidate_of_the_flat_vector_is_the_published_one() -> None:
    assert sign(FLAT.secret, FLAT.body).startswith("a01175a8fac3")


def test_the_signature_of_the_python_sample_is_refused() -> None:
    sample = json.dumps(json.loads(NESTED.body), separators=(",", ":"), sort_keys=True)
    forged = sign(NESTED.secret, sample.encode())
    assert forged.startswith("ae1d9f1780ad")
    with pytest.raises(BadSignature):
        prove(forged, NESTED.body, NESTED.secret)


def test_the_signature_of_the_replacer_form_is_refused() -> None:
    """It leaves nested values uncovered: whoever may alter `fee` could alter what we read from it."""
    top = dict(sorted(json.loads(NESTED.body).items())) | {"fee": {}}
    replacer = json.dumps(top, separators=(",", ":"), ensure_ascii=False)
    forged = sign(NESTED.secret, replacer.encode())
    assert forged.startswith("eea215397e5e")
    with pytest.raises(BadSignature):
        prove(forged, NESTED.body, NESTED.secret)


@VECTORS
def test_one_changed_byte_anywhere_is_refused(vector: Vector) -> None:
    for at in range(len(vector.body)):
        forged = bytearray(vector.body)
        forged[at] ^= 1
        with pytest.raises(BadSignature):
            prove(vector.signature, bytes(forged), vector.secret)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "é" * 128,
        "é" * 64,
        "\ud800" * 128,
        "0" * 128,
        FLAT.signature[:-1],
        FLAT.signature + "0",
        "sha512=" + FLAT.signature,
    ],
)
def test_any_other_header_is_refused_and_breaks_nothing(header: str | None) -> None:
    with pytest.raises(BadSignature):
        prove(header, FLAT.body, FLAT.secret)


@pytest.mark.parametrize("secret", ["", "  \n", "another-secret"])
def test_an_empty_or_other_secret_proves_nothing(secret: str) -> None:
    with pytest.raises(BadSignature):
        prove(sign(secret.strip(), canonical(FLAT.body)), FLAT.body, "")
    with pytest.raises(BadSignature):
        prove(FLAT.signature, FLAT.body, secret)


def test_while_the_secret_changes_both_are_believed_and_it_is_told_which() -> None:
    assert prove(NESTED.signature, NESTED.body, NESTED.secret, "the-one-before") == "sorted"
    assert prove(NESTED.signature, NESTED.body, "the-new-one", f" {NESTED.secret}\n") == "sorted-previous"
    assert prove(sign(NESTED.secret, NESTED.body), NESTED.body, "", NESTED.secret) == "raw-previous"
    with pytest.raises(BadSignature):
        prove(NESTED.signature, NESTED.body, "the-new-one", "another")


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 60_000, b'{"a":1,"a":2}', b"not json"])
def test_a_body_without_canonical_form_can_only_be_proved_raw(body: bytes) -> None:
    assert prove(sign("s" * 32, body), body, "s" * 32) == "raw"
    with pytest.raises(BadSignature):
        prove("0" * 128, body, "s" * 32)


def test_a_body_signed_by_node_is_accepted() -> None:
    """The provider's own algorithm, where Node is installed; the fixed vectors above hold everywhere."""
    node = shutil.which("node")
    if node is None:
        assert canonical(NESTED.body).startswith(b'{"actually_paid":0.00041,')
        return
    script = """
      const order = v => Array.isArray(v) ? v.map(order) : v && typeof v === 'object'
        ? Object.keys(v).sort().reduce((o, k) => (o[k] = order(v[k]), o), {}) : v;
      const notice = {payment_id: 7, '10': 1, '9': 2, 'é': {z: 2.1e-6, a: 1e-7, 'ｱ': 1, '😀': 2},
        ids: [3, {b: 1, a: 20.00}], text: 'Clé “X”/\\\\ \\u2028', payment_status: 'finished'};
      const signed = JSON.stringify(order(notice));
      const mac = require('crypto').createHmac('sha512', process.argv[1]).update(signed).digest('hex');
      process.stdout.write(mac + JSON.stringify(notice));
    """
    told = subprocess.run(
        [node, "-e", script, FLAT.secret], capture_output=True, check=True, timeout=20
    ).stdout
    assert prove(told[:128].decode(), told[128:], FLAT.secret) == "sorted"
