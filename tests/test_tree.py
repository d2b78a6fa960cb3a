"""What the house promises about itself: tests beside modules, steps beside states, files that stay small."""

from __future__ import annotations

import ast
import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import web
from actors.sweep import STEP
from bitloot.settings import Settings
from bitloot.states import OrderState

ROOT = Path(__file__).parent.parent
PACKAGES = ("bitloot", "db", "actors", "web")

#: Longest allowed, in lines.
FILE_LINES, FUNCTION_LINES = 300, 60

#: Orders in these states wait for money (which is asked for by payment), a person, or nothing; elsewhere a step is due.
RESTING = {
    OrderState.CREATED,
    OrderState.EXPIRED,
    OrderState.REVIEW,
    OrderState.FAILED,
    OrderState.REFUND_DUE,
    OrderState.REFUNDED,
}

#: Modules without a test file of their own, and why.
WITHOUT_TWIN = {
    "bitloot/__main__.py": "two lines; tests/bitloot/cli/test_root.py runs it",
    "bitloot/mail/base.py": "a protocol and a record; every mailer's tests run against it",
    "bitloot/stores/base.py": "a protocol; the contract that every store passes is its test",
    "web/standins/__main__.py": "tests/web/standins/test_main.py runs it",
}


def modules() -> Iterator[Path]:
    """All modules of the four packages, but for package files that only lend what others define."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.name != "__init__.py" or defines_something(path):
                yield path


def defines_something(path: Path) -> bool:
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in parsed(path).body)


def sources() -> Iterator[Path]:
    """All Python of ours, tests and benchmarks included."""
    for folder in (*PACKAGES, "tests", "bench"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def twin(module: Path) -> Path:
    """db/orders.py → tests/db/test_orders.py; a package is tested by the file named after it."""
    place = module.relative_to(ROOT)
    if place.name == "__init__.py":
        return ROOT / "tests" / place.parent.parent / f"test_{place.parent.name}.py"
    return ROOT / "tests" / place.parent / f"test_{place.name}"


def test_every_module_has_a_test_file_of_its_own() -> None:
    lonely = {
        str(module.relative_to(ROOT))
        for module in modules()
        if not twin(module).exists() and str(module.relative_to(ROOT)) not in WITHOUT_TWIN
    }
    assert lonely == set()


def test_every_test_folder_is_a_package() -> None:
    """Else tests/db would shadow db."""
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_every_waiting_state_has_a_step() -> None:
    assert set(STEP) == set(OrderState) - RESTING


def test_the_packages_are_ours() -> None:
    """web.py installs a package of the same name."""
    assert web.__file__
    assert Path(web.__file__).is_relative_to(ROOT)


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    long = {}
    for path in sources():
        for node in functions(parsed(path)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                long[f"{path.relative_to(ROOT)}:{node.name}"] = lines
    assert long == {}


def functions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All below `node`: through its statements alone, which are few, and not through what they calculate."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for below in getattr(node, part, ()):
            if isinstance(below, ast.FunctionDef | ast.AsyncFunctionDef):
                yield below
            yield from functions(below)


def test_every_module_says_what_it_is() -> None:
    silent = [path for path in sources() if not path.read_text().startswith(('"""', 'r"""'))]
    assert [str(path) for path in silent if path.read_text() and not ast.get_docstring(parsed(path))] == []


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_no_module_has_an_attics_name() -> None:
    attics = {"utils", "helpers", "common", "services", "managers", "models", "constants"}
    assert [str(path) for path in sources() if path.stem in attics or path.parent.name in attics] == []


def test_the_example_lists_every_setting_in_order_with_its_default() -> None:
    text = (ROOT / ".env.example").read_text()
    listed = [line.partition("=") for line in text.splitlines() if line and not line.startswith("#")]
    assert [name for name, _, _ in listed] == [name.upper() for name in Settings.model_fields]
    defaults = {name: "".join(shlex.split(value)) for name, _, value in listed}
    assert defaults == {name.upper(): shown(field.default) for name, field in Settings.model_fields.items()}


def shown(default: object) -> str:
    """A default as it is written in the environment."""
    if hasattr(default, "get_secret_value"):
        return str(default.get_secret_value())
    if isinstance(default, tuple):
        return ",".join(f"{part:g}" if isinstance(part, float) else str(part) for part in default)
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_the_example_is_grouped_as_the_settings_are_and_explains_each_line() -> None:
    example = (ROOT / ".env.example").read_text().splitlines()
    source = (ROOT / "bitloot" / "settings.py").read_text().splitlines()
    groups = [line.strip().removeprefix("# --- ") for line in source if line.startswith("    # --- ")]
    assert [line.removeprefix("# --- ") for line in example if line.startswith("# --- ")] == groups
    bare = [
        line
        for above, line in itertools.pairwise(example)
        if re.match(r"[A-Z0-9_]+=", line) and not re.match(r"# (?!---)\w", above)
    ]
    assert bare == []
    for group in groups:
        below = example[example.index(f"# --- {group}") + 2].partition("=")[0].lower()
        ours = source[source.index(f"    # --- {group}") + 1].strip().partition(":")[0]
        assert below == ours
