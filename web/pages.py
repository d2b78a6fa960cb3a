"""Our pages and their files: read once at start, served by name, so that no path is ever taken from a request."""

from __future__ import annotations

import hashlib
import html
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import falcon
from falcon import Request, Response

from web.auth import not_found
from web.describe import describe

__all__ = ["ADMIN_FOLDER", "Assets", "ConsolePage", "OrderPage", "Page", "page_policy", "read_folder"]

FOLDER = Path(__file__).parent / "console"
ADMIN_FOLDER = FOLDER / "admin"

TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

#: What a page answers with; 304 where the browser has it already.
HTML: Mapping[int, str | None] = {200: "text/html", 304: None}


@dataclass(frozen=True)
class File:
    data: bytes
    media_type: str
    etag: str
    policy: str

    def serve(self, req: Request, resp: Response, cache: str) -> None:
        resp.set_header("Content-Security-Policy", self.policy)
        resp.set_header("Cache-Control", cache)
        resp.etag = self.etag
        if req.if_none_match and any(tag == self.etag for tag in req.if_none_match):
            resp.status = falcon.HTTP_304
            return
        resp.content_type = self.media_type
        resp.data = self.data


def page_policy(relay: str) -> str:
    """For our pages: our own files, our own API, the relay, keys that are pictures. Nothing inline, no other host."""
    address = urlsplit(relay)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        f" connect-src 'self' {address.scheme}://{address.netloc};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def read_folder(relay: str, folder: Path = FOLDER, shop: str = "") -> dict[str, File]:
    """{name: file} of the files that lie directly in `folder` and that browsers know; they may talk to `relay`.

    Pages get the shop's name where they say `{{ shop }}`.
    """
    found = {}
    policy = page_policy(relay)
    for path in sorted(folder.iterdir()):
        if path.suffix in TYPES and path.is_file():
            data = path.read_bytes()
            if path.suffix == ".html":
                data = data.replace(b"{{ shop }}", _as_text(shop))
            found[path.name] = File(data, TYPES[path.suffix], hashlib.sha256(data).hexdigest()[:16], policy)
    return found


def _as_text(name: str) -> bytes:
    """Text in a page, whatever it holds; no `$` either, which would be a name to those pages that are templates."""
    return html.escape(name).replace("$", "&#36;").encode()


class Page:
    """One page at one address."""

    def __init__(self, file: File) -> None:
        self._file = file

    @describe("A page", who="anyone", tag="pages", answers=HTML, refusals=[])
    def on_get(self, req: Request, resp: Response) -> None:
        self._file.serve(req, resp, "no-cache")


class OrderPage(Page):
    """The buyer's page. The same bytes for every id: what it shows, it asks for with the token of its fragment."""

    @describe("An order's page", who="anyone", tag="pages", answers=HTML, refusals=[])
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:  # type: ignore[override]
        super().on_get(req, resp)


class ConsolePage(Page):
    """The operators' page. The same bytes for every view of it: what it shows, it asks for with its session."""

    @describe("The operators' page", who="anyone", tag="pages", answers=HTML, refusals=[])
    def on_get(self, req: Request, resp: Response, view: str = "") -> None:
        super().on_get(req, resp)


class Assets:
    """Style sheets and scripts."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = {name: file for name, file in files.items() if not name.endswith(".html")}

    @describe(
        "A style sheet, script or picture",
        who="anyone",
        tag="pages",
        answers={200: "text/css, text/javascript, image/svg+xml", 304: None},
        refusals=[404],
    )
    def on_get(self, req: Request, resp: Response, name: str) -> None:
        file = self._files.get(name)
        if file is None:
            raise not_found()
        file.serve(req, resp, "no-cache")
