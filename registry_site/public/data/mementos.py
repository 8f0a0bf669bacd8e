"""
Earlier states of the list and its entries, found by date as RFC 7089 says.

Every address of the list or an entry is its own gate: with `Accept-Datetime` it leads to itself with `known_at`. What is found there is a memento,
the state at the end of a day on which something changed; it says when that was, and which are its neighbours. A day that is not over has none yet.
"""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from domain.law.periods import start_of
from registry_site.public.asked import MOST_PARAMETERS, BadQuestion, another_day
from registry_site.public.data.room import Room, kept
from registry_site.public.desk import NOT_KEPT, NotOnTheList
from registry_site.ui.languages import in_every_language

LINK_FORMAT = "application/link-format"
VARIES = {"vary": "Accept, Accept-Datetime, Accept-Encoding"}
ONE_DAY, ONE_SECOND = timedelta(days=1), timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Original:
    """An address that has mementos: its path, what else is asked of it, and the entry it is about, if it is about one."""

    address: str
    path: str
    asked: tuple[tuple[str, str], ...] = ()
    list_id: str | None = None

    def at(self, day: date | None = None) -> str:
        """Give the address itself, or that of its memento of a day."""
        asked = [*self.asked, ("known_at", day.isoformat())] if day else self.asked
        return f"{self.address}{self.path}" + (f"?{urlencode(asked)}" if asked else "")

    @property
    def timemap(self) -> str | None:
        """Give the address of the list of all its mementos; only a page in English with nothing else asked of it has one."""
        pages = {"/": "/timemap", f"/entries/{self.list_id}": f"/timemap/entries/{self.list_id}"}
        return f"{self.address}{pages[self.path]}" if self.path in pages and not self.asked else None


def end_of(day: date) -> datetime:
    """Give the last second of a day in Brussels, the time of its memento."""
    return start_of(day + ONE_DAY).astimezone(UTC) - ONE_SECOND


