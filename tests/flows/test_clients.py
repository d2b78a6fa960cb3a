"""The clients of docs/clients: what stands there works, against a whole shop."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
import requests

from tests.flows.house import House
from tests.tools import NODE, TYPESCRIPT
from web.standins import catalog_rows

CLIENTS = Path(__file__).parents[2] / "docs" / "clients"
PRODUCT = catalog_rows()[0]


def a_python_client() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bitloot_client", CLIENTS / "python" / "bitloot_client.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pay(house: House, payment_id: str) -> None:
    house.control(f"nowpayments/payments/{payment_id}/pay")


def test_the_python_client_buys_a_key(house: House) -> None:
    client = a_python_client()
    shop = client.BitLoot(house.web)
    order = shop.place("alice@example.com", {PRODUCT["sku"]: 1}, pay_currency="btc", key="k" * 20)
    again = shop.place("alice@example.com", {PRODUCT["sku"]: 1}, pay_currency="btc", key="k" * 20)
    assert again["orderId"] == order["orderId"]
    with pytest.raises(client.Refused) as refused:
        shop.reveal(order)
    assert (refused.value.status, refused.value.code) == (409, "not_ready")
    pay(house, order["payment"]["paymentId"])
    shop.wait(order, seconds=30, pause=0.1)
    [key] = shop.reveal(order)
    assert key["name"] == PRODUCT["name"]
    assert key["key"] in house.plaintext()


@contextmanager
def built(house: House, folder: Path) -> Iterator[Path]:
    """The TypeScript client as `make clients` builds it, from this house's own document."""
    source = CLIENTS / "typescript"
    for name in ("package.json", "tsconfig.json", "order.ts"):
        (folder / name).write_bytes((source / name).read_bytes())
    (folder / "node_modules").symlink_to(source / "node_modules")
    (folder / "openapi.json").write_bytes(requests.get(f"{house.web}/openapi.json", timeout=10).content)
    for tool, *arguments in (("openapi-typescript", "openapi.json", "--output", "api.d.ts"), ("tsc",)):
        command = [str(source / "node_modules" / ".bin" / tool), *arguments]
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        assert said.returncode == 0, said.stdout + said.stderr
    yield folder / "built" / "order.js"


if TYPESCRIPT:  # tests/tools.py says at the run's end where it is left out, and why

    def test_the_typescript_client_compiles_against_the_document_and_buys_a_key(
        house: House, tmp_path: Path
    ) -> None:
        with built(house, tmp_path) as script:
            command = [str(NODE), str(script), house.web, PRODUCT["sku"], "alice@example.com"]
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ) as buyer:
                try:
                    assert buyer.stdout is not None
                    placed = json.loads(buyer.stdout.readline())
                    pay(house, placed["payment"])
                    told, wrong = buyer.communicate(timeout=60)
                finally:
                    buyer.kill()
            assert (buyer.returncode, wrong) == (0, "")
            assert json.loads(told)["key"] in house.plaintext()
