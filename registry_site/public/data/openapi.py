"""
The data addresses described for programs: OpenAPI 3.1, made from what the routes themselves know.

Forms and media types are those that the answers are written in, summaries what the functions say that answer, fields those of the list.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.problems import MEDIA_TYPE as PROBLEM
from registry_site.public.asked import parameters
from registry_site.public.data import feeds, mementos, pages, small_files
from registry_site.public.data.card import FORM_NAMES, LICENCE_NAME
from registry_site.public.data.fold import description
from registry_site.public.data.forms import canonical
from registry_site.public.data.lists import CSV_METADATA, CSVW, ENTRY_FORMS, JSON, JSON_LD, LIST_FORMS, list_metadata
from registry_site.public.data.negotiation import forms_of
from registry_site.public.data.question import TIMES
from registry_site.public.data.room import Room, kept
from registry_site.public.data.schemas import TEXT, Schema, ref, schemas
from registry_site.public.front import KINDS

ADDRESS = "/openapi.json"
LIST_ASKED = (*TIMES, "include_removed")
STRAIGHT = {JSON_LD: ref("Graph"), CSVW: ref("ColumnDescriptions"), feeds.JSON_FEED: ref("JSONFeed")}
"""What answers of a media type hold, where that is always the same."""
BYTES: dict[str, Schema] = {"application/octet-stream": {}}


@dataclass(frozen=True, slots=True)
class Place:
    """An address: what it gives, in which media types, what that holds, what can be asked of it, and what it belongs to."""

    path: str
    gives: str
    holds: dict[str, Schema]
    asked: tuple[str, ...] = ()
    tag: str = "descriptions"

    @property
    def named(self) -> list[str]:
        """Give what the path leaves open."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def negotiated(self) -> bool:
        """Tell whether the form is chosen by `Accept`."""
        return len(self.holds) > 1

    @property
    def prepared(self) -> bool:
        """Tell whether the answer is one that is kept ready, under a tag of its own."""
        return self.tag != "log" and all(kind.encode() in KINDS for kind in self.holds)

    @property
    def has_mementos(self) -> bool:
        """Tell whether earlier states are found by `Accept-Datetime`."""
        return "known_at" in self.asked


def openapi(room: Room, request: Request) -> Response:
    """Describe the data addresses."""
    parameters(request.scope["query_string"], ())
    said = description(room.questions.state().demonstration)
    return kept(canonical(document(room.address, said, room.first_day())), JSON)


def document(address: str, said: dict[str, str], first_day: date | None) -> dict[str, Any]:
    """Give the description of a register at an address, with the day of its first entry as the example of a day."""
    return {
        "openapi": "3.1.0",
        "info": {"title": said["title"], "version": "1", "summary": said["notice"], "description": PREFACE, "license": _LICENCE},
        "servers": [{"url": address or "/"}],
        "externalDocs": {"url": f"{address}/data", "description": "The same in words"},
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": {place.path: {"get": _operation(place)} for place in places()},
        "components": {
            "schemas": schemas(),
            "parameters": _parameters(first_day),
            "headers": {name: {"description": text, "schema": TEXT} for name, text in HEADERS.items()},
            "responses": _responses(),
        },
    }


# -- Addresses ---------------------------------------------------------------------


def places() -> Iterable[Place]:
    """Give every address."""
    yield Place("/", "The list, in the form that `Accept` likes best.", _negotiated("/", "List"), LIST_ASKED, "list")
    yield from (
        Place(f"/list.{form}", f"The list as {FORM_NAMES[form]}.", _holds(kind, "List"), LIST_ASKED, "list") for form, kind in LIST_FORMS.items()
    )
    yield Place(CSV_METADATA, _first_line(list_metadata), _holds(CSVW), LIST_ASKED, "list")
    one = "/entries/{list_id}"
    yield Place(
        one, "An entry with its history, in the form that `Accept` likes best.", _negotiated("/entries/1", "EntryWithHistory"), TIMES, "entries"
    )
    yield from (
        Place(f"{one}.{form}", f"An entry with its history as {FORM_NAMES[form]}.", _holds(kind, "EntryWithHistory"), TIMES, "entries")
        for form, kind in ENTRY_FORMS.items()
    )
    yield from _of_the_changes()
    yield from _of_the_site()
    yield from _of_the_log()


