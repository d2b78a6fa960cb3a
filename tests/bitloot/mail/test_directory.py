"""Letters as files."""

from __future__ import annotations

import stat
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from bitloot.errors import Blocked
from bitloot.mail.directory import MailDirectory
from bitloot.settings import Settings
from tests.bitloot.mail.contract import LETTER, Arrived, MailerContract, Post


class Folder(Post):
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "letters"
        self.mailer = MailDirectory(self.folder)
        (folder / "file").write_bytes(b"")
        self.away = MailDirectory(folder / "file")

    def arrived(self) -> list[Arrived]:
        return [_read(path) for path in sorted(self.folder.glob("*"))]


def _read(path: Path) -> Arrived:
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return arrived_from(message)


def arrived_from(message: EmailMessage) -> Arrived:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    content = [part.get_content().replace("\r\n", "\n") for part in (text, html)]
    return Arrived(message["From"], message["To"], message["Subject"], content[0], content[1])


@pytest.fixture
def post(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


class TestMailDirectory(MailerContract):
    mailer_name = "directory"
    when_away = Blocked


def test_a_letter_is_for_its_owner_only_and_named_by_its_key(post: Folder) -> None:
    post.mailer.send(LETTER, "letter-1")
    (file,) = post.folder.iterdir()
    assert file.name == "letter-1.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(post.folder.stat().st_mode) == 0o700


def test_a_repeat_leaves_the_first_letter_untouched(post: Folder) -> None:
    post.mailer.send(LETTER, "letter-1")
    (file,) = post.folder.iterdir()
    before = (file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_ino)
    post.mailer.send(LETTER, "letter-1")
    assert (file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_ino) == before


def test_no_key_leads_out_of_the_folder(post: Folder, tmp_path: Path) -> None:
    for key in ("../out", "/etc/x", "..", ".", "a/../../b", ".hidden"):
        post.mailer.send(LETTER, key)
    assert len(list(post.folder.iterdir())) == 6
    assert {path.name for path in tmp_path.iterdir()} == {"letters", "file"}


def test_every_line_is_short_ascii_ended_by_crlf(post: Folder) -> None:
    post.mailer.send(LETTER, "letter-1")
    (file,) = post.folder.iterdir()
    lines = file.read_bytes().split(b"\r\n")
    assert all(line.isascii() and len(line) <= 78 and b"\n" not in line for line in lines)


def test_the_directory_comes_from_settings(tmp_path: Path) -> None:
    settings = Settings.model_validate({"mail_directory": tmp_path / "l"})
    MailDirectory.from_settings(settings).send(LETTER, "k")
    assert (tmp_path / "l" / "k.eml").exists()
