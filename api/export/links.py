"""What an answer links to, and the file in which an address is kept so that a plain web server finds it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urldefrag, urljoin

from api.export.asking import Answer

HTML = "text/html"
FOLDERS = (HTML, "application/link-format")
"""Types whose addresses have no extension: kept as folders with an `index.html`, since others may lie below them."""
_IN_HEADER = re.compile(r"<([^<>]*)>")
LISTS = ("application/xml", "application/atom+xml", "application/feed+json", "application/link-format", "text/plain")
"""Types of data in which an address is a link. In graphs it may be no more than a name."""


class UnfitAddress(ValueError):
    """An address that no file can stand for."""


def links(answer: Answer, base: str) -> set[str]:
    """Give the addresses of the same site that an answer names, without question or fragment."""
    named = [*_IN_HEADER.findall(answer.headers.get("link", "")), *_in_body(answer, base)]
    full = (urldefrag(urljoin(base + answer.address, link)).url.partition("?")[0] for link in named)
    return {quote(unquote(link.removeprefix(base))) or "/" for link in full if link == base or link.startswith(f"{base}/")}


def _in_body(answer: Answer, base: str) -> Iterator[str]:
    kind = answer.media_type.partition(";")[0]
    if kind == HTML:
        page = _Page()
        page.feed(answer.body.decode())
        yield from page.links
    elif kind in LISTS:
        yield from re.findall(re.escape(base) + r"/[\w./~%:@+-]*(?=[\"'<>\s?#]|$)", answer.body.decode())


class _Page(HTMLParser):
    """Collects what a page links to; where a form leads is no address."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in ("href", "src") and value]


def file_of(address: str, media_type: str) -> str:
    """
    Give the name of the file of an address, relative to the folder of the export.

    Raises: UnfitAddress for what would lie outside of it.
    """
    name = unquote(address).removeprefix("/")
    if media_type.startswith(FOLDERS):
        name = f"{name.removesuffix('/')}/index.html".removeprefix("/")
    if any(part in ("", ".", "..") for part in name.split("/")) or not name.isprintable() or "\\" in name:
        raise UnfitAddress(f"no file can stand for the address {address!r}")
    return name
