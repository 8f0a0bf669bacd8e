"""Files that programs look for by name: the map of the site, what crawlers may read, whom to tell about a hole."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import Response

from projections.public.questions import When
from registry_site.public.asked import parameters
from registry_site.public.data.room import NoSuchForm, Room, kept
from registry_site.ui.languages import NAMES, SOURCE, address_in

XML = "application/xml"
TEXT = "text/plain; charset=utf-8"
PER_MAP = 3_000
"""Pages in one map: with every language, and each naming all, that is some five megabytes; the protocol allows fifty."""
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
NOT_FOR_CRAWLERS = ("/workbench/", "/audit/", "/sign-in", "/staff/", "/api/", "/graphql")
SECURITY_TXT_HOLDS = timedelta(days=180)  # less than a year, as RFC 9116 advises

Place = tuple[str, date | None]


def sitemap(room: Room, request: Request) -> Response:
    """Name the maps of the site, each with as many addresses as one may have."""
    parameters(request.scope["query_string"], ())
    maps = range(1, -(-len(_places(room)) // PER_MAP) + 1)
    found = ElementTree.Element("sitemapindex", {"xmlns": SITEMAP})
    for number in maps:
        ElementTree.SubElement(ElementTree.SubElement(found, "sitemap"), "loc").text = f"{room.address}/sitemap/{number}.xml"
    return kept(_xml(found), XML)


def part_of_sitemap(room: Room, request: Request) -> Response:
    """Give one map: the pages, and every entry that the list ever had, in every language."""
    parameters(request.scope["query_string"], ())
    number = request.path_params["number"]
    places = _places(room)
    part = places[(number - 1) * PER_MAP : number * PER_MAP] if number else ()
    if not part:
        raise NoSuchForm({"maps": "/sitemap.xml"})
    found = ElementTree.Element("urlset", {"xmlns": SITEMAP, "xmlns:xhtml": XHTML})
    for path, changed_on in part:
        _add(found, room.address, path, changed_on)
    return kept(_xml(found), XML)


def _places(room: Room) -> Sequence[Place]:
    found = room.snapshots.snapshot(When(), room.published(), include_removed=True)
    entries = [(f"/entries/{entry.list_id}", entry.changed_on) for entry in found.entries]
    return [*((path, None) for path in room.site.pages), *entries]


def _add(found: ElementTree.Element, address: str, path: str, changed_on: date | None) -> None:
    """Add a page once in each language, every time with all its languages."""
    languages = {language: address + address_in(language, path) for language in NAMES}
    for each in languages.values():
        place = ElementTree.SubElement(found, "url")
        ElementTree.SubElement(place, "loc").text = each
        if changed_on:
            ElementTree.SubElement(place, "lastmod").text = changed_on.isoformat()
        for language, other in [*languages.items(), ("x-default", languages[SOURCE])]:
            ElementTree.SubElement(place, "xhtml:link", {"rel": "alternate", "hreflang": language, "href": other})


def _xml(found: ElementTree.Element) -> bytes:
    body: bytes = ElementTree.tostring(found, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def robots(room: Room, request: Request) -> Response:
    """Let crawlers read what is public, and keep them from what is not for them."""
    parameters(request.scope["query_string"], ())
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_CRAWLERS), "", f"Sitemap: {room.address}/sitemap.xml", ""]
    return kept("\n".join(lines).encode(), TEXT)


def security(room: Room, request: Request) -> Response:
    """Say whom to tell about a hole (RFC 9116); the file holds for half a year from the legal day."""
    parameters(request.scope["query_string"], ())
    expires = datetime.combine(room.today() + SECURITY_TXT_HOLDS, time(), tzinfo=UTC)
    lines = [
        f"Contact: {room.site.contact}",
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: en",
        f"Canonical: {room.address}/.well-known/security.txt",
        "",
    ]
    return kept("\n".join(lines).encode(), TEXT)