def _of_the_changes() -> Iterable[Place]:
    for path in ("/timemap", "/timemap/entries/{list_id}"):
        yield Place(path, _first_line(mementos.timemap_data), _holds(mementos.LINK_FORMAT), tag="changes")
    for kind, form, newest in ((feeds.ATOM, "atom", feeds.atom), (feeds.JSON_FEED, "json", feeds.json_feed)):
        yield Place(f"/feed.{form}", _first_line(newest), _holds(kind), tag="changes")
        yield Place(f"/feed/{{number}}.{form}", "A complete page of a hundred changes, numbered from the oldest.", _holds(kind), tag="changes")


def _of_the_site() -> Iterable[Place]:
    for path, answer, media_type, holds in (
        (ADDRESS, openapi, JSON, {"type": "object"}),
        ("/catalog.jsonld", pages.catalogue_json_ld, JSON_LD, None),
        ("/catalog.ttl", pages.catalogue_turtle, LIST_FORMS["ttl"], None),
        ("/datapackage.json", pages.package, JSON, ref("DataPackage")),
        ("/data/fold.py", pages.fold_file, pages.PYTHON, None),
        (pages.WEBHOOK_KEYS, pages.webhook_keys, small_files.TEXT, None),
        ("/sitemap.xml", small_files.sitemap, small_files.XML, None),
        ("/sitemap/{number}.xml", small_files.part_of_sitemap, small_files.XML, None),
        ("/robots.txt", small_files.robots, small_files.TEXT, None),
        ("/.well-known/security.txt", small_files.security, small_files.TEXT, None),
    ):
        yield Place(path, _first_line(answer), {media_type.partition(";")[0]: holds} if holds else _holds(media_type))


def _of_the_log() -> Iterable[Place]:
    """Give the addresses of the log, as C2SP tlog-tiles names them; a number above 999 has a folder for each three digits before the last."""
    text, more = _holds("text/plain"), "of 1,000 and more: `x001/234` for 1234"
    tile, bundle = "/log/tile/{level}/{tile}", "/log/tile/entries/{tile}"
    for path, gives, holds in (
        ("/log/checkpoint", "The last checkpoint, signed and cosigned (c2sp.org/tlog-checkpoint).", text),
        ("/log/key", "The verifier key of the log.", text),
        ("/log/keys", "Every verifier key that ever signed, a line each, the one in use first.", text),
        ("/log/policy", "The log, its witnesses and the quorum (c2sp.org/tlog-policy).", text),
        (tile, f"A full tile of 256 hashes (c2sp.org/tlog-tiles); {more}.", BYTES),
        (f"{tile}.p/{{width}}", "The first hashes of a tile, as many as `width`.", BYTES),
        (bundle, f"A full bundle of 256 entries, each after its length in two bytes; {more}.", BYTES),
        (f"{bundle}.p/{{width}}", "The first entries of a bundle, as many as `width`.", BYTES),
        ("/log/entry/{index}", "An entry of the log, the very bytes that were hashed.", {JSON: ref("LogEntry")}),
        ("/log/receipt/{index}.tlog-proof", "The proof that an entry stands in the log (c2sp.org/tlog-proof).", text),
        ("/log/receipt/{index}.spicy", "The same proof in the form of the tool `spicy`.", text),
    ):
        yield Place(path, gives, holds, tag="log")


def _holds(media_type: str, of_json: str = "") -> dict[str, Schema]:
    kind = media_type.partition(";")[0]
    return {kind: ref(of_json) if kind == JSON else STRAIGHT.get(kind, TEXT)}


def _negotiated(path: str, of_json: str) -> dict[str, Schema]:
    return {kind: holds for each in forms_of(path) for kind, holds in _holds(each, of_json).items()}


def _first_line(answer: Callable[..., Any]) -> str:
    return (answer.__doc__ or "").strip().partition("\n")[0]


# -- What is asked and answered --------------------------------------------------------

