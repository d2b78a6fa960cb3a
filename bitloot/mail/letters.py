"""What letters say: one template for each kind, as text and as HTML, and the link in both."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from bitloot.mail.base import Letter

__all__ = ["render", "render_keys_ready"]

# Marks that turn the reading direction: a product name could use them to make a line say something else.
_TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render_keys_ready(
    shop_name: str,
    to: str,
    sender: str,
    order_ref: str,
    items: Sequence[tuple[str, int]],
    link: str,
    language: str = "en",
) -> Letter:
    """The keys of an order can be seen under `link`; `items` are names and quantities. Never a key."""
    return render(
        "keys_ready",
        to=to,
        sender=sender,
        language=language,
        shop_name=_line(shop_name),
        order_ref=_line(order_ref),
        items=[(_line(name), quantity) for name, quantity in items],
        one=sum(quantity for _, quantity in items) == 1,
        link=_checked_link(link),
    )


def render(kind: str, *, to: str, sender: str, language: str, **facts: object) -> Letter:
    """A letter from `<kind>.txt.j2` and `<kind>.html.j2`, or `<kind>.<language>.….j2` where there is one.

    The text template begins with its subject, as `Subject: …` and an empty line. Facts must be single lines.
    """
    heading, _, text = _template(kind, language, "txt").render(facts).partition("\n\n")
    html = _template(kind, language, "html").render(facts)
    return Letter(to, sender, heading.removeprefix("Subject: "), text, html)


def _template(kind: str, language: str, form: str) -> Template:
    return _TEMPLATES.select_template([f"{kind}.{language}.{form}.j2", f"{kind}.{form}.j2"])


def _line(text: str) -> str:
    """One line without control characters, so that no name can add a header, a line or a paragraph."""
    kept = (" " if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char for char in text)
    return " ".join("".join(char for char in kept if char not in _TURNS).split())


def _checked_link(link: str) -> str:
    """Raises ValueError unless this is one http(s) address."""
    if (
        urlsplit(link).scheme not in {"https", "http"}
        or not link.isascii()
        or set(link) & set(" \t\r\n<>\"'")
    ):
        raise ValueError("a letter's link is one plain http(s) address")
    return link
