"""What letters say, and what no name can make them say."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader, UndefinedError

from bitloot.mail import letters
from bitloot.mail.base import Letter
from bitloot.mail.letters import render, render_keys_ready
from bitloot.mail.message import build_message

LINK = "https://shop.example/o/5f0c8a3e?a=1&b=2#eyJhbGciOiJIUzI1NiJ9.eyJ4IjoxfQ.c2ln"

EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></table><a href='https://evil.example'>Show my key</a>",
    "<!-- x",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "&lt;b&gt;",
)


def letter(*items: tuple[str, int], shop: str = "Nordlicht", order_ref: str = "5f0c8a3e") -> Letter:
    return render_keys_ready(
        shop,
        "buyer@shop.example",
        "Nordlicht <keys@shop.example>",
        order_ref,
        items or [("Celeste", 1)],
        LINK,
    )


class Page(HTMLParser):
    """Elements, their attributes and the visible words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._hidden = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._hidden = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]


def test_the_link_stands_once_in_each_form() -> None:
    rendered = letter(("Celeste", 1), ("Hollow Knight", 2))
    assert rendered.text.count(LINK) == rendered.text.count("https://") == 1
    assert LINK in rendered.text.splitlines()
    links = [attributes["href"] for tag, attributes in Page(rendered.html).elements if tag == "a"]
    assert links == [LINK]
    assert rendered.html.count("shop.example") == 1


def test_a_letter_says_what_was_bought_where() -> None:
    rendered = letter(("Celeste", 1), ("Hollow Knight", 2))
    for part in (rendered.text, " ".join(Page(rendered.html).words)):
        assert "Nordlicht" in part
        assert "Order 5f0c8a3e" in part
        assert "Celeste" in part
        assert "Hollow Knight" in part
    assert "  2 x Hollow Knight\n" in rendered.text
    assert rendered.subject == "Your keys are ready: order 5f0c8a3e"
    assert not rendered.text.startswith("Subject")


def test_one_key_is_a_key_and_two_are_keys() -> None:
    one, two = letter(("Celeste", 1)), letter(("Celeste", 2))
    assert one.subject == "Your key is ready: order 5f0c8a3e"
    assert "Show my key" in Page(one.html).words
    assert "Show my keys" in Page(two.html).words
    assert "see it here" in one.text.lower()


@pytest.mark.parametrize("evil", EVIL)
def test_no_name_becomes_markup(evil: str) -> None:
    plain, marked = Page(letter().html), Page(letter((evil, 1), shop=evil, order_ref=evil).html)
    assert marked.tags == plain.tags
    assert [a for _, a in marked.elements] == [a for _, a in plain.elements]
    assert evil in marked.words


@pytest.mark.parametrize(
    "break_", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\t", "\n\n"]
)
def test_no_name_adds_a_line_or_a_header(break_: str) -> None:
    nasty = f"Celeste{break_}Subject: free keys{break_}Bcc: x@evil.example"
    clean, dirty = letter(), letter((nasty, 1), shop=nasty, order_ref=nasty)
    assert len(dirty.text.splitlines()) == len(clean.text.splitlines())
    assert dirty.subject.isprintable()
    message = build_message(dirty, "k")
    assert message["Bcc"] is None
    assert len(message.get_all("Subject", [])) == 1


def test_no_name_turns_the_reading_direction() -> None:
    rendered = letter(("Cel\u202eeste\u2066", 1), shop="Nord\u200flicht")
    assert "Celeste" in rendered.text
    assert "Nordlicht" in rendered.html


def test_marks_that_belong_to_a_word_stay() -> None:
    """Joiners make letters in Persian and families in emoji."""
    assert "می\u200cخواهم" in letter(("می\u200cخواهم", 1)).text


@pytest.mark.parametrize(
    "link",
    ["", "javascript:alert(1)", "/o/1", "https://a b", "https://a\n.example", 'https://a"b', "https://ä.x"],
)
def test_only_one_plain_address_is_a_link(link: str) -> None:
    with pytest.raises(ValueError, match="http"):
        render_keys_ready("Shop", "a@b.example", "s@b.example", "1", [("x", 1)], link)


def test_the_page_asks_nobody_for_anything() -> None:
    """No image, font, script, form or style from outside: opening a letter tells nobody."""
    page = Page(letter().html)
    assert not {"img", "script", "link", "iframe", "form", "svg", "object", "video"} & set(page.tags)
    assert "url(" not in letter().html
    assert "@import" not in letter().html


def test_the_page_says_its_language_and_fits_dark_and_small_screens() -> None:
    html = letter().html
    assert '<html lang="en">' in html
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 600px" in html
    assert html.isascii() or 'charset="utf-8"' in html


def test_every_table_is_layout_to_a_screen_reader() -> None:
    tables = [attributes for tag, attributes in Page(letter().html).elements if tag == "table"]
    assert tables
    assert all(attributes["role"] == "presentation" for attributes in tables)


def test_a_missing_fact_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        render("keys_ready", to="a@b.example", sender="s@b.example", language="en", shop_name="x")


def test_an_unknown_language_gets_the_common_letter() -> None:
    args = ("Shop", "a@b.example", "s@b.example", "1", [("x", 1)], LINK)
    assert render_keys_ready(*args, language="xx") == render_keys_ready(*args)


def test_a_letter_in_another_language_is_two_more_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hello.html.j2").write_text("<p>Hello {{ name }}</p>")
    (tmp_path / "hello.txt.j2").write_text("Subject: Hello\n\nHello {{ name }}\n")
    (tmp_path / "hello.de.html.j2").write_text("<p>Hallo {{ name }}</p>")
    (tmp_path / "hello.de.txt.j2").write_text("Subject: Hallo\n\nHallo {{ name }}\n")
    folder = FileSystemLoader(tmp_path)
    monkeypatch.setattr(letters, "_TEMPLATES", letters._TEMPLATES.overlay(loader=folder))
    facts = {"to": "a@b.example", "sender": "s@b.example"}
    assert render("hello", language="de", name="<b>", **facts).html == "<p>Hallo &lt;b&gt;</p>"
    assert render("hello", language="en", name="Ada", **facts).subject == "Hello"