PREFACE = """\
Every address answers GET and HEAD to anybody, without a key. Add `valid_at` for the list as it stood on a day, `known_at` for what the register said
then. Answers have an ETag; the list and its entries name the entries of the public log that they follow from. There is a public GraphQL too:
`/graphql/schema.graphql`."""
_LICENCE = {"name": "Creative Commons Attribution 4.0", "identifier": LICENCE_NAME}
TAGS = {
    "list": "The list of Article 52(6) at any pair of times.",
    "entries": "One entry with its history at any pair of times.",
    "changes": "What happened, and which days have a state of their own (RFC 7089).",
    "descriptions": "What describes the data and the site to programs.",
    "log": "The public log that the list follows from (C2SP tlog-tiles).",
}
DAY_OR_INSTANT = r"^(\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2}))?)?$"  # what is left empty counts as not given
IN_PATH = {
    "list_id": ("[1-9][0-9]{0,8}", "Number of an entry in the list's own sequence."),
    "number": ("[1-9][0-9]{0,8}", "Number of a page, from 1."),
    "level": ("([0-9]|[1-5][0-9])", "Level of a tile, from 0."),
    "tile": ("[0-9]{3}", "Number of a tile or bundle, from 000."),
    "width": ("([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])", "How many, from 1 to 255."),
    "index": ("(0|[1-9][0-9]{0,17})", "Place in the log, from 0."),
}
HEADERS = {
    "ETag": "Stands for these bytes; ask again with `If-None-Match`.",
    "Last-Modified": "Since when the answer is as it is, from the day after the last change on.",
    "Cache-Control": "How long the answer may be kept.",
    "Link": "Licence and, where there are, earlier states (`original`, `timegate`, `timemap`, `memento`).",
    "Memento-Datetime": "The time of the state that was asked for by `known_at` (RFC 7089).",
    "Content-Location": "The address of the form that was chosen.",
    "Location": "The state of the time that was asked for.",
    "Vary": "By what the answer is chosen.",
}


NOT_ASKED = "What is asked cannot be read, or is not asked here; `choices` says what can be."
_PAGE: dict[str, Any] = {"text/html": {"schema": TEXT}}


def _operation(place: Place) -> dict[str, Any]:
    asked = [*place.named, *place.asked, *(["Accept-Datetime"] if place.has_mementos else [])]
    log = place.tag == "log"
    headers = ["Cache-Control", *([] if log else ["Link"]), *(["ETag"] if place.prepared else [])]
    headers += ["Last-Modified", "Memento-Datetime", "Vary"] if place.has_mementos else []
    headers += ["Content-Location"] if place.negotiated else []
    good = {"description": place.gives, "headers": _headers(*headers), "content": {kind: {"schema": holds} for kind, holds in place.holds.items()}}
    others = [*([] if log else ["400-or-a-page" if place.negotiated else "400"]), *(["304"] if place.prepared else [])]
    others += ["302"] if place.has_mementos else []
    others += ["406"] if place.negotiated else []
    others += ["404-of-the-log" if log else "404"] if log or place.named or place.has_mementos or place.path == pages.WEBHOOK_KEYS else []
    return {
        "operationId": re.sub(r"\W+", "_", place.path).strip("_") or "list",
        "tags": [place.tag],
        "summary": place.gives,
        "parameters": [_ref("parameters", name) for name in asked],
        "responses": {"200": good, **{name[:3]: _ref("responses", name) for name in sorted(others)}},
    }


def _parameters(first_day: date | None) -> dict[str, Any]:
    example = {"example": first_day.isoformat()} if first_day else {}
    time = {"in": "query", "schema": {**TEXT, "pattern": DAY_OR_INSTANT}, **example}
    return {
        **{
            name: {"name": name, "in": "path", "required": True, "description": means, "schema": {**TEXT, "pattern": f"^{pattern}$"}}
            for name, (pattern, means) in IN_PATH.items()
        },
        "valid_at": {**time, "name": "valid_at", "description": "The list as it stood on this day in Brussels; today without it."},
        "known_at": {**time, "name": "known_at", "description": "As the register said it then; a day means its end in Brussels. Now without it."},
        "include_removed": {
            "name": "include_removed",
            "in": "query",
            "schema": {"type": "boolean", "default": False},
            "description": "With removed entries.",
        },
        "Accept-Datetime": {
            "name": "Accept-Datetime",
            "in": "header",
            "schema": TEXT,
            "example": "Tue, 31 Mar 2026 12:00:00 GMT",
            "description": "Leads to the last state that is not later (RFC 7089); where `known_at` is given, it is not heeded.",
        },
    }


def _responses() -> dict[str, Any]:
    return {
        "302": {"description": "The state of the time that was asked for is there.", "headers": _headers("Location", "Link", "Vary")},
        "304": {"description": "Nothing has changed.", "headers": _headers("ETag", "Cache-Control")},
        "400": _problem(NOT_ASKED),
        "400-or-a-page": _problem(NOT_ASKED, _PAGE),
        "404": _problem("There is no such entry or form; `choices` says which there are.", _PAGE),
        "404-of-the-log": {"description": "The published log has nothing at this address.", "content": {"text/plain": {"schema": TEXT}, **_PAGE}},
        "406": _problem("None of the media types in `Accept` is one of ours; `choices` names those."),
    }


def _problem(text: str, others: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    return {"description": text, "content": {PROBLEM: {"schema": ref("Problem")}, **others}}


def _headers(*names: str) -> dict[str, Any]:
    return {name: _ref("headers", name) for name in names}


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