def http_date(moment: datetime) -> str:
    """Write an instant as HTTP writes it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


# -- Links -------------------------------------------------------------------------


def links(original: Original, days: Sequence[date], at: datetime | None = None) -> str:
    """Write the links of an address; with `at`, of its memento of that time, with its neighbours among the days that have one."""
    timemap = [f'<{original.timemap}>; rel="timemap"; type="{LINK_FORMAT}"'] if original.timemap else []
    found = _neighbours(days, at) if at else _ends(days)
    return ", ".join([f'<{original.at()}>; rel="original timegate"', *timemap, *(_memento(original, day, rel) for day, rel in found)])


def _memento(original: Original, day: date, rel: str) -> str:
    return f'<{original.at(day)}>; rel="{rel}memento"; datetime="{http_date(end_of(day))}"'


def _ends(days: Sequence[date]) -> Iterable[tuple[date, str]]:
    return _named({"first": days[0], "last": days[-1]}) if days else ()


def _neighbours(days: Sequence[date], at: datetime) -> Iterable[tuple[date, str]]:
    if not days:
        return ()
    before, after = bisect_left(days, at, key=end_of), bisect_right(days, at, key=end_of)
    found = {"first": days[0], "prev": days[before - 1] if before else None, "next": days[after] if after < len(days) else None, "last": days[-1]}
    return _named(found)


def _named(found: dict[str, date | None] | dict[str, date]) -> Iterable[tuple[date, str]]:
    """Give each day once, with all that it is."""
    for day in sorted({day for day in found.values() if day}):
        yield day, "".join(f"{name} " for name, each in found.items() if each == day)


def timemap(original: Original, days: Sequence[date]) -> bytes:
    """Write every memento of an address, in the form of RFC 6690."""
    span = f'; from="{http_date(end_of(days[0]))}"; until="{http_date(end_of(days[-1]))}"' if days else ""
    place = {**dict.fromkeys(days, ""), **dict(_ends(days))}
    lines = [
        f'<{original.at()}>; rel="original timegate"',
        f'<{original.timemap}>; rel="self"; type="{LINK_FORMAT}"{span}',
        *(_memento(original, day, rel) for day, rel in place.items()),
    ]
    return (",\n".join(lines) + "\n").encode()


def timemap_data(room: Room, request: Request) -> Response:
    """Give the mementos of the list, or of one entry."""
    room.question(request)
    list_id = request.path_params.get("list_id")
    days = room.snapshots.change_days(list_id)
    if list_id and not days:
        raise NotOnTheList
    original = Original(room.address, f"/entries/{list_id}" if list_id else "/", list_id=list_id)
    return kept(timemap(original, [day for day in days if day < room.today()]), LINK_FORMAT)


# -- The gate ----------------------------------------------------------------------


class Mementos:
    """ASGI middleware around the address of the list or an entry: the gate to its mementos, and what a memento says of itself."""

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self._app = app
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lead to a memento, or pass the request on and say what was found."""
        try:
            asked = parse_qsl(scope["query_string"].decode("ascii"), max_num_fields=MOST_PARAMETERS)
        except ValueError:
            await self._app(scope, receive, send)  # which says what is wrong with it
            return
        original = _original(self._room, scope, asked)
        wished = Headers(scope=scope).get("accept-datetime")
        if wished is not None and "known_at" not in dict(asked):
            response = await asyncio.to_thread(self._gate, original, wished)
            await response(scope, receive, send)
            return
        known = next((text for name, text in asked if name == "known_at"), "")
        said = await asyncio.to_thread(self._said, original, known) if known else {"link": links(original, ())}

        async def send_with_links(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = MutableHeaders(raw=list(message["headers"]))
                for name, value in said.items():
                    headers[name] = f"{headers[name]}, {value}" if name in headers else value
                message = {**message, "headers": headers.raw}
            await send(message)

        await self._app(scope, receive, send_with_links)

    def _gate(self, original: Original, wished: str) -> Response:
        """Lead to the last memento that is not later than wished; to the first, where all are."""
        try:
            moment = parsedate_to_datetime(wished)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            detail = "Accept-Datetime is no date as HTTP writes it, for example: Tue, 31 Mar 2026 12:00:00 GMT."
            return problem(400, detail, headers=VARIES, choices=["Tue, 31 Mar 2026 12:00:00 GMT"])
        days = self._days(original)
        if not days:
            return problem(404, "There is no earlier state yet. Leave Accept-Datetime away for the current one.", headers=VARIES)
        day = days[max(0, bisect_right(days, moment, key=end_of) - 1)]
        return RedirectResponse(original.at(day).removeprefix(original.address), 302, {**VARIES, **NOT_KEPT, "link": links(original, days)})

    def _said(self, original: Original, known: str) -> dict[str, str]:
        """Say of a memento which it is, and where its neighbours are."""
        try:
            day = another_day({"known_at": known}, self._room.now())
        except BadQuestion:
            return {}
        if day.when.known_at is None:
            return {"link": links(original, ())}
        at = day.when.known_at.astimezone(UTC).replace(microsecond=0)
        return {"memento-datetime": http_date(at), "link": links(original, self._days(original), at)}

    def _days(self, original: Original) -> list[date]:
        today = self._room.today()
        return [day for day in self._room.snapshots.change_days(original.list_id) if day < today]


def _original(room: Room, scope: Scope, asked: list[tuple[str, str]]) -> Original:
    others = tuple((name, text) for name, text in asked if name != "known_at")
    return Original(room.address, quote(scope["path"]), others, scope["path_params"].get("list_id"))


HAVE_MEMENTOS = frozenset(
    [*in_every_language("/"), *in_every_language("/entries/{list_id}"), "/list.{form}", "/list.csv-metadata.json", "/entries/{list_id}.{form}"]
)


def with_mementos(routes: Iterable[BaseRoute], room: Room) -> list[BaseRoute]:
    """Put the gate around the routes of the list and of its entries."""
    found = list(routes)
    for route in found:
        if isinstance(route, Route) and route.path in HAVE_MEMENTOS:
            route.app = Mementos(route.app, room)
    return found
