"""The order page's own script opens the published vector, and nothing that is not quite it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.bitloot.test_envelope import published_vector
from tests.tools import NODE
from web.pages import FOLDER

ASK = """
const { isSealed, unseal } = await import(process.argv[2]);
const { key, context, label, sealed } = JSON.parse(process.argv[3]);
const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const opens = async (text, ...place) => {
  const given = bytes(key);
  try {
    return new TextDecoder().decode(await unseal(given, ...place, bytes(text)));
  } catch (error) {
    return error.name;
  } finally {
    if (given.some((byte) => byte !== 0)) console.error("the content key is still there");
  }
};
const flipped = (at) => sealed.slice(0, at) + (sealed[at] === "0" ? "1" : "0") + sealed.slice(at + 1);
const all = Array.from(sealed, (_, at) => opens(flipped(at), context, label));
console.log(JSON.stringify({
  opened: await opens(sealed, context, label),
  elsewhere: await opens(sealed, context, label.replace("key:c", "key:d")),
  tampered: [...new Set(await Promise.all(all))],
  known: ["424c5302", "424c5301", "424c5702"].map((head) => isSealed(bytes(head + sealed.slice(8)))),
}));
"""


def asked(tmp_path: Path, **told: str) -> Any:
    assert NODE is not None
    module, script = tmp_path / "unseal.mjs", tmp_path / "ask.mjs"
    module.write_text((FOLDER / "unseal.js").read_text())
    script.write_text(ASK)
    run = [NODE, str(script), module.as_uri(), json.dumps(told)]
    answer = subprocess.run(run, capture_output=True, text=True, timeout=30, check=True)
    assert answer.stderr == ""
    return json.loads(answer.stdout)


def test_the_published_vector_opens_in_its_place_alone(tmp_path: Path) -> None:
    known = published_vector()
    told = {name: known[name] for name in ("context", "label")}
    said = asked(tmp_path, key=known["content_key_hex"], sealed=known["sealed_hex"], **told)
    assert said == {
        "opened": known["plaintext"],
        "elsewhere": "OperationError",
        "tampered": ["OperationError"],
        "known": [True, False, False],
    }
