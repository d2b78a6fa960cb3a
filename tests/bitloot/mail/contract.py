"""What every mailer promises. A mailer's test module inherits this and gives the fixture `post`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import pytest

from bitloot.errors import Malformed
from bitloot.mail.base import Letter, Mailer

__all__ = ["LETTER", "Arrived", "MailerContract", "Post"]

LINK = "https://shop.example/o/1#eyJ.a-b_c." + "x" * 300

LETTER = Letter(
    to="buyer+games@bücher.example",
    sender="Café Größe <keys@shop.example>",
    subject="Your key is ready – žluťoučký kůň",
    text=f"Hello,\n\n.a line that begins with a dot\n{LINK}\n{'long ' * 400}\nüber\n",
    html=f'<p>Hello<br><a href="{LINK}">Show</a> {"long " * 400} über</p>\n',
)


@dataclass(frozen=True)
class Arrived:
    """A letter as the other side has it."""

    sender: str
    to: str
    subject: str
    text: str
    html: str


class Post(ABC):
    """A mailer and the place where its letters arrive."""

    mailer: Mailer
    away: Mailer  # the same mailer, with nobody at the other end

    @abstractmethod
    def arrived(self) -> list[Arrived]:
        """Every letter that arrived, oldest first."""


class MailerContract:
    def test_a_letter_arrives_as_it_was_rendered(self, post: Post) -> None:
        assert post.mailer.send(LETTER, "letter-1")
        (arrived,) = post.arrived()
        assert "Café Größe" in arrived.sender
        assert "<keys@shop.example>" in arrived.sender
        assert arrived.to == "buyer+games@xn--bcher-kva.example"
        assert arrived.subject == LETTER.subject
        assert arrived.text == LETTER.text
        assert arrived.html == LETTER.html

    def test_a_repeat_is_the_same_letter_and_where_promised_no_second(self, post: Post) -> None:
        first, second = post.mailer.send(LETTER, "letter-1"), post.mailer.send(LETTER, "letter-1")
        assert first == second
        assert len(post.arrived()) == (1 if post.mailer.repeats_safely else 2)

    def test_two_keys_are_two_letters(self, post: Post) -> None:
        keys = [
            "letter-1",
            "letter-2",
            "Letter-1",
            "letter/1",
            "letter%2F1",
            "../letter",
            "x" * 256,
            "x" * 255,
        ]
        ids = {post.mailer.send(LETTER, key) for key in keys}
        assert len(ids) == len(post.arrived()) == len(keys)

    @pytest.mark.parametrize(
        "break_", ["\r\n", "\n", "\r", "\0", "\x0b", "\x85", "\u2028", "\r\nBcc: x@evil.example"]
    )
    @pytest.mark.parametrize("place", ["to", "sender", "subject"])
    def test_no_field_can_add_a_header(self, post: Post, place: str, break_: str) -> None:
        for value in (
            getattr(LETTER, place) + break_,
            break_ + getattr(LETTER, place),
            _inside(place, break_),
        ):
            with pytest.raises(Malformed):
                post.mailer.send(replace(LETTER, **{place: value}), "letter-1")
        assert post.arrived() == []

    @pytest.mark.parametrize("key", ["", "a\r\nb", "a b", "ä", "x" * 257])
    def test_a_key_that_no_header_can_carry_is_refused(self, post: Post, key: str) -> None:
        with pytest.raises(Malformed) as caught:
            post.mailer.send(LETTER, key)
        assert caught.value.code == "bad_idempotency_key"
        assert post.arrived() == []

    def test_health_says_nothing_while_letters_can_leave(self, post: Post) -> None:
        post.mailer.health()
        assert post.arrived() == []

    def test_nobody_there_means_later_or_a_person_and_shows_in_health(self, post: Post) -> None:
        for call in (lambda: post.away.send(LETTER, "letter-1"), post.away.health):
            with pytest.raises(self.when_away) as caught:
                call()
            assert "shop.example" not in str(caught.value)

    def test_the_mailer_says_its_name(self, post: Post) -> None:
        assert post.mailer.name == self.mailer_name

    mailer_name: str
    when_away: type[Exception]


def _inside(place: str, break_: str) -> str:
    value: str = getattr(LETTER, place)
    return f"{value[:3]}{break_}{value[3:]}"
