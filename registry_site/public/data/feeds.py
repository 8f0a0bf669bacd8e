"""
The changes of the list as feeds: Atom with archive documents (RFC 4287, RFC 5005) and JSON Feed.

The feed and its archives together are every change that was ever published, so whoever follows them misses none. Each entry leads to its receipt.
"""

import re
from datetime import date
from typing import Any
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import Response

from domain.law.periods import start_of
from projections.public.questions import Change
from registry_site.public.asked import parameters
from registry_site.public.data.card import NAME
from registry_site.public.data.corrections import corrected_by, receipt, told_change
from registry_site.public.data.fold import LICENCE, description
from registry_site.public.data.forms import canonical
from registry_site.public.data.news import News, complete_page, following, newest, summary_of, title_of
from registry_site.public.data.room import NoSuchForm, Room, kept

ATOM = "application/atom+xml"
JSON_FEED = "application/feed+json"
RECEIPT = "https://c2sp.org/tlog-proof"
"""The relation of a change to the proof that it stands in the log: the name of the format that it has."""
BEFORE_ALL = date(2024, 8, 1)
"""The day on which the Regulation entered into force (Article 113): a feed without entries must be dated too."""
_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

Element = ElementTree.Element


def atom(room: Room, request: Request) -> Response:
    """Give the newest changes as Atom."""
    parameters(request.scope["query_string"], ())
    return _atom(room, newest(room))


def json_feed(room: Room, request: Request) -> Response:
    """Give the newest changes as JSON Feed."""
    parameters(request.scope["query_string"], ())
    return _json(room, newest(room))


def archive(room: Room, request: Request) -> Response:
    """Give a complete page of changes, in the form that the address ends with."""
    parameters(request.scope["query_string"], ())
    number, form = request.path_params["number"], request.path_params["form"]
    if form not in ("atom", "json") or not _NUMBER.fullmatch(number):
        raise NoSuchForm({ATOM: "/feed.atom", JSON_FEED: "/feed.json"})
    found = complete_page(room, int(number), f"/feed.{form}")
    return _atom(room, found) if form == "atom" else _json(room, found)


def address_of(room: Room, archive: int | None, form: str) -> str:
    """Give the address of a page of a feed."""
    return f"{room.address}/feed.{form}" if archive is None else f"{room.address}/feed/{archive}.{form}"


def moment(day: date) -> str:
    """Write a day as the instant it begins in Brussels, for a form that knows no days."""
    return start_of(day).isoformat()


# -- Atom --------------------------------------------------------------------------


def _atom(room: Room, news: News) -> Response:
    said = description(room.questions.state().demonstration)
    own = address_of(room, news.archive, "atom")
    feed = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xmlns:fh": "http://purl.org/syndication/history/1.0", "xml:lang": "en"})
    _text(feed, "id", address_of(room, None, "atom"))
    _text(feed, "title", said["title"])
    _text(feed, "subtitle", said["notice"])
    _text(feed, "updated", moment(news.changes[0].on if news.changes else BEFORE_ALL))
    _text(ElementTree.SubElement(feed, "author"), "name", NAME)
    _text(feed, "rights", f"{said['notice']} {LICENCE}")
    for rel, address in {"self": own, "license": LICENCE, **_pages(room, news)}.items():
        ElementTree.SubElement(feed, "link", {"rel": rel, "href": address})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": f"{room.address}/changes"})
    if news.archive is not None:
        ElementTree.SubElement(feed, "fh:archive")
    feed.extend(_entry(room, change, news) for change in news.changes)
    body: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return kept(body + b"\n", ATOM, room.dated(news.known))


def _pages(room: Room, news: News) -> dict[str, str]:
    """Give the links of RFC 5005, section 4."""
    found = {"prev-archive": news.older, "next-archive": news.newer}
    pages = {rel: address_of(room, number, "atom") for rel, number in found.items() if number}
    return pages | ({"current": address_of(room, None, "atom")} if news.archive is not None else {})


def _entry(room: Room, change: Change, news: News) -> Element:
    entry = Element("entry")
    _text(entry, "id", id_of(room, change.leaf))
    _text(entry, "title", title_of(change))
    _text(entry, "updated", moment(change.on))
    _text(entry, "published", moment(change.on))
    _text(entry, "summary", summary_of(change))
    ElementTree.SubElement(entry, "category", {"term": change.kind, "scheme": f"{room.address}/data#kind"})
    page = f"{room.address}/entries/{change.list_id}"
    for link in (
        {"rel": "alternate", "type": "text/html", "href": page},
        {"rel": "related", "type": "application/json", "href": f"{page}.json"},
        *([{"rel": RECEIPT, "type": "text/plain", "href": room.address + receipt(change)}] if news.logged else []),
        *_corrections(room, change, news),
    ):
        ElementTree.SubElement(entry, "link", link)
    return entry


def _corrections(room: Room, change: Change, news: News) -> list[dict[str, str]]:
    """Link a correction to the change whose misprint it puts right, and that change to its corrections."""
    joined = [("corrects", news.pairs.get(change.number)), *(("corrected_by", number) for number in corrected_by(news.pairs).get(change.number, []))]
    places = {each: room.questions.changes(None, None, first=1, after=each - 1)[0].leaf for _, each in joined if each}
    return [{"rel": f"{room.address}/data#{rel}", "href": id_of(room, places[number])} for rel, number in joined if number]


def id_of(room: Room, leaf: int) -> str:
    """Name a change for ever, by the entry of the log that says it."""
    return f"{room.address}/log/entry/{leaf}"


def _text(parent: Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = _NOT_IN_XML.sub("\ufffd", text)


# -- JSON Feed ---------------------------------------------------------------------


def _json(room: Room, news: News) -> Response:
    said = description(room.questions.state().demonstration)
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": said["title"],
        "description": said["notice"],
        "home_page_url": f"{room.address}/changes",
        "feed_url": address_of(room, news.archive, "json"),
        "language": "en",
        "authors": [{"name": NAME}],
        "_register": {"about": f"{room.address}/data", "licence": said["licence"], "legal_act": said["legal_act"]},
        "items": [_item(room, change, news) for change in news.changes],
    }
    return kept(canonical(feed | ({"next_url": address_of(room, news.older, "json")} if news.older else {})), JSON_FEED, room.dated(news.known))


def item_after(room: Room, number: int) -> dict[str, Any] | None:
    """Give the change after a number as the feed has it; None while the published log covers none."""
    found = following(room, number)
    return _item(room, found.changes[0], found) if found.changes else None


def _item(room: Room, change: Change, news: News) -> dict[str, Any]:
    told = {"about": f"{room.address}/data", **told_change(change, news.pairs)}
    if not news.logged:
        del told["receipt"]
    return {
        "id": id_of(room, change.leaf),
        "url": f"{room.address}/entries/{change.list_id}",
        "title": title_of(change),
        "content_text": summary_of(change),
        "date_published": moment(change.on),
        "tags": [change.kind],
        "_register": told,
    }
