"""What letters say: one template for each kind, as text and as HTML, and the link in both."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from bitloot.mail.base import Letter
from bitloot.mail.kinds import KINDS

__all__ = ["LetterFacts", "render", "render_keys_ready", "render_letter"]

# Marks that turn the reading direction: a product name could use them to make a line say something else.
_TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,  # a template is part of the release: nobody looks at its file for each letter
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
    return render_letter("keys_ready", LetterFacts(shop_name, to, sender, order_ref, items, link, language))


@dataclass(frozen=True)
class LetterFacts:
    """What every letter needs. `items` are names and quantities; `link` opens the order's page."""

    shop_name: str
    to: str
    sender: str  # Name <address>
    order_ref: str
    items: Sequence[tuple[str, int]]
    link: str
    language: str = "en"


def render_letter(kind: str, facts: LetterFacts, **more: str) -> Letter:
    """A letter of one of KINDS. Whatever `more` its kind knows and is not given stays away."""
    told = {name: _line(more.get(name, "")) for name in KINDS[kind] - {"one"}}
    one = {"one": sum(quantity for _, quantity in facts.items) == 1} if "one" in KINDS[kind] else {}
    return render(
        kind,
        to=facts.to,
        sender=facts.sender,
        language=facts.language,
        shop_name=_line(facts.shop_name),
        order_ref=_line(facts.order_ref),
        items=[(_line(name), quantity) for name, quantity in facts.items],
        link=_checked_link(facts.link),
        **told,
        **one,
    )


def render(kind: str, *, to: str, sender: str, language: str, **facts: object) -> Letter:
    """A letter from `<kind>.txt.j2` and `<kind>.html.j2`, or `<kind>.<language>.….j2` where there is one.

    The text template begins with its subject, as `Subject: …` and an empty line. Facts must be single lines.
    """
    heading, _, text = _template(_TEMPLATES, kind, language, "txt").render(facts).partition("\n\n")
    html = _template(_TEMPLATES, kind, language, "html").render(facts)
    return Letter(to, sender, heading.removeprefix("Subject: "), text, html)


@cache
def _template(templates: Environment, kind: str, language: str, form: str) -> Template:
    return templates.select_template([f"{kind}.{language}.{form}.j2", f"{kind}.{form}.j2"])


def _line(text: str) -> str:
    """One line without control characters, so that no name can add a header, a line or a paragraph."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
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
